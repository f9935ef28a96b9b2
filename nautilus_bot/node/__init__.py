"""The composition root: what differs per mode, and the one way everything is wired."""
