"""The demo: a coffee roaster's shop that does not exist, and a month of people who visit it."""
