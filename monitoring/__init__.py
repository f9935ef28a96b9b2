"""Monitoring watches: readers of events, never in the hot path."""
