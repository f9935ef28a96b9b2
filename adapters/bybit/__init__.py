"""Nautilus's own Bybit clients, with their known traps closed, and pybit for everything outside the hot path."""
