"""From query parameters to a question."""
