"""Risk disposes: a chain of rules behind Nautilus's own RiskEngine, the same in every mode."""
