"""The map over the page, in the browser: one page and its scripts, which use nothing but the public API."""
