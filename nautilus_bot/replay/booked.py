"""What a run booked: its trades with the decision behind each, and the last price of every instrument."""

from collections import defaultdict
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec

from catalog.codec import decode_plain
from catalog.lineage import SIMULATED, FillStory, read_fill
from catalog.manifest import load_manifest
from catalog.reader import EntryFilter, entries
from nautilus_bot.core import ids

ZERO = Decimal(0)
READ = ("Signal", "RiskVerdict", "OrderFilled", "FundingPaid", "MarketMarked", "Bar")
_ENDINGS = {ids.STOP: "stop", ids.TARGET: "target"}


class Booked(msgspec.Struct, frozen=True, kw_only=True):
    """
    One round trip of one strategy, from flat to flat or to the end of the run.

    Parameters
    ----------
    decided_ns : int
        Market time of the signal behind it; of its first fill when no signal of ours is.
    sign : int
        1 for a long, -1 for a short.
    quantity : Decimal
        All that was entered, base currency.
    entry, exit : Decimal
        Average prices; what is still open leaves at the last price.
    entered_ns, left_ns : int
        Market times of first and last fill; ``left_ns`` is 0 while it is open.
    ended_by : str
        ``stop``, ``target``, ``close`` or ``open``.
    fees, funding : Decimal
        Paid; received; USDT.
    """

    strategy_id: str
    instrument_id: str
    signal_id: str
    decided_ns: int
    sign: int
    quantity: Decimal
    entry: Decimal
    exit: Decimal
    entered_ns: int
    left_ns: int
    ended_by: str
    fees: Decimal
    funding: Decimal

    @property
    def gross(self) -> Decimal:
        """Profit by price alone, open parts at the last price, USDT."""
        return self.sign * self.quantity * (self.exit - self.entry)

    @property
    def pnl(self) -> Decimal:
        """``gross - fees + funding``, USDT."""
        return self.gross - self.fees + self.funding


class Bookings(msgspec.Struct, frozen=True):
    """
    What a run booked.

    Parameters
    ----------
    trades : tuple[Booked, ...]
        In the order in which they began.
    approved, proposed : frozenset[tuple[str, int]]
        Strategy id and market time of the entries that risk approved, and of all that were proposed.
    marks : dict[str, Decimal]
        Last price by instrument id.
    """

    trades: tuple[Booked, ...]
    approved: frozenset[tuple[str, int]]
    proposed: frozenset[tuple[str, int]]
    marks: dict[str, Decimal]


def load_bookings(folder: Path, marks: dict[str, Decimal] | None = None) -> Bookings:
    """
    Read what a run booked.

    Parameters
    ----------
    folder : Path
        The run's folder.
    marks : dict[str, Decimal] | None
        Last prices at which open positions are valued; the run's own by default.

    Raises
    ------
    NotFound, CorruptEntry
        If it cannot be read.
    """
    reading = _Reading(simulated=load_manifest(folder).mode in SIMULATED)
    for entry in entries(folder, where=EntryFilter(types=READ)):
        if entry.type == "OrderFilled":
            fill = read_fill(entry, simulated=reading.simulated)
            reading.fill(entry.strategy_id, entry.instrument_id, fill)
        else:
            reading.take(entry.type, decode_plain(entry.type, entry.version, entry.payload))
    return reading.finish(marks)


class _Reading:
    def __init__(self, *, simulated: bool) -> None:
        self.simulated = simulated
        self._decided: dict[str, int] = {}
        self._proposed: dict[str, tuple[str, int]] = {}
        self._approved: set[tuple[str, int]] = set()
        self._marks: dict[str, Decimal] = {}
        self._lives: list[_Life] = []
        self._open: dict[str, _Life] = {}

    def take(self, name: str, plain: Any) -> None:
        match name:
            case "Signal":
                self._decided[plain["signal_id"]] = plain["ts_event"]
                if not plain["closes"]:
                    self._proposed[plain["signal_id"]] = plain["strategy_id"], plain["ts_event"]
            case "RiskVerdict":
                if plain["approved"] and plain["role"] == ids.ENTRY and plain["signal_id"] in self._proposed:
                    self._approved.add(self._proposed[plain["signal_id"]])
            case "FundingPaid":
                life = self._open.get(plain["strategy_id"])
                if life is not None:
                    life.funding += Decimal(plain["amount_usdt"])
            case "MarketMarked":
                self._marks[plain["instrument_id"]] = Decimal(str(plain["price"]))
            case "Bar":
                # [bar type, open, high, low, close, ...], see catalog/market_data.py
                self._marks[plain[0].partition("-LINEAR")[0] + "-LINEAR.BYBIT"] = Decimal(plain[4])

    def fill(self, strategy_id: str, instrument_id: str, fill: FillStory) -> None:
        self._marks.setdefault(instrument_id, fill.price)
        if self.simulated:
            self._marks[instrument_id] = fill.price
        life = self._open.get(strategy_id)
        if life is None:
            life = self._open[strategy_id] = _Life(strategy_id, instrument_id)
            self._lives.append(life)
        life.fills.append(fill)
        life.net += fill.signed
        if life.net == 0:
            del self._open[strategy_id]

    def finish(self, marks: dict[str, Decimal] | None) -> Bookings:
        known = self._marks if marks is None else {**self._marks, **marks}
        trades = tuple(life.book(self._decided, known[life.instrument_id]) for life in self._lives)
        proposed = frozenset(self._proposed.values())
        return Bookings(trades, frozenset(self._approved), proposed, self._marks)


class _Life:
    """Fills of one ledger from flat to flat."""

    def __init__(self, strategy_id: str, instrument_id: str) -> None:
        self.strategy_id = strategy_id
        self.instrument_id = instrument_id
        self.fills: list[FillStory] = []
        self.net = ZERO
        self.funding = ZERO

    def book(self, decided: dict[str, int], mark: Decimal) -> Booked:
        first, last = self.fills[0], self.fills[-1]
        sign = 1 if first.signed > 0 else -1
        totals: defaultdict[bool, Decimal] = defaultdict(Decimal)
        values: defaultdict[bool, Decimal] = defaultdict(Decimal)
        for fill in self.fills:
            entering = fill.signed * sign > 0
            totals[entering] += fill.quantity
            values[entering] += fill.quantity * fill.price
        signal_id = ids.signal_of(first.client_order_id)
        return Booked(
            strategy_id=self.strategy_id,
            instrument_id=self.instrument_id,
            signal_id=signal_id,
            decided_ns=decided.get(signal_id, first.ts_market),
            sign=sign,
            quantity=totals[True],
            entry=values[True] / totals[True],
            exit=(values[False] + abs(self.net) * mark) / totals[True],
            entered_ns=first.ts_market,
            left_ns=0 if self.net else last.ts_market,
            ended_by="open" if self.net else _ENDINGS.get(ids.role_of(last.client_order_id), "close"),
            fees=sum((fill.fee for fill in self.fills), ZERO),
            funding=self.funding,
        )
