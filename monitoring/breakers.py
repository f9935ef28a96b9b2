"""What keeps the bot from opening risk, as gauges: one series a breaker, so that each one can be drawn."""

from typing import Final

from monitoring.book import MetricsBook

STATES: Final = ("active", "reduce_only", "halted")
BREAKERS: Final = ("drawdown_halt", "daily_loss", "journal", "operator")
"""Those that exist from the start at 0; another rule that halts appears when it does."""


def put_breakers(book: MetricsBook, *, halted_by: str, reduce_only: int, paused: int) -> None:
    """
    Set the gauges of the trading state.

    Parameters
    ----------
    book : MetricsBook
        Where to set them.
    halted_by : str
        Rule or person behind the halt in force; empty for none.
    reduce_only, paused : int
        Number of instruments that may only reduce, and of paused strategies.
    """
    state = "halted" if halted_by else "reduce_only" if reduce_only else "active"
    book.replace("bot_trading_state", {(name,): float(name == state) for name in STATES})
    known = {labels[0] for labels in book.series("bot_breaker")} | set(BREAKERS)
    named = sorted(known | {halted_by} - {""})
    book.replace("bot_breaker", {(name,): float(name == halted_by) for name in named})
    book.put("bot_reduce_only_symbols", reduce_only)
    book.put("bot_strategies_paused", paused)
