"""Jobs on history: backtest, fast simulation, optimisation, validation."""
