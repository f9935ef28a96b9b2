"""
Where a session and its own backtest part, in money: the gap, split into parts that sum to it.

The session is run again on the market that it saw, with simulated fills. Trades of both are paired by their
strategy and the moment of their decision. For a pair with quantities ``q`` and ``q'``, and profits a unit
``g`` and ``g'`` (the dash is the backtest), the gap by price is exactly::

    q g - q' g'  =  (q - q') g'  +  q (exit - exit') s  -  q (entry - entry') s

The first term is a decision (another size), the others are the fill price, or the timing when the trade was
entered or left in another bar or ended otherwise. A trade that only one side has is a decision when the other
side proposed nothing or its rules refused, else it was missed, or is extra.
"""

import tempfile
from collections import defaultdict
from collections.abc import Iterator
from decimal import ROUND_HALF_EVEN, Decimal
from pathlib import Path
from typing import Final

import msgspec

from catalog.seen_bars import series_of
from catalog.store import EventStore
from nautilus_bot.core.errors import ConfigError
from nautilus_bot.market.intervals import bar_length_ns
from nautilus_bot.replay.booked import Booked, Bookings, load_bookings
from nautilus_bot.replay.original import load_original
from nautilus_bot.replay.resimulate import resimulate

CAUSES: Final = ("decisions", "timing", "fill price", "fees", "funding", "missed trades", "extra trades")
CENT: Final = Decimal("0.01")
ZERO: Final = Decimal(0)


class Part(msgspec.Struct, frozen=True):
    """
    One part of the gap.

    Parameters
    ----------
    cause : str
        One of ``CAUSES``.
    usdt : Decimal
        What it adds to the session's profit against the backtest's.
    cents : Decimal
        The same in whole cents, such that the parts sum to the gap.
    trades : int
        How many trades it stems from.
    """

    cause: str
    usdt: Decimal
    cents: Decimal
    trades: int


class Pair(msgspec.Struct, frozen=True, kw_only=True):
    """
    A trade of the session and of the backtest; one of them may be missing.

    Parameters
    ----------
    session, backtest : Booked | None
        Either side.
    gap : Decimal
        The session's profit minus the backtest's, USDT.
    parts : dict[str, Decimal]
        The gap by cause.
    """

    session: Booked | None
    backtest: Booked | None
    gap: Decimal
    parts: dict[str, Decimal]


class ParityReport(msgspec.Struct, frozen=True, kw_only=True):
    """
    A session against its own backtest.

    Parameters
    ----------
    session_pnl, backtest_pnl, gap : Decimal
        Profit after fees and funding, open positions at the last price; their difference; USDT.
    gap_cents : Decimal
        The gap in whole cents.
    parts : tuple[Part, ...]
        In the order of ``CAUSES``.
    pairs : tuple[Pair, ...]
        Trades, the largest gap first.
    matched, only_session, only_backtest : int
        Number of trades on both sides, and on one of them.
    """

    run_id: str
    mode: str
    session_pnl: Decimal
    backtest_pnl: Decimal
    gap: Decimal
    gap_cents: Decimal
    parts: tuple[Part, ...]
    pairs: tuple[Pair, ...]
    matched: int
    only_session: int
    only_backtest: int


def compare_with_backtest(store: EventStore, name: str) -> ParityReport:
    """
    Run a session's own backtest and split the gap.

    Parameters
    ----------
    store : EventStore
        Where the session is.
    name : str
        Run id, a unique beginning of one, or ``latest``.

    Raises
    ------
    ConfigError
        If it is no session.
    NotFound, CorruptEntry
        If it does not exist or cannot be read.
    """
    original = load_original(store.folder(name))
    if not original.is_trading:
        raise ConfigError(
            f"parity compares a paper or live run with its backtest, {original.manifest.run_id} is a "
            f"{original.manifest.mode}; see `nautilus-bot compare` for two backtests"
        )
    session = load_bookings(original.folder)
    with tempfile.TemporaryDirectory(prefix="parity-") as folder:
        run = resimulate(original, EventStore(Path(folder)))
        backtest = load_bookings(run.folder, session.marks)
    return split_gap(original.manifest.run_id, original.manifest.mode, session, backtest)


