"""
Recovery, first half: find the session to continue, fold it, and put its state on a node that has not started.

The second half, once the venue has been asked, is ``settlement``.
"""

from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Final, Self

from nautilus_trader.cache.cache import Cache
from nautilus_trader.model.enums import OrderSide
from nautilus_trader.model.orders import Order
from nautilus_trader.system.kernel import NautilusKernel

from catalog.lock import OwnerLock
from catalog.manifest import RunManifest, RunStatus
from catalog.reader import entries
from catalog.snapshot import unpack_book
from catalog.store import EventStore
from catalog.sweep import Swept, sweep
from catalog.verify import verify_run
from nautilus_bot.core import ids, topics
from nautilus_bot.core.errors import AlreadyRunning, EventCatalogError, JournalHalted
from nautilus_bot.core.messages import Notice, TradingHalted
from nautilus_bot.core.session_state import SessionSnapshot
from nautilus_bot.node.builder import Wiring
from nautilus_bot.node.memory import SessionMemory
from nautilus_bot.node.rebase import rebase
from nautilus_bot.node.snapshots import fold_session, has_snapshot, seed_rules
from nautilus_bot.risk.context import RiskContext
from nautilus_bot.risk.reservations import Reservation

NS_PER_SEC: Final = 1_000_000_000
ACCOUNTS: Final = "accounts"


@dataclass(frozen=True, slots=True)
class Recovery:
    """
    What a session takes over from the one before.

    Parameters
    ----------
    parent : RunManifest | None
        The session that is continued; None when there is none.
    state : SessionSnapshot | None
        What it ended with.
    swept : list[Swept]
        What the sweep found.
    doubts : list[str]
        Why the state may not be all of it; trading waits for the operator then.
    recorded_until_ns : int
        Wall clock of the last entry that was folded, ns UTC; 0 when there is none.
    """

    parent: RunManifest | None = None
    state: SessionSnapshot | None = None
    swept: list[Swept] = field(default_factory=list)
    doubts: list[str] = field(default_factory=list)
    recorded_until_ns: int = 0

    @property
    def parent_run(self) -> str:
        """Name of the session that is continued, empty for none."""
        return self.parent.run_id if self.parent is not None else ""

    def at_market_time(self, market_ns: int) -> Self:
        """Return the recovery for a venue at a market time, which may have been set back."""
        return self if self.state is None else replace(self, state=rebase(self.state, market_ns))

    def earliest_start_ns(self, now_ns: int) -> int:
        """Return a start that no session had before, also when the wall clock was set back."""
        return max(now_ns, self.parent.started_ns + NS_PER_SEC) if self.parent is not None else now_ns


NOTHING: Final = Recovery()


def lock_account(store: EventStore, account: str) -> OwnerLock:
    """
    Make this process the only one that trades an account through this event store.

    Raises
    ------
    AlreadyRunning
        If another process does.
    JournalHalted
        If nothing can be written there.
    """
    name = "".join(one if one.isalnum() else "_" for one in account)[-100:]
    path = store.root / ACCOUNTS / f"{name}.lock"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        return OwnerLock(path)
    except OSError as e:
        raise JournalHalted(
            f"a session must be able to write its journal below {store.root}, but: {e.strerror}; nothing was "
            "started, and nothing was changed at the venue"
        ) from e
    except AlreadyRunning as e:
        owner = path.read_text().strip() or "unknown"
        raise AlreadyRunning(
            f"one bot may trade an account, but process {owner} trades {account} already; stop it first"
        ) from e


def find_recovery(store: EventStore, mode: str, account: str, former_account: str = "") -> Recovery:
    """
    Sweep, and fold the latest session of the same mode and account.

    A damaged journal does not stop the start: its good beginning is used, else the session before it, and
    trading is halted until the operator has looked.

    Parameters
    ----------
    store : EventStore
        All runs.
    mode : str
        ``paper`` or ``live``.
    account : str
        Environment and account.
    former_account : str
        Name that the same account's runs had before; empty for none.
    """
    swept = sweep(store)
    runs = store.runs()
    names = {account, former_account or account}
    others = {one.run_id for one in runs if one.mode != mode or one.account not in names}
    doubts = [
        f"run {one.run_id}: {one.note}"
        for one in swept
        if one.status is RunStatus.QUARANTINED and one.run_id not in others
    ]
    candidates = [one for one in runs if one.run_id not in others]
    for manifest in reversed(candidates):
        try:
            good = _good_entries(store, manifest)
            if manifest.parent_run and not has_snapshot(store.folder(manifest.run_id), good):
                # it died before it recorded what it took over: nothing was traded, its parent is ours
                continue
            state = fold_session(store.folder(manifest.run_id), until_seq=good)
        except EventCatalogError as error:
            doubts.append(f"run {manifest.run_id} cannot be folded: {error}")
            continue
        return Recovery(manifest, state, swept, doubts, _recorded_until_ns(store, manifest, state))
    return Recovery(swept=swept, doubts=doubts)


