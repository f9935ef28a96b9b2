"""The result of a backtest: one document, from which table, JSON and HTML report are all made."""

from decimal import Decimal

import msgspec

from nautilus_bot.research.backtest.benchmark import Benchmark
from nautilus_bot.research.backtest.rows import Row


class BacktestResult(msgspec.Struct, frozen=True, kw_only=True):
    """
    Everything that a backtest says.

    Parameters
    ----------
    run_id, event_catalog : str
        The run, and the folder of its journal.
    market : str
        ``history``, or ``synthetic, seed N``.
    timeframes : tuple[str, ...]
        Of the bars.
    first_bar, last_bar : str
        Opening of the first and close of the last bar, UTC, ISO 8601.
    bars : int
        Number of bars of all series.
    content_hashes : dict[str, str]
        Of the bars, by bar type.
    capital_usdt, final_balance_usdt : Decimal
        Wallet balance before and after.
    final_equity_usdt : float
        With the open profit and loss of the last hourly mark.
    overall : Row
        The account.
    by_strategy, by_symbol, rows : tuple[Row, ...]
        Its parts; ``rows`` has each strategy on each symbol.
    benchmark : tuple[Benchmark, ...]
        Buy and hold.
    halts : dict[str, int]
        How often trading was halted, by rule; refusals during a halt count under ``trading_state``.
    gaps : int
        Gaps in the market data that strategies ran into.
    notes : tuple[str, ...]
        What is missing from the data.
    decisions_digest : str
        SHA-256 over signals, verdicts, orders and fills: equal for equal decisions.
    seconds, bars_per_second : float
        Wall time of the simulation alone, and its rate.
    report : str
        Path of the HTML report; empty if none was written.
    """

    run_id: str
    event_catalog: str
    market: str
    timeframes: tuple[str, ...]
    first_bar: str
    last_bar: str
    bars: int
    content_hashes: dict[str, str]
    capital_usdt: Decimal
    final_balance_usdt: Decimal
    final_equity_usdt: float
    overall: Row
    by_strategy: tuple[Row, ...]
    by_symbol: tuple[Row, ...]
    rows: tuple[Row, ...]
    benchmark: tuple[Benchmark, ...]
    halts: dict[str, int]
    gaps: int
    notes: tuple[str, ...]
    decisions_digest: str
    seconds: float
    bars_per_second: float
    report: str = ""

    def halts_text(self) -> str:
        """Return how often each rule halted trading, in words."""
        words = {rule: "once" if count == 1 else f"{count} times" for rule, count in self.halts.items()}
        return ", ".join(f"{often} by {rule}" for rule, often in words.items()) or "never"
