"""What a stretch of time brought, from the event catalog: trades, profit, costs, signals, equity."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import msgspec

from catalog.manifest import RunManifest, load_manifest
from catalog.queries import EventQueries
from catalog.reader import entries, last_seq
from catalog.store import EventStore
from monitoring.telegram.kinds import Notification
from nautilus_bot.core.errors import CorruptEntry, NotFound

DAY_NS: Final = 86_400 * 1_000_000_000
LONGEST_CHAIN: Final = 200
STRATEGIES_SHOWN: Final = 8


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """
    Sums over a stretch of time, USDT and percent; ``equity`` figures are None when no mark was recorded.

    Parameters
    ----------
    by_strategy : dict[str, tuple[int, float]]
        Closed trades and their profit.
    refused : dict[str, int]
        Refused signals by rule.
    """

    trades: int = 0
    wins: int = 0
    pnl: float = 0.0
    best: float = 0.0
    worst: float = 0.0
    fees: float = 0.0
    funding: float = 0.0
    signals: int = 0
    executed: int = 0
    refused: dict[str, int] = {}
    by_strategy: dict[str, tuple[int, float]] = {}
    first_equity: float | None = None
    last_equity: float | None = None
    drawdown_pct: float = 0.0

    def facts(self) -> dict[str, str]:
        """Return what the text of a report says."""
        rules = ", ".join(f"{rule} {count}" for rule, count in sorted(self.refused.items()))
        ranked = sorted(self.by_strategy.items(), key=lambda item: -item[1][1])
        return {
            "trades": str(self.trades),
            "wins": str(self.wins),
            "pnl": f"{self.pnl:+.2f}",
            "best": f"{self.best:+.2f}",
            "worst": f"{self.worst:+.2f}",
            "fees": f"{self.fees:.2f}",
            "funding": f"{self.funding:+.2f}",
            "signals": str(self.signals),
            "executed": str(self.executed),
            "refused": str(sum(self.refused.values())),
            "rules": rules or "-",
            "first": _money(self.first_equity),
            "last": _money(self.last_equity),
            "drawdown": f"{self.drawdown_pct:.2f}",
            "strategies": "\n".join(
                f"{name}: {pnl:+.2f} ({trades})" for name, (trades, pnl) in ranked[:STRATEGIES_SHOWN]
            ),
        }


def build_report(store: EventStore, run_id: str, since_ns: int) -> Report:
    """
    Sum up what a run, and those that it continues, recorded since a moment.

    Parameters
    ----------
    store : EventStore
        Where the runs are.
    run_id : str
        The latest run.
    since_ns : int
        Wall clock, ns UTC.

    Raises
    ------
    NotFound, CorruptEntry
        If the run cannot be read; an earlier one that cannot is left out.
    """
    total = Report()
    for manifest in _runs_since(store, run_id, since_ns):
        folder = store.folder(manifest.run_id)
        total = _joined(_part(store, manifest.run_id, seq_before(folder, since_ns)), total)
    return total


def daily_report(store: EventStore, bot: str, run_id: str, now_ns: int) -> Notification:
    """Return the report on the last 24 hours, one for each day; errors as in ``build_report``."""
    date = f"{datetime.fromtimestamp(now_ns // 1_000_000_000, UTC):%Y-%m-%d}"
    report = build_report(store, run_id, now_ns - DAY_NS)
    return Notification(
        key=daily_key(bot, now_ns),
        kind="daily_report",
        severity="info",
        text="daily_report",
        ts_ns=now_ns,
        facts={"bot": bot, "date": date} | report.facts(),
    )


def daily_key(bot: str, now_ns: int) -> str:
    """Return the key of a day's report."""
    return f"{bot}:daily:{now_ns // DAY_NS}"


def seq_before(folder: Path, since_ns: int) -> int:
    """Return the number of the last entry that was recorded before a moment (wall clock, ns UTC)."""
    low, high = 0, last_seq(folder)
    while low < high:
        middle = (low + high) // 2
        entry = next(entries(folder, after_seq=middle, limit=1), None)
        if entry is not None and entry.ts_publish < since_ns:
            low = middle + 1
        else:
            high = middle
    return low


