"""Market data: instruments, candles, the data catalog, the synthetic market."""
