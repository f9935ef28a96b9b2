"""What every part may import: messages, errors, ids, units, clocks. Knows nobody."""
