"""Is it luck? Walk-forward, the overfit gate, lookahead analysis and calibration of confidence."""
