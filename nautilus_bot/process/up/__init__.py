"""A bot and all that watches it, brought up and taken down as one."""
