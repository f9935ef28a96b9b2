"""The bot as a process: pid file, start, stop, status, watchdog."""
