"""The Model Context Protocol: the questions of the register as tools of an agent."""