def _runs_since(store: EventStore, run_id: str, since_ns: int) -> Iterator[RunManifest]:
    """Yield the run and those that it continues, newest first, while they touch the time asked for."""
    manifest = load_manifest(store.folder(run_id))
    for _ in range(LONGEST_CHAIN):
        yield manifest
        if manifest.started_ns < since_ns or not manifest.parent_run:
            return
        try:
            manifest = load_manifest(store.folder(manifest.parent_run))
        except (NotFound, CorruptEntry):
            return


def _part(store: EventStore, run_id: str, after: int) -> Report:
    queries = EventQueries(store, run_id)
    try:
        trades = queries.sql(
            "SELECT strategy_id, count(*), count(*) FILTER (realized_pnl > 0), sum(realized_pnl), "
            "max(realized_pnl), min(realized_pnl) FROM position_events "
            "WHERE event = 'PositionClosed' AND seq > ? GROUP BY strategy_id ORDER BY strategy_id",
            (after,),
        ).rows
        fees = _one(queries, "SELECT sum(fee) FROM fills WHERE seq > ?", after)
        funding = _one(queries, "SELECT sum(amount_usdt) FROM funding WHERE seq > ?", after)
        signals = _one(queries, "SELECT count(*) FROM signals WHERE seq > ?", after)
        executed = _one(
            queries,
            "SELECT count(DISTINCT client_order_id) FROM fills WHERE client_order_id LIKE '%-E' AND seq > ?",
            after,
        )
        refused = queries.sql(
            "SELECT rule, count(*) FROM verdicts WHERE NOT approved AND role IN ('E', 'C') AND seq > ? "
            "GROUP BY rule ORDER BY rule",
            (after,),
        ).rows
        equity = queries.sql(
            "SELECT arg_min(equity_usdt, seq), arg_max(equity_usdt, seq), max(drawdown_pct) "
            "FROM equity WHERE seq > ?",
            (after,),
        ).rows[0]
    finally:
        queries.close()
    by_strategy: dict[str, tuple[int, float]] = {}
    for strategy_id, count, _wins, pnl, _best, _worst in trades:
        _add(by_strategy, strategy_id.partition("-")[0], count, float(pnl))
    return Report(
        trades=sum(row[1] for row in trades),
        wins=sum(row[2] for row in trades),
        pnl=float(sum(row[3] for row in trades)),
        best=float(max((row[4] for row in trades), default=0)),
        worst=float(min((row[5] for row in trades), default=0)),
        fees=float(fees or 0),
        funding=float(funding or 0),
        signals=int(signals or 0),
        executed=int(executed or 0),
        refused=dict(refused),
        by_strategy=by_strategy,
        first_equity=equity[0],
        last_equity=equity[1],
        drawdown_pct=equity[2] or 0.0,
    )


def _joined(earlier: Report, later: Report) -> Report:
    by_strategy = dict(earlier.by_strategy)
    for name, (count, pnl) in later.by_strategy.items():
        _add(by_strategy, name, count, pnl)
    rules = earlier.refused.keys() | later.refused.keys()
    first, last = earlier.first_equity, later.last_equity
    return Report(
        trades=earlier.trades + later.trades,
        wins=earlier.wins + later.wins,
        pnl=earlier.pnl + later.pnl,
        best=max(earlier.best, later.best),
        worst=min(earlier.worst, later.worst),
        fees=earlier.fees + later.fees,
        funding=earlier.funding + later.funding,
        signals=earlier.signals + later.signals,
        executed=earlier.executed + later.executed,
        refused={rule: earlier.refused.get(rule, 0) + later.refused.get(rule, 0) for rule in rules},
        by_strategy=by_strategy,
        first_equity=later.first_equity if first is None else first,
        last_equity=earlier.last_equity if last is None else last,
        drawdown_pct=max(earlier.drawdown_pct, later.drawdown_pct),
    )


def _add(by_strategy: dict[str, tuple[int, float]], name: str, count: int, pnl: float) -> None:
    had, made = by_strategy.get(name, (0, 0.0))
    by_strategy[name] = (had + count, made + pnl)


def _one(queries: EventQueries, statement: str, after: int) -> Any:
    return queries.sql(statement, (after,)).rows[0][0]


def _money(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"
