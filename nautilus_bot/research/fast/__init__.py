"""Fast simulation: the strategies' own kernels, compiled, and what the node does with their signals."""
