"""The control panel: a reader of the event catalog and of the control API, never of the engine."""
