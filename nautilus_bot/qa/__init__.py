"""Rehearsals: injected signals, scenarios and their reports."""
