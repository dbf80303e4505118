"""The metadata database: its connections, and the secrets that are kept in it."""
