"""The trading host: Nautilus's TradingNode on Bybit or a simulated Bybit, wired like every other node."""

import asyncio
from dataclasses import dataclass

from nautilus_trader.config import (
    CacheConfig,
    LiveDataEngineConfig,
    LiveExecEngineConfig,
    LoggingConfig,
    TradingNodeConfig,
)
from nautilus_trader.live.config import LiveRiskEngineConfig
from nautilus_trader.live.node import TradingNode
from nautilus_trader.model.data import BarType
from nautilus_trader.model.identifiers import TraderId

from adapters.bybit.clients import BybitVenue
from adapters.bybit.funding_log import FUNDING
from adapters.bybit.rest import BybitRest
from catalog.accounts import ReportedAccounts
from catalog.journal import Journal
from catalog.snapshot import forget_done
from catalog.store import Run
from nautilus_bot.core import topics
from nautilus_bot.market.intervals import bar_length_ns
from nautilus_bot.node.account_watch import AccountWatch
from nautilus_bot.node.attribution import Attribution
from nautilus_bot.node.builder import Wiring, wire
from nautilus_bot.node.catch_up import CatchUp
from nautilus_bot.node.funding_share import FundingShare
from nautilus_bot.node.guards import LinkGuard
from nautilus_bot.node.lean_cache import lean_caches
from nautilus_bot.node.memory import SessionMemory
from nautilus_bot.node.order_reports import fetch_fills_with_orders, keep_every_lifecycle
from nautilus_bot.node.protect import Protector
from nautilus_bot.node.recovery import NOTHING, Recovery, seed
from nautilus_bot.node.settlement import Settlement
from nautilus_bot.node.snapshots import take_snapshot
from nautilus_bot.node.spec import NodeSpec
from nautilus_bot.node.view import LiveView
from nautilus_bot.node.warmup import fetch_warmup

CLIENT = "BYBIT"
INFLIGHT_RETRIES = 5
"""
How often an unanswered command is asked for before it counts as never arrived, every three seconds.

Nautilus counts them together with how often an order was missing in the list of open ones, and when that
reaches its own limit first, it begins to count anew: at equal limits a lost request may wait for ever, and
nothing may be opened meanwhile. So that limit is far above this one.
"""

HISTORY_MINS = 15
"""
How far back ended orders are compared with the venue's, every few seconds: less than a cache keeps them.

Bybit lists every open order whatever its age, so none goes missing for being old; what ended earlier while
nobody listened is fetched by id.
"""
LAST_VALUES = 1_000
"""Ticks and bars that a cache keeps of each series: strategies hold what they need of the past themselves."""


@dataclass(frozen=True, slots=True)
class TradingHost:
    """A built trading node and what was wired on it."""

    node: TradingNode
    wiring: Wiring
    spec: NodeSpec
    venue: BybitVenue
    view: LiveView
    memory: SessionMemory
    attribution: Attribution

    @property
    def is_trading(self) -> bool:
        """Whether every strategy has started: connected, reconciled, subscribed."""
        return all(strategy.is_running for strategy in self.wiring.strategies)

    @property
    def protector(self) -> Protector:
        """What keeps strategies and their exits in step with the ledgers."""
        kernel = self.node.kernel
        return Protector(
            self.wiring.strategies, kernel.cache, self.wiring.context, self.memory, kernel.msgbus
        )

    async def settle(self, since_ns: int) -> None:
        """Let the venue have the last word on what was recovered, and protect what is open."""
        kernel, client, rest = self.node.kernel, self.venue.links.execution, self.venue.rest()
        assert client is not None, "a node is built before it is settled"
        fetch_fills_with_orders(kernel.exec_engine, client, kernel.cache)
        await Settlement(
            kernel,
            self.wiring.context,
            self.attribution,
            self.protector,
            rest,
            since_ns=since_ns,
        ).settle()
        await self._share_funding(rest, since_ns)

    async def _share_funding(self, rest: BybitRest, since_ns: int) -> None:
        """Share out settlements from now on, those first that nobody was there to record."""
        funding = self.venue.funding
        funding.on_funding = FundingShare(self.node.kernel.msgbus, self.wiring.context).on_funding
        funding.since_ns = since_ns or funding.since_ns
        for settled in reversed(await asyncio.to_thread(rest.executions, kind=FUNDING)):
            funding.tell(settled)

    def record_snapshot(self, run: Run) -> None:
        """Record the state as of the last entry, amend the manifest, and forget what it need not hold."""
        kernel = self.node.kernel
        run.amend()
        snapshot = take_snapshot(
            kernel.cache,
            self.wiring.context,
            self.memory,
            as_of_run=run.run_id,
            as_of_seq=run.journal.last_seq,
            as_of_hash=run.journal.last_hash.hex(),
            now_ns=kernel.clock.timestamp_ns(),
        )
        kernel.msgbus.publish(topics.STATE + "session", snapshot)
        forget_done(kernel.cache, kernel.clock.timestamp_ns())

    async def guard(self) -> None:
        """Watch connections and account until cancelled."""
        kernel, context = self.node.kernel, self.wiring.context
        client = self.venue.links.execution
        assert client is not None, "a node is built before it is guarded"
        rest = self.venue.rest()
        catch_up = CatchUp(client, kernel.cache, rest)
        watch = AccountWatch(kernel, context, self.attribution, self.protector, catch_up, rest)
        links = LinkGuard(kernel.msgbus, context.clock, watch, catch_up)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(watch.run())
            tasks.create_task(links.run(self.venue))

    async def warm_up(self) -> None:
        """Give strategies and rules their history; every series is an entry of the journal."""
        rest = self.venue.rest()
        bus = self.node.kernel.msgbus
        for bar_type in longest_first({strategy.bar_type for strategy in self.spec.strategies}):
            history = await asyncio.to_thread(fetch_warmup, rest, bar_type, self.spec.mode.warmup_bars)
            bus.publish(topics.warmup(bar_type), history)


