"""What a run's journal says, in the few fields that statistics need."""

from collections import defaultdict
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec

from catalog.codec import decode_plain
from catalog.reader import EntryFilter, entries
from nautilus_bot.core import ids


class Fill(msgspec.Struct, frozen=True):
    """
    One fill.

    Parameters
    ----------
    ts : int
        Time of the fill, ns UTC.
    strategy_id, instrument_id : str
        Whose ledger it changes.
    client_order_id : str
        The order; its last part says whether it was an entry, a stop, a target or a close.
    quantity : Decimal
        Signed: a buy is positive, in base currency.
    price : Decimal
        USDT.
    fee : Decimal
        USDT, positive is paid.
    """

    ts: int
    strategy_id: str
    instrument_id: str
    client_order_id: str
    quantity: Decimal
    price: Decimal
    fee: Decimal

    @property
    def role(self) -> str:
        """Role of the order: ``E``, ``S``, ``T`` or ``C``."""
        return ids.role_of(self.client_order_id)


class Funding(msgspec.Struct, frozen=True):
    """One funding settlement of one ledger; a positive amount was received, USDT."""

    ts: int
    strategy_id: str
    amount: Decimal


class EquityMark(msgspec.Struct, frozen=True):
    """Equity of the account, open profit and loss included, and its wallet balance, USDT."""

    ts: int
    equity: float
    balance: float
    gross_exposure: float


class SignalCount(msgspec.Struct):
    """
    What became of a strategy's signals.

    Parameters
    ----------
    generated : int
        All signals: proposals to enter and to close.
    executed : int
        Those with at least one fill of their entry or closing order.
    refused : dict[str, int]
        Refused by risk, by rule; ``sizing`` is an order too small for the venue.
    """

    generated: int = 0
    executed: int = 0
    refused: dict[str, int] = msgspec.field(default_factory=dict)


class Recorded(msgspec.Struct, frozen=True, kw_only=True):
    """
    A run's journal, read once.

    Parameters
    ----------
    bookings : tuple[Fill | Funding, ...]
        Everything that moved money, in the journal's order.
    equity : tuple[EquityMark, ...]
        Hourly marks.
    signals : dict[str, SignalCount]
        By strategy id.
    halts : dict[str, int]
        How often trading was halted, by rule.
    gaps : int
        Gaps in the market data that a strategy ran into.
    balance : Decimal
        Wallet balance of the last account state, USDT.
    """

    bookings: tuple[Fill | Funding, ...]
    equity: tuple[EquityMark, ...]
    signals: dict[str, SignalCount]
    halts: dict[str, int]
    gaps: int
    balance: Decimal


READ = (
    "OrderFilled",
    "FundingPaid",
    "EquityMarked",
    "Signal",
    "RiskVerdict",
    "TradingHalted",
    "MarketGap",
    "AccountState",
)


def load_recorded(run: Path) -> Recorded:
    """
    Read a run's journal.

    Parameters
    ----------
    run : Path
        The run's folder.

    Raises
    ------
    NotFound, CorruptEntry
        If it cannot be read.
    """
    reading = _Reading()
    for entry in entries(run, where=EntryFilter(types=READ)):
        reading.take(entry.type, decode_plain(entry.type, entry.version, entry.payload))
    return reading.finish()


class _Reading:
    def __init__(self) -> None:
        self._bookings: list[Fill | Funding] = []
        self._equity: list[EquityMark] = []
        self._signals: defaultdict[str, SignalCount] = defaultdict(SignalCount)
        self._executed: set[str] = set()
        self._halts: defaultdict[str, int] = defaultdict(int)
        self._gaps = 0
        self._balance = Decimal(0)

    def take(self, name: str, plain: dict[str, Any]) -> None:
        match name:
            case "OrderFilled":
                self._take_fill(plain)
            case "FundingPaid":
                amount = Decimal(plain["amount_usdt"])
                self._bookings.append(Funding(plain["ts_event"], plain["strategy_id"], amount))
            case "EquityMarked":
                values = (plain["equity_usdt"], plain["balance_usdt"], plain["gross_exposure_usdt"])
                self._equity.append(EquityMark(plain["ts_event"], *values))
            case "Signal":
                self._signals[plain["strategy_id"]].generated += 1
            case "RiskVerdict":
                self._take_verdict(plain)
            case "AccountState":
                self._take_balance(plain)
            case "TradingHalted":
                self._halts[plain["rule"] or plain["author"]] += 1
            case "MarketGap":
                self._gaps += 1

    def finish(self) -> Recorded:
        return Recorded(
            bookings=tuple(self._bookings),
            equity=tuple(self._equity),
            signals=dict(self._signals),
            halts=dict(self._halts),
            gaps=self._gaps,
            balance=self._balance,
        )

    def _take_fill(self, plain: dict[str, Any]) -> None:
        sign = 1 if plain["order_side"] == "BUY" else -1
        fill = Fill(
            plain["ts_event"],
            plain["strategy_id"],
            plain["instrument_id"],
            plain["client_order_id"],
            sign * Decimal(plain["last_qty"]),
            Decimal(plain["last_px"]),
            Decimal(plain["commission"].partition(" ")[0]),
        )
        self._bookings.append(fill)
        if fill.role in (ids.ENTRY, ids.CLOSE) and fill.client_order_id not in self._executed:
            self._executed.add(fill.client_order_id)
            self._signals[fill.strategy_id].executed += 1

    def _take_verdict(self, plain: dict[str, Any]) -> None:
        # stops and targets share their entry's signal: only the order that carries the signal counts
        if plain["approved"] or plain["role"] not in (ids.ENTRY, ids.CLOSE):
            return
        refused = self._signals[plain["strategy_id"]].refused
        refused[plain["rule"]] = refused.get(plain["rule"], 0) + 1

    def _take_balance(self, plain: dict[str, Any]) -> None:
        for balance in plain["balances"]:
            if balance["currency"] == "USDT":
                self._balance = Decimal(balance["total"])
