"""The backtest as a product: run it, count what the journal says, show it."""
