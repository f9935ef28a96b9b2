"""The event catalog: every signal, verdict, order and fill as an ordered, verified entry."""
