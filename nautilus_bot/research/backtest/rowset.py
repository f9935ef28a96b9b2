"""The rows of a backtest: the account as a whole, and its parts by strategy, by symbol, and by both."""

from collections.abc import Sequence

import msgspec

from nautilus_bot.research.backtest.recorded import Recorded
from nautilus_bot.research.backtest.rows import ALL, Period, Row, build_row
from nautilus_bot.research.backtest.trades import Trade


class Instance(msgspec.Struct, frozen=True):
    """One strategy on one symbol: its id in the journal, and its names in tables."""

    strategy_id: str
    strategy: str
    symbol: str


class RowSet(msgspec.Struct, frozen=True, kw_only=True):
    """
    The rows of a result.

    Parameters
    ----------
    overall : Row
        The account.
    by_strategy, by_symbol, rows : tuple[Row, ...]
        Its parts; ``rows`` has each strategy on each symbol.
    """

    overall: Row
    by_strategy: tuple[Row, ...]
    by_symbol: tuple[Row, ...]
    rows: tuple[Row, ...]


def build_rows(
    instances: Sequence[Instance], recorded: Recorded, trades: Sequence[Trade], period: Period
) -> RowSet:
    """
    Return all rows of a run, in the order of its strategies and symbols.

    Parameters
    ----------
    instances : Sequence[Instance]
        What ran, whether it traded or not.
    recorded : Recorded
        The journal.
    trades : Sequence[Trade]
        Made of it.
    period : Period
        Time and capital.
    """

    def part(strategy: str, symbol: str) -> Row:
        chosen = {
            one.strategy_id
            for one in instances
            if strategy in (ALL, one.strategy) and symbol in (ALL, one.symbol)
        }
        return build_row(
            strategy,
            symbol,
            [trade for trade in trades if trade.strategy_id in chosen],
            [count for strategy_id, count in recorded.signals.items() if strategy_id in chosen],
            period,
            # only the account as a whole has an equity of its own
            recorded.equity if strategy == symbol == ALL else (),
        )

    strategies = dict.fromkeys(one.strategy for one in instances)
    symbols = dict.fromkeys(one.symbol for one in instances)
    pairs = dict.fromkeys((one.strategy, one.symbol) for one in instances)
    return RowSet(
        overall=part(ALL, ALL),
        by_strategy=tuple(part(name, ALL) for name in strategies),
        by_symbol=tuple(part(ALL, name) for name in symbols),
        rows=tuple(part(strategy, symbol) for strategy, symbol in pairs),
    )
