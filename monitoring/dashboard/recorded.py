"""Questions about one recorded run, of a running bot or of one that ended; safe for several browser tabs."""

import sqlite3
import threading
from pathlib import Path
from typing import Any, Final

import duckdb
import pyarrow as pa

from catalog.queries import EventQueries
from catalog.store import EventStore
from nautilus_bot.core.errors import CorruptEntry

POINTS: Final = 1_500
"""A curve has at most about so many points, however long the run is."""

type Row = dict[str, Any]

_CURVE: Final = """
WITH numbered AS (SELECT *, row_number() OVER (ORDER BY seq) AS place, count(*) OVER () AS total FROM equity)
SELECT time, equity_usdt, drawdown_pct FROM numbered
WHERE place % (1 + total // ?) = 0 OR place = 1 OR place = total ORDER BY place
"""
_TRADES: Final = """
SELECT closed, strategy_id, instrument_id, entry, peak_qty, avg_px_open, avg_px_close, realized_pnl, opened,
    opening_order_id FROM positions WHERE closed IS NOT NULL ORDER BY closed DESC LIMIT ?
"""
_BY_STRATEGY: Final = """
SELECT strategy_id, count(*) AS trades, count(*) FILTER (realized_pnl > 0) AS wins,
    coalesce(sum(realized_pnl), 0)::DOUBLE AS pnl
FROM positions WHERE closed IS NOT NULL GROUP BY strategy_id
"""
_CHECKS: Final = """
SELECT time, instrument_id, checks FROM verdicts WHERE role = 'E' ORDER BY seq DESC LIMIT ?
"""
_REFUSALS: Final = """
SELECT time, strategy_id, instrument_id, signal_id, rule, rule_limit, observed, unit, reason FROM verdicts
WHERE NOT approved ORDER BY seq DESC LIMIT ?
"""


class RecordedRun:
    """
    One run, read little by little: a later question only reads what was added since.

    Parameters
    ----------
    root : Path
        The event catalog.
    run : str
        Its id.

    Raises
    ------
    NotFound
        If there is no such run.
    EventCatalogError
        By every question, if the run is damaged.
    """

    def __init__(self, root: Path, run: str) -> None:
        self.run_id = run
        self._queries = EventQueries(EventStore(root), run)
        self._lock = threading.Lock()

    def curve(self) -> list[Row]:
        """Return the marks of equity and drawdown, oldest first."""
        return self._ask(_CURVE, POINTS)

    def trades(self, limit: int) -> list[Row]:
        """Return closed positions, the latest first."""
        return self._ask(_TRADES, limit)

    def by_strategy(self) -> list[Row]:
        """Return trades, wins and profit of every strategy instance."""
        return self._ask(_BY_STRATEGY)

    def funding_usdt(self) -> float:
        """Return what was received (positive) or paid for funding."""
        return float(
            self._ask("SELECT coalesce(sum(amount_usdt), 0)::DOUBLE AS paid FROM funding")[0]["paid"]
        )

    def checks(self, limit: int) -> list[Row]:
        """Return what all rules said of the latest entries, the latest first."""
        return self._ask(_CHECKS, limit)

    def refusals(self, limit: int) -> list[Row]:
        """Return the latest refused orders with limit and observed value."""
        return self._ask(_REFUSALS, limit)

    def signals(self, limit: int) -> list[Row]:
        """Return the latest signals, the latest first."""
        return self._ask("SELECT * FROM signals ORDER BY seq DESC LIMIT ?", limit)

    def _ask(self, statement: str, *values: Any) -> list[Row]:
        try:
            with self._lock:
                return self._queries.sql(statement, values).dicts()
        except (sqlite3.Error, duckdb.Error, pa.ArrowException, KeyError, ValueError) as e:
            raise CorruptEntry(
                f"run {self.run_id} must be readable, but: {e}; see `nautilus-bot events verify`"
            ) from e
