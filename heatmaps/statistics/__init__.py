"""Numbers of two sides: what differs between them, and whether by more than chance. Knows no Django and no SQL."""
