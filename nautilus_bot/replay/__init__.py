"""Replay a recorded run with the same node: the same inputs must give the same decisions."""
