"""What must be right on this machine before the bot runs on it, checked one by one."""
