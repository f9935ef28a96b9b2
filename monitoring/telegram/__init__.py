"""Telegram beside a bot: it follows the journal, tells what happened, and hands on an operator's commands."""
