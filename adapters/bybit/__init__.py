"""Nautilus's own Bybit clients, their known traps closed, and pybit for everything outside the hot path."""
