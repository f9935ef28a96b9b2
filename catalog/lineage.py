"""
Lineage: from any id of a run back to the bar that began it, and on to the money it made or lost.

A story is told of a signal: the bar and indicator values it rests on, every rule's verdict, its orders
with their fills, and the life of the position that it opened. An order, a fill and a position lead to their
signal.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any, Final, Literal

import msgspec

from catalog.codec import decode, decode_plain
from catalog.entry import Entry
from catalog.identify import identify
from catalog.manifest import load_manifest
from catalog.reader import EntryFilter, entries
from catalog.seen_bars import SeenBar, seen_bars, series_of
from nautilus_bot.core import ids
from nautilus_bot.core.errors import DataError, NotFound
from nautilus_bot.core.messages import RiskVerdict, Signal

type Ending = Literal["stop", "target", "close", "open"]

ZERO: Final = Decimal(0)
SIMULATED: Final = ("backtest", "replay")
_BPS: Final = Decimal(10_000)
_ENDINGS: Final[dict[str, Ending]] = {ids.STOP: "stop", ids.TARGET: "target"}
_REFERENCES: Final = {
    ids.ENTRY: "signal price",
    ids.CLOSE: "signal price",
    ids.STOP: "stop price",
    ids.TARGET: "target price",
}


class FillStory(msgspec.Struct, frozen=True, kw_only=True):
    """
    One fill, against the price that was expected of it.

    Parameters
    ----------
    seq, ts : int
        Its entry and its time on the venue's clock, ns UTC.
    ts_market : int
        The market clock when it was recorded, ns UTC; in an accelerated session it runs faster than ``ts``.
    quantity, price : Decimal
        Base currency, USDT.
    fee : Decimal
        USDT, positive is paid.
    expected : Decimal | None
        What it is compared with: the signal's price for an entry or a close, the trigger of a stop, the limit
        of a target.
    expected_from : str
        Its name.
    slippage_bps, slippage_usdt : Decimal | None
        How much worse than expected; negative is better.
    """

    seq: int
    ts: int
    ts_market: int
    client_order_id: str
    trade_id: str
    side: str
    quantity: Decimal
    price: Decimal
    fee: Decimal
    liquidity: str
    expected: Decimal | None = None
    expected_from: str = ""
    slippage_bps: Decimal | None = None
    slippage_usdt: Decimal | None = None

    @property
    def signed(self) -> Decimal:
        """Quantity, negative for a sale."""
        return self.quantity if self.side == "BUY" else -self.quantity


class Step(msgspec.Struct, frozen=True):
    """One event in the life of an order."""

    seq: int
    ts: int
    event: str
    reason: str = ""


class OrderStory(msgspec.Struct, frozen=True, kw_only=True):
    """
    An order from its verdict to its end.

    Parameters
    ----------
    role : str
        ``E`` entry, ``S`` stop, ``T`` target, ``C`` close.
    price, trigger : str
        Limit and trigger price; empty where there is none.
    verdict : RiskVerdict | None
        What risk said; None for an order that never passed the gate.
    """

    client_order_id: str
    role: str
    side: str
    type: str
    quantity: str
    price: str
    trigger: str
    verdict: RiskVerdict | None
    steps: tuple[Step, ...]
    fills: tuple[FillStory, ...]


class PositionStory(msgspec.Struct, frozen=True, kw_only=True):
    """
    A position from its first fill to its last.

    Parameters
    ----------
    side : str
        ``LONG`` or ``SHORT``.
    opened_ns, closed_ns : int
        Market clock, ns UTC; ``closed_ns`` is 0 while it is open.
    quantity : Decimal
        All that was entered, base currency.
    entry, exit : Decimal
        Average prices; ``exit`` is 0 while nothing is closed.
    gross : Decimal
        Profit of the closed part by price alone, USDT.
    fees, funding : Decimal
        Paid (positive); received (positive), USDT.
    pnl : Decimal
        ``gross - fees + funding``.
    ended_by : str
        ``stop``, ``target``, ``close`` or ``open``.
    """

    side: str
    opened_ns: int
    closed_ns: int
    quantity: Decimal
    entry: Decimal
    exit: Decimal
    gross: Decimal
    fees: Decimal
    funding: Decimal
    pnl: Decimal
    ended_by: Ending
    closing_order_id: str


class Lineage(msgspec.Struct, frozen=True, kw_only=True):
    """
    The story of a signal.

    Parameters
    ----------
    asked, kind : str
        The id that was asked for, and what it is: signal, order, fill or position.
    bar : SeenBar | None
        The bar that the decision was taken on; None when it is not there any more (see ``absent``).
    absent : str
        Why there is no bar.
    close : Signal | None
        The signal that closed the position, when neither stop nor target did.
    orders : tuple[OrderStory, ...]
        Entry, stops, targets, closing order, in the order in which they were made.
    """

    run_id: str
    mode: str
    asked: str
    kind: str
    signal: Signal | None
    bar: SeenBar | None
    absent: str
    orders: tuple[OrderStory, ...]
    close: Signal | None
    position: PositionStory | None


def trace(folder: Path, name: str) -> Lineage:
    """
    Tell the story behind an id.

    Parameters
    ----------
    folder : Path
        The run's folder.
    name : str
        Order, fill (trade id), signal or position id, or a beginning that only one of them has.

    Raises
    ------
    NotFound
        If nothing or too much is meant.
    CorruptEntry
        If the journal cannot be read.
    """
    manifest = load_manifest(folder)
    simulated = manifest.mode in SIMULATED
    found = identify(folder, name)
    ledger = _Ledger(folder, found.strategy_id, simulated=simulated)
    life = ledger.life_of(found.signal_id)
    signal_ids = tuple(
        dict.fromkeys((*(ids.signal_of(fill.client_order_id) for fill in life), found.signal_id))
    )
    told = _Told(folder, signal_ids, simulated=simulated)
    opening = told.signals.get(signal_ids[0])
    closing = next((told.signals[one] for one in signal_ids[1:] if one in told.signals), None)
    bar, absent = _bar_of(folder, found.strategy_id, opening)
    return Lineage(
        run_id=manifest.run_id,
        mode=manifest.mode,
        asked=found.name,
        kind=found.kind,
        signal=opening,
        bar=bar,
        absent=absent,
        orders=tuple(told.orders()),
        close=closing,
        position=ledger.position(life) if life else None,
    )


class _Told:
    """Everything that was recorded under some signals."""

    def __init__(self, folder: Path, signal_ids: tuple[str, ...], *, simulated: bool) -> None:
        self._simulated = simulated
        self.signals: dict[str, Signal] = {}
        self._initial: dict[str, dict[str, Any]] = {}
        self._verdicts: dict[str, RiskVerdict] = {}
        self._steps: defaultdict[str, list[Step]] = defaultdict(list)
        self._fills: defaultdict[str, list[FillStory]] = defaultdict(list)
        for signal_id in signal_ids:
            for entry in entries(folder, where=EntryFilter(correlation_id=signal_id)):
                self._take(entry)

    def _take(self, entry: Entry) -> None:
        match entry.type:
            case "Signal":
                self.signals[entry.correlation_id] = decode(entry.type, entry.version, entry.payload)
            case "RiskVerdict":
                self._verdicts[entry.client_order_id] = decode(entry.type, entry.version, entry.payload)
            case "OrderFilled":
                self._fills[entry.client_order_id].append(read_fill(entry, simulated=self._simulated))
                self._note(entry, decode_plain(entry.type, entry.version, entry.payload))
            case name if name.startswith("Order"):
                self._note(entry, decode_plain(entry.type, entry.version, entry.payload))

    def _note(self, entry: Entry, plain: dict[str, Any]) -> None:
        if entry.type == "OrderInitialized":
            self._initial[entry.client_order_id] = plain
        step = Step(entry.seq, plain.get("ts_event", entry.ts_init), entry.type, plain.get("reason") or "")
        self._steps[entry.client_order_id].append(step)

    def orders(self) -> Iterator[OrderStory]:
        ordered = sorted(self._steps, key=lambda name: self._steps[name][0].seq)
        refused = [name for name in self._verdicts if name not in self._steps]
        for name in (*ordered, *refused):
            plain = self._initial.get(name, {})
            options = plain.get("options") or {}
            price, trigger = options.get("price") or "", options.get("trigger_price") or ""
            expected = self._expected(name, price, trigger)
            yield OrderStory(
                client_order_id=name,
                role=ids.role_of(name),
                side=plain.get("order_side", ""),
                type=plain.get("order_type", ""),
                quantity=plain.get("quantity", ""),
                price=price,
                trigger=trigger,
                verdict=self._verdicts.get(name),
                steps=tuple(self._steps.get(name, ())),
                fills=tuple(_judged(fill, expected) for fill in self._fills[name]),
            )

    def _expected(self, name: str, price: str, trigger: str) -> str:
        if trigger or price:
            return trigger or price
        signal = self.signals.get(ids.signal_of(name))
        return signal.price if signal else ""


class _Ledger:
    """The fills and settlements of one strategy instance."""

    def __init__(self, folder: Path, strategy_id: str, *, simulated: bool) -> None:
        self._simulated = simulated
        self._fills: list[FillStory] = []
        self._funding: list[tuple[int, Decimal]] = []
        wanted = EntryFilter(types=("OrderFilled", "FundingPaid"), strategy=strategy_id)
        for entry in entries(folder, where=wanted) if strategy_id else ():
            if entry.strategy_id != strategy_id:
                continue
            if entry.type == "OrderFilled":
                self._fills.append(read_fill(entry, simulated=self._simulated))
            else:
                plain = decode_plain(entry.type, entry.version, entry.payload)
                self._funding.append((entry.seq, Decimal(plain["amount_usdt"])))

    def life_of(self, signal_id: str) -> list[FillStory]:
        """Return the fills from flat to flat among which is one of the signal's; none if it never filled."""
        for life in _lives(self._fills):
            if any(ids.signal_of(fill.client_order_id) == signal_id for fill in life):
                return life
        return []

    def position(self, life: list[FillStory]) -> PositionStory:
        """Return what the fills of a life amount to, at average cost."""
        sign = 1 if life[0].signed > 0 else -1
        entered = [fill for fill in life if fill.signed * sign > 0]
        closed = [fill for fill in life if fill.signed * sign < 0]
        bought, sold = _sum(entered), _sum(closed)
        entry = _value(entered) / bought
        gross = sign * (_value(closed) - (_value(entered) if sold == bought else entry * sold))
        fees = sum((fill.fee for fill in life), ZERO)
        last = life[-1].seq if sold == bought else None
        funding = sum(
            (paid for seq, paid in self._funding if seq > life[0].seq and (last is None or seq < last)), ZERO
        )
        last_role = ids.role_of(life[-1].client_order_id)
        return PositionStory(
            side="LONG" if sign > 0 else "SHORT",
            opened_ns=life[0].ts_market,
            closed_ns=life[-1].ts_market if last is not None else 0,
            quantity=bought,
            entry=entry,
            exit=_value(closed) / sold if sold else ZERO,
            gross=gross,
            fees=fees,
            funding=funding,
            pnl=gross - fees + funding,
            ended_by="open" if last is None else _ENDINGS.get(last_role, "close"),
            closing_order_id=life[-1].client_order_id if last is not None else "",
        )


