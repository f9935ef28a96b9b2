"""Peers of this project, each in a throw-away environment: none is ever a dependency."""
