"""
Rebuild orders, positions and balances from a journal alone, by a real headless ``ExecutionEngine``.

Nothing is re-implemented: the recorded events pass through the same engine that traded, only without clients,
strategies and risk. What it ends with must equal what the run ended with, to the event and to the cent.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import msgspec
from nautilus_trader.cache.cache import Cache
from nautilus_trader.common.component import MessageBus, TestClock
from nautilus_trader.config import ExecEngineConfig
from nautilus_trader.execution.engine import ExecutionEngine
from nautilus_trader.model.enums import OmsType
from nautilus_trader.model.events import AccountState, OrderEvent, OrderFilled, OrderInitialized
from nautilus_trader.model.identifiers import TraderId
from nautilus_trader.model.orders.unpacker import OrderUnpacker

from catalog.accounts import reported_account
from catalog.codec import EVENTS, INSTRUMENTS, decode
from catalog.manifest import load_manifest
from catalog.reader import EntryFilter, entries, journal_path
from catalog.snapshot import unpack_book
from nautilus_bot.core.errors import EventCatalogError
from nautilus_bot.core.messages import FundingPaid
from nautilus_bot.core.session_state import SessionSnapshot

FOLDED: Final = (
    *(instrument.__name__ for instrument in INSTRUMENTS),
    *(event.__name__ for event in EVENTS if issubclass(event, OrderEvent) or event is AccountState),
    FundingPaid.__name__,
    SessionSnapshot.__name__,
)
"""Types that a rebuild needs; positions are derived, so their events are not among them."""

_PURGE_EVERY: Final = 2_000


class RebuiltSummary(msgspec.Struct, frozen=True, kw_only=True):
    """
    What the journal says a run ended with.

    Parameters
    ----------
    orders, fills, open_orders, open_positions : int
        Counts.
    fees : dict[str, Decimal]
        Commission by currency.
    realized_pnl : dict[str, Decimal]
        Realised profit and loss after fees, by strategy id, in the settlement currency.
    funding_usdt : Decimal
        Sum of the funding settlements.
    balances : dict[str, Decimal]
        Total balance by ``<account> <currency>``.
    """

    orders: int
    fills: int
    open_orders: int
    open_positions: int
    fees: dict[str, Decimal]
    realized_pnl: dict[str, Decimal]
    funding_usdt: Decimal
    balances: dict[str, Decimal]


class _Engine(ExecutionEngine):
    """The engine with the order management system that the run's manifest names."""

    def __init__(self, oms: OmsType, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._oms = oms

    def _determine_oms_type(self, _fill: Any) -> OmsType:
        return self._oms


class Rebuild:
    """
    Fold recorded messages, one at a time.

    Parameters
    ----------
    oms : str, default "NETTING"
        How fills become positions.
    trader_id : str, default "TRADER-001"
        Trader whose events they are.
    keep_closed_secs : int, default 86400
        Closed orders leave the cache this long after they closed, in event time: the engine looks through
        all orders of a position at each fill, so keeping them makes long histories quadratic. 0 keeps all.

    Attributes
    ----------
    cache : Cache
        Orders, positions and accounts as of the last message.
    """

    def __init__(
        self, oms: str = "NETTING", *, trader_id: str = "TRADER-001", keep_closed_secs: int = 86_400
    ) -> None:
        clock = TestClock()
        bus = MessageBus(trader_id=TraderId(trader_id), clock=clock)
        for endpoint in ("update_order", "update_position", "update_account"):
            bus.register(f"Portfolio.{endpoint}", _ignore)
        self.cache = Cache(database=None)
        self._engine = _Engine(
            OmsType[oms], msgbus=bus, cache=self.cache, clock=clock, config=ExecEngineConfig()
        )
        self._keep_closed_secs = keep_closed_secs
        self._last_account_event: dict[str, str] = {}
        self._orders = 0
        self._fills = 0
        self._since_purge = 0
        self._fees: defaultdict[str, Decimal] = defaultdict(Decimal)
        self._funding = Decimal(0)

    def apply(self, message: Any) -> None:
        """Fold one message; types that change no order, position or account are ignored."""
        if isinstance(message, OrderInitialized):
            self._add_order(message)
        elif isinstance(message, AccountState):
            self._apply_account(message)
        elif isinstance(message, OrderEvent):
            self._apply_order_event(message)
        elif isinstance(message, INSTRUMENTS):
            self.cache.add_instrument(message)
        elif isinstance(message, FundingPaid):
            self._funding += Decimal(message.amount_usdt)
        elif isinstance(message, SessionSnapshot) and not self.cache.accounts():
            # what a session took over stands before its own first account state; later ones only repeat
            unpack_book(message.book, self.cache)

    def summary(self) -> RebuiltSummary:
        """Return what the messages so far amount to."""
        return RebuiltSummary(
            orders=self._orders,
            fills=self._fills,
            open_orders=len(self.cache.orders_open()),
            open_positions=len(self.cache.positions_open()),
            fees=dict(self._fees),
            realized_pnl=self._realized_pnl(),
            funding_usdt=self._funding,
            balances=self._balances(),
        )

    def _add_order(self, event: Any) -> None:
        # an emulated order that is released comes back, transformed, under its own id
        known = self.cache.order_exists(event.client_order_id)
        self.cache.add_order(OrderUnpacker.from_init(event), overwrite=known)
        self._orders += not known

    def _apply_order_event(self, event: Any) -> None:
        if isinstance(event, OrderFilled):
            self._fills += 1
            self._fees[event.commission.currency.code] += event.commission.as_decimal()
            self.cache.account(event.account_id).update_commissions(event.commission)
        self._engine.process(event)
        self._purge(event.ts_event)

    def _apply_account(self, state: Any) -> None:
        # the portfolio publishes the same state again after each order event
        account_id = state.account_id.value
        if self._last_account_event.get(account_id) == state.id.value:
            return
        self._last_account_event[account_id] = state.id.value
        account = self.cache.account(state.account_id)
        if account is None:
            self.cache.add_account(reported_account(state))
        else:
            account.apply(state)
            self.cache.update_account(account)

    def _purge(self, ts_now: int) -> None:
        self._since_purge += 1
        if self._keep_closed_secs and self._since_purge >= _PURGE_EVERY:
            self._since_purge = 0
            self.cache.purge_closed_orders(ts_now=ts_now, buffer_secs=self._keep_closed_secs)

    def _realized_pnl(self) -> dict[str, Decimal]:
        total: defaultdict[str, Decimal] = defaultdict(Decimal)
        # a netted position that opens again leaves a snapshot of each life before
        for position in (*self.cache.positions(), *self.cache.position_snapshots()):
            if position.realized_pnl is not None:
                total[position.strategy_id.value] += position.realized_pnl.as_decimal()
        return dict(total)

    def _balances(self) -> dict[str, Decimal]:
        return {
            f"{account.id} {currency.code}": money.as_decimal()
            for account in self.cache.accounts()
            for currency, money in account.balances_total().items()
        }


def rebuild(path: Path, *, instruments: Iterable[Any] = (), until_seq: int = 0) -> Rebuild:
    """
    Fold a run's journal.

    Parameters
    ----------
    path : Path
        The run's folder or its journal.
    instruments : Iterable[Instrument]
        Instruments that the journal does not hold itself.
    until_seq : int, default 0
        Last entry to fold; 0 for all.

    Returns
    -------
    Rebuild
        Its ``cache`` and ``summary()``.

    Raises
    ------
    NotFound, CorruptEntry
        If the journal cannot be read.
    EventCatalogError
        If an instrument of a fill is neither recorded nor given.
    """
    result = Rebuild(load_manifest(journal_path(path).parent).oms)
    for instrument in instruments:
        result.apply(instrument)
    for message in _messages(path, until_seq):
        if isinstance(message, OrderFilled) and result.cache.instrument(message.instrument_id) is None:
            raise EventCatalogError(
                f"a fill needs its instrument, {message.instrument_id} is neither in {path} nor given"
            )
        result.apply(message)
    return result


def _messages(path: Path, until_seq: int) -> Iterator[Any]:
    for entry in entries(path, where=EntryFilter(types=FOLDED)):
        if until_seq and entry.seq > until_seq:
            return
        yield decode(entry.type, entry.version, entry.payload)


def _ignore(_message: Any) -> None:
    """Stand in for the portfolio, whose account states are recorded events here."""
