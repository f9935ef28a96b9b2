"""Inference about backtests: how much of a result is luck. Formulas and sources in ``docs/validation.md``."""