def read_fill(entry: Entry, *, simulated: bool) -> FillStory:
    """
    Return an ``OrderFilled`` entry as a fill that nothing is expected of yet.

    Parameters
    ----------
    entry : Entry
        Of type ``OrderFilled``.
    simulated : bool
        Whether the run's exchange is Nautilus's own: it fills on a bar before the market clock has seen it.
    """
    plain = decode_plain(entry.type, entry.version, entry.payload)
    return FillStory(
        seq=entry.seq,
        ts=plain["ts_event"],
        ts_market=max(entry.ts_market, plain["ts_event"]) if simulated else entry.ts_market,
        client_order_id=plain["client_order_id"],
        trade_id=plain["trade_id"],
        side=plain["order_side"],
        quantity=Decimal(plain["last_qty"]),
        price=Decimal(plain["last_px"]),
        fee=Decimal(plain["commission"].partition(" ")[0].replace("_", "")),
        liquidity=plain["liquidity_side"].lower(),
    )


def _judged(fill: FillStory, expected: str) -> FillStory:
    """Compare a fill with the price that was expected of it."""
    if not expected or not Decimal(expected):
        return fill
    price = Decimal(expected)
    worse = (fill.price - price) * (1 if fill.side == "BUY" else -1)
    return msgspec.structs.replace(
        fill,
        expected=price,
        expected_from=_REFERENCES.get(ids.role_of(fill.client_order_id), "order price"),
        slippage_bps=worse / price * _BPS,
        slippage_usdt=worse * fill.quantity,
    )


def _lives(fills: Iterable[FillStory]) -> Iterator[list[FillStory]]:
    net, life = ZERO, list[FillStory]()
    for fill in fills:
        net += fill.signed
        life.append(fill)
        if net == 0:
            yield life
            life = []
    if life:
        yield life


def _sum(fills: list[FillStory]) -> Decimal:
    return sum((fill.quantity for fill in fills), ZERO)


def _value(fills: list[FillStory]) -> Decimal:
    return sum((fill.quantity * fill.price for fill in fills), ZERO)


def _bar_of(folder: Path, strategy_id: str, signal: Signal | None) -> tuple[SeenBar | None, str]:
    if signal is None:
        return None, "no signal of ours stands behind it: another client, or the venue itself"
    try:
        bars = seen_bars(folder, series_of(strategy_id))
    except (NotFound, DataError) as error:
        return None, str(error)
    found = next((bar for bar in reversed(bars) if bar.ts <= signal.ts_event), None)
    if found is None or found.ts != signal.ts_event:
        return found, "decided between two bars: on a forming bar, a gap, or an operator's word"
    return found, ""
