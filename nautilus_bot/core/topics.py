"""Message-bus topics of this project's own messages, below Nautilus's ``events.*``."""

from typing import Final

SIGNAL: Final = "events.signal."
VERDICT: Final = "events.risk."
TRADING: Final = "events.trading."
MARKET: Final = "events.market."
FUNDING: Final = "events.funding."
EQUITY: Final = "events.equity."
NOTICE: Final = "events.notice."
RULE: Final = "events.rule."
OPERATOR: Final = "events.operator."
INPUT: Final = "events.input."
LEDGER: Final = "events.ledger."
STATE: Final = "events.state."
RESEARCH: Final = "events.research."

RECORDER_PRIORITY: Final = 10_000
"""The recorder sees a message before anybody acts on it."""
WATCH_PRIORITY: Final = 9_000
"""Risk's view of account and market is up to date before strategies decide."""


def forming(bar_type: str) -> str:
    """Return the topic of the forming bars of a bar type."""
    return f"{INPUT}{bar_type}"


def warmup(bar_type: str) -> str:
    """Return the topic of the history of a bar type."""
    return f"{INPUT}warmup.{bar_type}"
