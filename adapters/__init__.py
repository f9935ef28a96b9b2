"""Border to the outside: Bybit itself and a simulated Bybit."""
