"""What every request passes before and after the framework looks at it."""