def _recorded_until_ns(store: EventStore, manifest: RunManifest, state: SessionSnapshot) -> int:
    found = entries(store.folder(manifest.run_id), after_seq=state.as_of_seq - 1, limit=1)
    return next((entry.ts_publish for entry in found), 0)


def _good_entries(store: EventStore, manifest: RunManifest) -> int:
    """Return the last good entry of a damaged run, 0 (all of them) for a good one."""
    if manifest.status is not RunStatus.QUARANTINED:
        return 0
    report = verify_run(store.folder(manifest.run_id))
    if report.entries == 0:
        raise EventCatalogError(f"it has no good entry: {report.message}")
    return report.entries


def seed(recovery: Recovery, kernel: NautilusKernel, wiring: Wiring, memory: SessionMemory) -> None:
    """
    Put the state on a node that is constructed and wired, but neither built nor started.

    Orders keep their strategies and ids, so that Nautilus's own reconciliation finds them.
    """
    bus, context = kernel.msgbus, wiring.context
    if recovery.state is not None:
        state = recovery.state
        unpack_book(state.book, kernel.cache)
        context.restore(state.risk)
        seed_rules(wiring.rules, state)
        memory.restore(state.verdicts, state.signals)
        for order in kernel.cache.orders():
            if not order.is_closed:
                context.reservations.reserve(order.client_order_id.value, _reservation(order, context.marks))
        # the first entry that counts: this journal can be folded without its parent
        bus.publish(topics.STATE + "recovered", state)
        text = _describe(recovery.parent_run, kernel.cache, context)
        bus.publish(topics.NOTICE + "recovery", _notice(context.clock.now_ns, "info", text))
    parent = recovery.parent
    if parent is not None and parent.status is RunStatus.FAILED:
        text = f"run {parent.run_id} failed: {parent.note}"
        bus.publish(topics.NOTICE + "recovery", _notice(context.clock.now_ns, "warning", text))
    for swept in recovery.swept:
        text = f"run {swept.run_id} is {swept.status}: {swept.note}"
        bus.publish(topics.NOTICE + "recovery", _notice(context.clock.now_ns, "warning", text))
    if recovery.doubts and context.breakers.halt is None:
        reason = "; ".join(recovery.doubts) + "; resume when positions and breakers are as they should be"
        halt = TradingHalted(ts_event=context.clock.now_ns, rule="recovery", reason=reason, author="recovery")
        bus.publish(topics.TRADING + "recovery", halt)


def _describe(parent_run: str, cache: Cache, context: RiskContext) -> str:
    """Return one line of what was taken over."""
    held = ", ".join(
        f"{position.quantity:+} {instrument_id} of {strategy_id}"
        for strategy_id, instrument_id, position in context.ledgers.open_positions()
    )
    orders = sum(not order.is_closed for order in cache.orders())
    halt = context.breakers.halt
    return (
        f"continues {parent_run}: {held or 'no position'}; {orders} open orders; "
        f"trading {'halted: ' + halt.reason if halt is not None else 'not halted'}"
    )


def _reservation(order: Order, marks: dict[str, float]) -> Reservation:
    instrument_id = order.instrument_id.value
    if order.has_price:
        price = order.price.as_decimal()
    elif order.has_trigger_price:
        price = order.trigger_price.as_decimal()
    else:
        price = Decimal(str(marks.get(instrument_id, 0)))
    return Reservation(
        order.strategy_id.value,
        instrument_id,
        ids.role_of(order.client_order_id.value),
        1 if order.side == OrderSide.BUY else -1,
        order.leaves_qty.as_decimal(),
        price,
        order.filled_qty.as_decimal(),
    )


def _notice(ts_event: int, severity: str, text: str) -> Notice:
    return Notice(ts_event=ts_event, severity=severity, component="recovery", text=text)  # type: ignore[arg-type]
