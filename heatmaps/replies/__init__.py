"""From an answer to the bytes of a reply."""
