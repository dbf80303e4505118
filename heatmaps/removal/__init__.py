"""Removing what is kept, on the disk and not only from the answers."""
