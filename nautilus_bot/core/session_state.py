"""
The state of a session at one entry of its journal: what a recovery starts from instead of the first entry.

A snapshot is an entry like any other, chained like any other. Orders, positions, accounts and instruments are
kept as the recorded messages that made them, so that nothing is described twice.
"""

from typing import Literal

import msgspec

from nautilus_bot.core.messages import Message, RiskVerdict, Signal, TradingHalted

type RepairCause = Literal["restored", "corrected", "repaired"]


class Recorded(msgspec.Struct, frozen=True):
    """
    A message as the codec wrote it.

    Parameters
    ----------
    type : str
        Name of the message type.
    version : int
        Its schema version.
    payload : bytes
        The msgpack.
    """

    type: str
    version: int
    payload: bytes


class LedgerState(msgspec.Struct, frozen=True, kw_only=True):
    """One strategy's ledger in one instrument; decimal strings, quantity signed, base currency."""

    strategy_id: str
    instrument_id: str
    quantity: str
    average_price: str
    realized_usdt: str
    fees_usdt: str


class StopFills(msgspec.Struct, frozen=True):
    """Latest market times, ns UTC, at which a strategy's stop filled in an instrument."""

    strategy: str
    instrument_id: str
    times: tuple[int, ...]


class RiskState(msgspec.Struct, frozen=True, kw_only=True):
    """
    What the risk context knows and no warm-up brings back.

    Parameters
    ----------
    market_ns : int
        The market clock, ns UTC.
    balance_usdt, equity_usdt, peak_usdt, day_start_usdt : float
        Wallet balance, equity, its highest, and equity when the UTC day began.
    day : int
        Number of that UTC day.
    settled_ns : int
        Market time until which equity waits for fill and balance to agree.
    marks : dict[str, float]
        Last price by instrument id.
    ledgers : tuple[LedgerState, ...]
        All of them, flat ones included for what they earned and paid.
    at_venue : tuple[LedgerState, ...]
        What the venue holds of each instrument, where it nets the strategies.
    stop_fills : tuple[StopFills, ...]
        For the pause after stops.
    halt : TradingHalted | None
        The halt in force.
    reduce_only, paused : dict[str, str]
        Reason by instrument id and by strategy.
    """

    market_ns: int
    balance_usdt: float
    equity_usdt: float
    peak_usdt: float
    day_start_usdt: float
    day: int
    settled_ns: int
    marks: dict[str, float] = {}
    ledgers: tuple[LedgerState, ...] = ()
    at_venue: tuple[LedgerState, ...] = ()
    stop_fills: tuple[StopFills, ...] = ()
    halt: TradingHalted | None = None
    reduce_only: dict[str, str] = {}
    paused: dict[str, str] = {}


class BookState(msgspec.Struct, frozen=True, kw_only=True):
    """
    Orders, positions and accounts.

    Parameters
    ----------
    instruments, accounts : tuple[Recorded, ...]
        Instruments, and the last state of every account.
    orders : tuple[tuple[Recorded, ...], ...]
        The events of every order that is open, recent, or of an open position, oldest first.
    positions : tuple[tuple[Recorded, ...], ...]
        The fills of every open position since it was flat, oldest first.
    """

    instruments: tuple[Recorded, ...] = ()
    accounts: tuple[Recorded, ...] = ()
    orders: tuple[tuple[Recorded, ...], ...] = ()
    positions: tuple[tuple[Recorded, ...], ...] = ()


class SessionSnapshot(Message, frozen=True, kw_only=True):
    """
    The state of a session as of one entry.

    Parameters
    ----------
    as_of_run, as_of_seq, as_of_hash : str, int, str
        The anchor: run, number and hash (hexadecimal) of the last entry that the state has seen. It is the
        entry before this one, or the last one of the run that was recovered.
    book : BookState
        Orders, positions and accounts.
    risk : RiskState
        The risk context.
    verdicts : tuple[RiskVerdict, ...]
        Approved entries that rules still count.
    signals : tuple[Signal, ...]
        Latest opening and closing signal of every strategy.
    """

    as_of_run: str
    as_of_seq: int
    as_of_hash: str
    book: BookState
    risk: RiskState
    verdicts: tuple[RiskVerdict, ...] = ()
    signals: tuple[Signal, ...] = ()


class LedgerCorrected(Message, frozen=True, kw_only=True):
    """
    A ledger was set right by what the venue holds, or by the operator.

    Parameters
    ----------
    strategy_id, instrument_id : str
        Whose ledger; ``EXTERNAL`` holds what no strategy owns.
    quantity : str
        The change, signed decimal string, base currency.
    price : str
        Price that the change is booked at.
    traded : bool, default True
        Whether the venue's position changed by it; a move from one ledger to another leaves it as it is.
    reason : str
        One sentence for a person.
    author : str
        ``recovery``, ``attribution`` or an operator.
    """

    strategy_id: str
    instrument_id: str
    quantity: str
    price: str
    traded: bool = True
    reason: str
    author: str


class ProtectionRepaired(Message, frozen=True, kw_only=True):
    """
    Strategies were made to look after their protection, by no event of theirs; a replay repeats it.

    Parameters
    ----------
    cause : str
        ``restored``: they took up their state first; ``corrected``: their ledgers had been set right;
        ``repaired``: something lacked.
    wall_ns : int
        Wall clock by which they counted their waits, ns UTC.
    apart_from : tuple[str, ...]
        Instruments that were left alone: a command of theirs was on its way, or their position in doubt.
    """

    cause: RepairCause
    wall_ns: int
    apart_from: tuple[str, ...] = ()


class ExternalAssigned(Message, frozen=True, kw_only=True):
    """
    The operator said whose an outside position is; its instrument is reduce-only no more.

    Parameters
    ----------
    strategy_id : str
        Who takes it over, under the stop and the target given; empty for nobody: it stays ``EXTERNAL``.
    instrument_id : str
        Where it is.
    quantity, price : str
        Signed quantity in base currency and average price, decimal strings.
    stop, target : str
        Where the strategy protects it; empty for nobody.
    author : str
        Who said so.
    """

    strategy_id: str
    instrument_id: str
    quantity: str
    price: str
    stop: str
    target: str
    author: str
