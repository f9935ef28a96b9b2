"""The application: backtest, optimise, paper and live trading on Bybit, one node in every mode."""
