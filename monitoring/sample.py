"""Gauges: the bot at one moment, taken on the trading loop, shown later and elsewhere."""

from pathlib import Path

import msgspec

from catalog.journal import Journal
from monitoring.book import Labels, MetricsBook
from monitoring.breakers import put_breakers
from monitoring.fold import ASSET_CLASS, symbol_of
from monitoring.portfolio_risk import market_correlation, position_correlation, value_at_risk_pct
from nautilus_bot.core.clocks import NS_PER_SEC
from nautilus_bot.core.snapshot import Snapshot
from nautilus_bot.risk.context import RiskContext


class Sample(msgspec.Struct, frozen=True, kw_only=True):
    """
    What cannot be counted from events.

    Parameters
    ----------
    taken_ns : int
        Wall clock, ns UTC.
    loop_lag_secs : float
        How late the trading loop came to take it.
    snapshot : Snapshot
        Account, positions, breakers.
    value_at_risk_pct, market_correlation : float | None
        None while there is too little history.
    position_correlation : float
        Highest between two positions.
    journal_path : Path
        The run's journal.
    journal_entries : int
        Its last entry.
    journal_moved_ns : int
        Wall clock when the last entry was first seen, ns UTC.
    journal_halted : bool
        Whether it cannot be written any more.
    """

    taken_ns: int
    loop_lag_secs: float
    snapshot: Snapshot
    value_at_risk_pct: float | None
    market_correlation: float | None
    position_correlation: float
    journal_path: Path
    journal_entries: int
    journal_moved_ns: int
    journal_halted: bool


def take_sample(
    snapshot: Snapshot,
    context: RiskContext,
    journal: Journal,
    *,
    now_ns: int,
    loop_lag_secs: float = 0.0,
    before: Sample | None = None,
) -> Sample:
    """
    Look at a running bot; must be called on the thread of its event loop.

    Parameters
    ----------
    snapshot : Snapshot
        The bot at this moment.
    context : RiskContext
        Exposures and returns.
    journal : Journal
        Of the run.
    now_ns : int
        Wall clock, ns UTC.
    loop_lag_secs : float
        How late the loop came.
    before : Sample | None
        The last one, to see whether the journal moved.
    """
    entries = journal.last_seq
    stood = before is not None and before.journal_entries == entries
    return Sample(
        taken_ns=now_ns,
        loop_lag_secs=loop_lag_secs,
        snapshot=snapshot,
        value_at_risk_pct=value_at_risk_pct(context),
        market_correlation=market_correlation(context),
        position_correlation=position_correlation(context),
        journal_path=journal.path,
        journal_entries=entries,
        journal_moved_ns=before.journal_moved_ns if stood and before is not None else now_ns,
        journal_halted=bool(journal.halted),
    )


def put_sample(book: MetricsBook, sample: Sample, now_ns: int) -> None:
    """Set the gauges of a sample; any thread may, it reads nothing that trades."""
    _put_account(book, sample.snapshot)
    _put_positions(book, sample.snapshot)
    _put_risk(book, sample)
    _put_journal(book, sample, now_ns)
    book.put("bot_loop_lag_seconds", sample.loop_lag_secs)
    book.put("bot_sample_age_seconds", (now_ns - sample.taken_ns) / NS_PER_SEC)


def _put_account(book: MetricsBook, snapshot: Snapshot) -> None:
    account = snapshot.account
    book.put("bt_portfolio_value", account.equity_usdt, ASSET_CLASS)
    book.put("bt_drawdown_percent", account.drawdown_pct)
    book.put("bot_equity_usdt", account.equity_usdt)
    book.put("bot_balance_usdt", account.balance_usdt)
    book.put("bot_peak_equity_usdt", account.peak_usdt)
    book.put("bot_daily_loss_percent", account.daily_loss_pct)
    book.put("bot_exposure_gross_usdt", account.gross_exposure_usdt)
    book.put("bot_exposure_net_usdt", account.net_exposure_usdt)
    book.put("bot_market_time_seconds", snapshot.market_ns / NS_PER_SEC)


def _put_positions(book: MetricsBook, snapshot: Snapshot) -> None:
    # a pair that once had a position shows zero when flat, so that a panel does not hold the last value
    notional: dict[Labels, float] = dict.fromkeys(book.series("bot_position_usdt"), 0.0)
    profit, unprotected = dict(notional), dict(notional)
    for position in snapshot.positions:
        labels = (ASSET_CLASS, position.strategy, symbol_of(position.instrument_id))
        notional[labels] = notional.get(labels, 0.0) + position.notional_usdt
        profit[labels] = profit.get(labels, 0.0) + position.unrealized_usdt
        unprotected[labels] = max(unprotected.get(labels, 0.0), float(not position.covered))
    book.replace("bot_position_usdt", notional)
    book.replace("bot_unrealized_pnl_usdt", profit)
    book.replace("bot_position_unprotected", unprotected)


def _put_risk(book: MetricsBook, sample: Sample) -> None:
    breakers = sample.snapshot.breakers
    halted = breakers.state == "halted"
    put_breakers(
        book,
        halted_by=(breakers.rule or "operator") if halted else "",
        reduce_only=len(breakers.reduce_only),
        paused=len(breakers.paused),
    )
    if sample.value_at_risk_pct is not None:
        book.put("bot_value_at_risk_percent", sample.value_at_risk_pct)
    if sample.market_correlation is not None:
        book.put("bot_correlation", sample.market_correlation, "market")
    book.put("bot_correlation", sample.position_correlation, "positions")


def _put_journal(book: MetricsBook, sample: Sample, now_ns: int) -> None:
    path = sample.journal_path
    book.put("bot_journal_entries_total", sample.journal_entries)
    book.put("bot_journal_lag_seconds", (now_ns - sample.journal_moved_ns) / NS_PER_SEC)
    book.put("bot_journal_halted", float(sample.journal_halted))
    book.put("bot_journal_bytes", _size(path), "main")
    book.put("bot_journal_bytes", _size(Path(f"{path}-wal")), "log")


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0