def longest_first(bar_types: set[str]) -> list[str]:
    """
    Return bar types with the longest bars first.

    Risk's hourly returns take prices in order of time: long bars reach furthest back, so they come first.
    """
    return sorted(bar_types, key=lambda name: (-bar_length_ns(BarType.from_str(name)), name))


def build_trading(
    spec: NodeSpec,
    venue: BybitVenue,
    journal: Journal,
    recovery: Recovery = NOTHING,
    *,
    log_level: str = "WARNING",
) -> TradingHost:
    """
    Construct and wire a trading node; must be called inside the event loop that will run it.

    Parameters
    ----------
    spec : NodeSpec
        What trades under which rules.
    venue : BybitVenue
        Where, with which keys.
    journal : Journal
        Where everything is recorded.
    recovery : Recovery
        What the session takes over from the one before.
    log_level : str, default "WARNING"
        Of Nautilus's own log on the terminal.
    """
    with lean_caches():
        node = TradingNode(build_node_config(venue, log_level), loop=asyncio.get_running_loop())
    node.add_data_client_factory(CLIENT, venue.data_factory())
    node.add_exec_client_factory(CLIENT, venue.exec_factory())
    ReportedAccounts(node.kernel).install()
    wiring = wire(node.kernel, spec, journal)
    view = LiveView(node.kernel.msgbus, wiring.context, node.kernel.cache.order)
    view.install()
    memory = SessionMemory()
    memory.install(node.kernel.msgbus)
    attribution = Attribution(node.kernel.msgbus, wiring.context)
    attribution.install()
    seed(recovery, node.kernel, wiring, memory)
    view.restore(node.kernel.cache.orders())
    node.build()
    keep_every_lifecycle(node.kernel.exec_engine)
    return TradingHost(node, wiring, spec, venue, view, memory, attribution)


def build_node_config(venue: BybitVenue, log_level: str) -> TradingNodeConfig:
    """
    Return Nautilus's configuration.

    Notes
    -----
    Reconciliation runs at start and all the time: open orders are compared every few seconds, so that private
    messages missed while a socket was down or silent are fetched within that bound. Orders that are not ours
    and positions that no order explains are not made up: `attribution` books them, once.

    Whatever a handler raises stops the node as a wish to stop does; an engine's own default is to leave the
    process at once, untold and without an end in the journal.
    """
    return TradingNodeConfig(
        trader_id=TraderId("BOT-001"),
        logging=LoggingConfig(log_level=log_level),
        cache=CacheConfig(tick_capacity=LAST_VALUES, bar_capacity=LAST_VALUES),
        data_clients={CLIENT: venue.data_config()},
        exec_clients={CLIENT: venue.exec_config()},
        data_engine=LiveDataEngineConfig(graceful_shutdown_on_exception=True),
        risk_engine=LiveRiskEngineConfig(
            max_order_submit_rate="100/00:00:01", graceful_shutdown_on_exception=True
        ),
        exec_engine=LiveExecEngineConfig(
            reconciliation=True,
            filter_unclaimed_external_orders=True,
            generate_missing_orders=False,
            reconciliation_startup_delay_secs=1.0,
            inflight_check_interval_ms=1_000,
            inflight_check_threshold_ms=3_000,
            inflight_check_retries=INFLIGHT_RETRIES,
            open_check_interval_secs=5.0,
            open_check_open_only=False,
            open_check_lookback_mins=HISTORY_MINS,
            open_check_threshold_ms=3_000,
            open_check_missing_retries=4 * INFLIGHT_RETRIES,
            graceful_shutdown_on_exception=True,
        ),
        timeout_connection=30.0,
        timeout_reconciliation=15.0,
        timeout_portfolio=10.0,
        timeout_disconnection=5.0,
        timeout_post_stop=0.5,
    )
