"""Strategies propose: six signal strategies over one base, each decision a pure kernel."""
