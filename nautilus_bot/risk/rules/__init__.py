"""One rule a file; ``table.RULES`` is their order."""