def split_gap(run_id: str, mode: str, session: Bookings, backtest: Bookings) -> ParityReport:
    """Pair the trades of both sides and split the gap between their profits."""
    pairs = [_split(one, other, session, backtest) for one, other in _paired(session.trades, backtest.trades)]
    totals: defaultdict[str, Decimal] = defaultdict(Decimal)
    counts: defaultdict[str, int] = defaultdict(int)
    for pair in pairs:
        for cause, usdt in pair.parts.items():
            totals[cause] += usdt
            counts[cause] += usdt != 0
    session_pnl = sum((trade.pnl for trade in session.trades), ZERO)
    backtest_pnl = sum((trade.pnl for trade in backtest.trades), ZERO)
    gap = session_pnl - backtest_pnl
    gap_cents, cents = in_cents(gap, [totals[cause] for cause in CAUSES])
    parts = (Part(cause, totals[cause], cents[i], counts[cause]) for i, cause in enumerate(CAUSES))
    return ParityReport(
        run_id=run_id,
        mode=mode,
        session_pnl=session_pnl,
        backtest_pnl=backtest_pnl,
        gap=gap,
        gap_cents=gap_cents,
        parts=tuple(parts),
        pairs=tuple(sorted(pairs, key=lambda pair: -abs(pair.gap))),
        matched=sum(1 for pair in pairs if pair.session and pair.backtest),
        only_session=sum(1 for pair in pairs if not pair.backtest),
        only_backtest=sum(1 for pair in pairs if not pair.session),
    )


def in_cents(total: Decimal, parts: list[Decimal]) -> tuple[Decimal, list[Decimal]]:
    """
    Round a sum and its parts to cents so that they still agree.

    Each part is rounded; the cents that are then missing or too many go to the parts whose rounding erred
    most in the other direction.
    """
    whole = total.quantize(CENT, ROUND_HALF_EVEN)
    rounded = [part.quantize(CENT, ROUND_HALF_EVEN) for part in parts]
    missing = int((whole - sum(rounded, ZERO)) / CENT)
    step = CENT if missing > 0 else -CENT
    by_error = sorted(range(len(parts)), key=lambda i: (rounded[i] - parts[i]) * (1 if missing > 0 else -1))
    for index in by_error[: abs(missing)]:
        rounded[index] += step
    return whole, rounded


def _paired(
    session: tuple[Booked, ...], backtest: tuple[Booked, ...]
) -> Iterator[tuple[Booked | None, Booked | None]]:
    left = {(trade.strategy_id, trade.decided_ns, trade.sign): trade for trade in backtest}
    for trade in session:
        yield trade, left.pop((trade.strategy_id, trade.decided_ns, trade.sign), None)
    for trade in left.values():
        yield None, trade


def _split(one: Booked | None, other: Booked | None, session: Bookings, backtest: Bookings) -> Pair:
    parts: defaultdict[str, Decimal] = defaultdict(Decimal)
    if one is not None and other is not None:
        _split_matched(one, other, parts)
    elif one is not None:
        parts["extra trades" if _key(one) in backtest.approved else "decisions"] += one.pnl
    elif other is not None:
        parts["missed trades" if _key(other) in session.approved else "decisions"] -= other.pnl
    gap = (one.pnl if one else ZERO) - (other.pnl if other else ZERO)
    return Pair(session=one, backtest=other, gap=gap, parts=dict(parts))


def _split_matched(one: Booked, other: Booked, parts: defaultdict[str, Decimal]) -> None:
    parts["fees"] += other.fees - one.fees
    parts["funding"] += one.funding - other.funding
    parts["decisions"] += (one.quantity - other.quantity) * other.sign * (other.exit - other.entry)
    bar_ns = bar_length_ns(series_of(one.strategy_id))
    entered_alike = abs(one.entered_ns - other.entered_ns) < bar_ns
    left_alike = one.ended_by == other.ended_by and abs(one.left_ns - other.left_ns) <= bar_ns
    parts["fill price" if entered_alike else "timing"] -= one.quantity * one.sign * (one.entry - other.entry)
    parts["fill price" if left_alike else "timing"] += one.quantity * one.sign * (one.exit - other.exit)


def _key(trade: Booked) -> tuple[str, int]:
    return trade.strategy_id, trade.decided_ns
