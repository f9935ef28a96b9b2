"""
Run one paper bot against a simulated Bybit in this process, play a script, and print what both sides hold.

usage: bot_script.py SCRIPT FOLDER

The last line on stdout is JSON: whether both agreed in the end, what differed, for how long a position stood
without our own stop and without any stop at the exchange, which entries the exchange saw, what the journal
folds into.

The bot, its gate, journal and the production client are the real ones; only the six strategies are reduced to
one that never trades within the test, so that every order comes from the script's injected signals.
"""

import asyncio
import contextlib
import faulthandler
import json
import sys
import threading
import time
from collections.abc import Awaitable, Callable
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
from nautilus_trader.core.uuid import UUID4
from nautilus_trader.execution.messages import GenerateOrderStatusReport
from nautilus_trader.model.data import Bar
from nautilus_trader.model.identifiers import ClientOrderId

from adapters.bybit.addresses import simulated_addresses
from adapters.bybit.clients import BybitVenue
from adapters.bybit_simulator.config import BybitSimulatorConfig
from adapters.bybit_simulator.launch import start_simulator
from adapters.bybit_simulator.orders import OrderSide
from adapters.bybit_simulator.requests import CreateOrder
from adapters.bybit_simulator.server import BybitSimulator
from catalog import verify
from nautilus_bot.config.loader import load_config
from nautilus_bot.core import topics
from nautilus_bot.core.clocks import NS_PER_SEC
from nautilus_bot.core.messages import FundingPaid, OperatorCommand
from nautilus_bot.node import builder
from nautilus_bot.node.session import TradingSession, run_until_stopped
from nautilus_bot.node.snapshots import fold_session
from nautilus_bot.node.spec import NodeSpec, Sizing, StrategySpec, build_strategies, build_strategy_config
from strategies.base import SignalStrategy
from strategies.qa_inject import INJECT, QAInjectStrategy

ROOT = Path(__file__).parents[3]
SYMBOLS = ("BTCUSDT", "ETHUSDT")
SETTLE_SECS = 90.0
"""What a script waits for may take so long on a machine that does much else."""
HANGS_SECS = 240.0
"""A rehearsal that is not over by then says where it stands and ends."""
CONTRARY = "contrary"
SCHEDULED = Path("/proc/thread-self/schedstat")
"""Linux: ns that this thread ran, ns that it waited for a processor, and how often it had one."""


class Lab:
    """The exchange and the bot of one script."""

    def __init__(self, simulator: BybitSimulator, session: TradingSession) -> None:
        self.simulator = simulator
        self.session = session
        self.asked = 0
        self.seen: dict[str, Any] = {}
        self.outside: dict[str, Decimal] = {}
        self.uncovered_secs = 0.0
        self.own_stop_missing_secs = 0.0

    async def inject(self, symbol: str, side: str, command: str = INJECT) -> None:
        """Ask the bot for one signal."""
        self.asked += 1
        now = self.session.host.wiring.context.clock.now_ns
        message = OperatorCommand(
            ts_event=now, command=command, author="test", arguments=(symbol, side, "0.9")
        )
        self.session.host.node.kernel.msgbus.publish(topics.OPERATOR + "test", message)

    def by_strategy(self, symbol: str) -> dict[str, Decimal]:
        """Return the open ledgers of a symbol."""
        return self.session.host.wiring.context.ledgers.by_strategy(f"{symbol}-LINEAR.BYBIT")

    def stand(self, symbol: str) -> dict[str, Any]:
        """Describe a symbol: the exchange's net, the ledgers, and the exchange's stops of each."""
        stops = self.simulator.venue.exchange.open_orders(symbol, stop_orders=True)
        return {
            "venue": str(self._venue_position(symbol)),
            "ledgers": {name: str(quantity) for name, quantity in self.by_strategy(symbol).items()},
            "stops": {
                one.order_link_id: [one.side, str(one.leaves_qty)] for one in stops if one.order_link_id
            },
        }

    async def fault(self, **fault: Any) -> None:
        """Begin a fault at the exchange."""
        headers = {"X-Control-Token": self.simulator.control_token}
        url = f"{self.simulator.http_url}/control/faults"
        async with aiohttp.ClientSession() as http, http.post(url, json=fault, headers=headers) as answer:
            assert answer.status < 300, await answer.text()

    def trade_outside(self, symbol: str, side: OrderSide, quantity: Decimal) -> None:
        """Trade on the account without the bot."""
        self.outside[symbol] = quantity if side == "Buy" else -quantity
        self.simulator.venue.exchange.create_order(
            CreateOrder(symbol=symbol, side=side, order_type="Market", qty=quantity)
        )
        self.simulator.venue.flush()

    def cancel_stop_outside(self, symbol: str) -> None:
        """Cancel the bot's stop as if in the app."""
        exchange = self.simulator.venue.exchange
        (stop,) = (one for one in exchange.open_orders(symbol) if "-S" in one.order_link_id)
        exchange.cancel_order(symbol, order_id=stop.order_id)
        self.simulator.venue.flush()

    async def wait(self, secs: float) -> None:
        """Let time pass."""
        await asyncio.sleep(secs)

    async def freeze(self) -> None:
        """Let the market stand still, so that nothing fills any more while both sides are compared."""
        feeding = self.simulator._feeding
        assert feeding is not None, "these markets move by themselves"
        feeding.cancel()
        await asyncio.wait((feeding,))

    async def held(self, symbol: str) -> bool:
        """Wait until the bot's ledger holds something in a symbol."""
        return await self.until(lambda: bool(self._ledger(symbol)))

    async def flat(self, symbol: str) -> bool:
        """Wait until the bot's ledger is flat in a symbol."""
        return await self.until(lambda: not self._ledger(symbol))

    async def agreed(self) -> bool:
        """Wait until bot and exchange hold the same."""
        return await self.until(lambda: not self.differences())

    async def until(self, holds: Callable[[], bool]) -> bool:
        """Wait until something holds; tell whether it does."""
        end = time.monotonic() + SETTLE_SECS
        while time.monotonic() < end:
            if holds():
                return True
            await asyncio.sleep(0.05)
        return holds()

    def differences(self) -> list[str]:
        """Name everything in which bot and exchange differ: positions, balance, orders, stops."""
        found = []
        exchange = self.simulator.venue.exchange
        for symbol in SYMBOLS:
            at_venue, ours = self._venue_position(symbol), self._ledger(symbol)
            if at_venue != ours:
                found.append(f"{symbol}: venue holds {at_venue}, ledgers {ours}")
        balance = Decimal(str(self.session.host.wiring.context.balance_usdt))
        if abs(exchange.wallet().wallet_balance - balance) > Decimal("0.01"):
            found.append(f"balance: venue {exchange.wallet().wallet_balance}, bot {balance}")
        theirs = {o.order_link_id for o in exchange.open_orders() if o.order_link_id}
        mine = {o.client_order_id for o in self.session.host.view.snapshot().orders if o.role != "V"}
        if theirs != mine:
            found.append(f"orders: only venue {sorted(theirs - mine)}, only bot {sorted(mine - theirs)}")
        found += [
            f"{p.instrument_id}: {p.quantity} not covered by stops {p.stop_quantity}"
            for p in self.session.host.view.snapshot().positions
            if not p.covered and p.strategy_id != "EXTERNAL"
        ]
        found += [f"entries wait for {one}" for one in self.session.host.wiring.context.breakers.suspended]
        return found + self._order_differences() + self._fee_differences()

    def _order_differences(self) -> list[str]:
        """Compare every order that the exchange had from us: how much was filled, and whether it ended."""
        exchange, cache = self.simulator.venue.exchange, self.session.host.node.kernel.cache
        found = []
        for theirs in (*exchange.order_history(limit=None), *exchange.open_orders()):
            if not theirs.order_link_id:
                continue
            ours = cache.order(ClientOrderId(theirs.order_link_id))
            if ours is None:
                found.append(f"order {theirs.order_link_id}: unknown to the bot")
            elif (ours.filled_qty.as_decimal(), ours.is_closed) != (theirs.cum_exec_qty, not theirs.is_open):
                found.append(
                    f"order {theirs.order_link_id}: venue {theirs.status} {theirs.cum_exec_qty}, "
                    f"bot {ours.status_string()} {ours.filled_qty}"
                )
        return found

    def _fee_differences(self) -> list[str]:
        """Compare what our orders cost."""
        executions = self.simulator.venue.exchange.executions(limit=None)
        theirs = sum((one.exec_fee for one in executions if one.order_link_id), Decimal(0))
        ledgers = self.session.host.wiring.context.ledgers
        ours = sum((Decimal(one.fees_usdt) for one in ledgers.states()), Decimal(0))
        return [f"fees: venue {theirs}, bot {ours}"] if abs(theirs - ours) > Decimal("0.00001") else []

    def _venue_position(self, symbol: str) -> Decimal:
        position = self.simulator.venue.exchange.position(symbol)
        return -position.size if position.side == "Sell" else position.size

    def _our_position(self, symbol: str) -> Decimal:
        """Return the exchange's position less what somebody else opened: that is not ours to protect."""
        return self._venue_position(symbol) - self.outside.get(symbol, Decimal(0))

    def _ledger(self, symbol: str) -> Decimal:
        ledgers = self.session.host.wiring.context.ledgers
        return Decimal(ledgers.net(f"{symbol}-LINEAR.BYBIT"))

    async def measure_cover(self) -> None:
        """Note for how long at most a position of the exchange stood without our stop, and without any."""
        bare, own_missing = Stopwatch(), Stopwatch()
        while True:
            held = [symbol for symbol in SYMBOLS if self._our_position(symbol)]
            own = {symbol: self._own_stop_covers(symbol) for symbol in held}
            own_missing.note(not all(own.values()))
            bare.note(not all(own[symbol] or self._has_venue_stop(symbol) for symbol in held))
            self.uncovered_secs, self.own_stop_missing_secs = bare.longest, own_missing.longest
            await asyncio.sleep(0.01)

    def _own_stop_covers(self, symbol: str) -> bool:
        """Tell whether stops with our ids cover the whole position."""
        position = self._our_position(symbol)
        reducing = "Sell" if position > 0 else "Buy"
        stops = (
            order.leaves_qty
            for order in self.simulator.venue.exchange.open_orders(symbol, stop_orders=True)
            if "-S" in order.order_link_id and order.side == reducing
        )
        return sum(stops, Decimal(0)) >= abs(position)

    def _has_venue_stop(self, symbol: str) -> bool:
        """Tell whether the position has a stop of Bybit's own, which always has its size."""
        orders = self.simulator.venue.exchange.open_orders(symbol, stop_orders=True)
        return any(order.stop_order_type == "StopLoss" and order.is_protection for order in orders)


class Stopwatch:
    """
    Measure the longest time that something held without a break, of the time in which we could run.

    While another process has the processor, neither bot nor exchange does anything: that does not count. What
    blocks the loop itself, a computation, a lock or a disk, is the bot's own doing and counts.
    """

    def __init__(self) -> None:
        self.longest = 0.0
        self._begun = 0.0

    def note(self, holds: bool) -> None:
        """Take one look."""
        now = time.monotonic() - kept_waiting_secs()
        self._begun = (self._begun or now) if holds else 0.0
        if self._begun:
            self.longest = max(self.longest, now - self._begun)


def kept_waiting_secs() -> float:
    """Return for how long this thread has been ready to run and was not let, where the system counts that."""
    try:
        _, waited_ns, _ = SCHEDULED.read_text().split()
    except OSError:
        return 0.0
    return int(waited_ns) / NS_PER_SEC


class ContraryStrategy(QAInjectStrategy):
    """A second strategy that trades what is asked of it, under ids of its own."""

    tag = "QC"

    def on_operator(self, command: OperatorCommand) -> None:
        """Listen to commands of its own only."""
        if command.command == CONTRARY:
            super().on_operator(msgspec.structs.replace(command, command=INJECT))


def with_contrary(spec: NodeSpec) -> list[SignalStrategy]:
    """Return the strategies of a node and the contrary one, which trades smaller."""
    (bar_type,) = (one for one in spec.injectable if one.startswith("ETHUSDT"))
    mine = StrategySpec(
        strategy=ContraryStrategy.__name__, bar_type=bar_type, sizing=Sizing(max_notional_usdt="1000")
    )
    config = build_strategy_config(mine, spec.mode, spec.session, ContraryStrategy)
    return [*build_strategies(spec), ContraryStrategy(config)]


type Script = Callable[[Lab], Awaitable[None]]


async def quiet(lab: Lab) -> None:
    """No fault: open, close, open."""
    await lab.inject("ETHUSDT", "BUY")
    assert await lab.held("ETHUSDT")
    await lab.inject("ETHUSDT", "SELL")
    assert await lab.flat("ETHUSDT")
    await lab.inject("BTCUSDT", "SELL")
    assert await lab.held("BTCUSDT")


def under(**fault: Any) -> Script:
    """Open before a fault, open and close while it lasts, close after it."""

    async def script(lab: Lab) -> None:
        await lab.inject("ETHUSDT", "BUY")
        assert await lab.held("ETHUSDT")
        await lab.wait(0.5)
        await lab.fault(**fault)
        await lab.inject("BTCUSDT", "BUY")
        await lab.wait(1.0)
        await lab.inject("ETHUSDT", "SELL")
        await lab.wait(fault.get("for_secs", 2.0) + 0.5)

    return script


async def told_by_the_order_alone(lab: Lab) -> None:
    """An entry fills while the private stream is silent; its order's report is the first to tell."""
    await lab.fault(kind="half_open_sockets", channels=["private"], for_secs=4)
    await lab.inject("BTCUSDT", "BUY")
    kernel, client = lab.session.host.node.kernel, lab.session.host.venue.links.execution
    assert await lab.until(lambda: bool(lab.simulator.venue.exchange.executions(limit=None)))
    assert client is not None
    (entry,) = (order for order in kernel.cache.orders() if order.client_order_id.value.endswith("-E"))
    command = GenerateOrderStatusReport(
        entry.instrument_id, entry.client_order_id, None, UUID4(), kernel.clock.timestamp_ns()
    )
    report = await client.generate_order_status_report(command)
    assert entry.filled_qty < report.filled_qty
    kernel.exec_engine.reconcile_execution_report(report)
    assert await lab.held("BTCUSDT")


async def half_open_trade(lab: Lab) -> None:
    """The trade stream swallows the cancels that a close begins with, and says nothing for good."""
    await lab.inject("ETHUSDT", "BUY")
    assert await lab.held("ETHUSDT")
    await lab.wait(1.0)
    suspended: list[Any] = []
    lab.session.host.node.kernel.msgbus.subscribe(topics.TRADING + "*", suspended.append)
    await lab.fault(kind="half_open_sockets", channels=["trade"])
    await lab.inject("ETHUSDT", "SELL")
    assert await lab.flat("ETHUSDT")
    lab.seen["reason"] = suspended[0].reason


def taken(kind: str) -> Script:
    """Hold a position that the exchange takes away."""

    async def script(lab: Lab) -> None:
        await lab.inject("ETHUSDT", "BUY")
        assert await lab.held("ETHUSDT")
        await lab.wait(0.5)
        await lab.fault(kind=kind, symbol="ETHUSDT")
        await lab.wait(1.0)

    return script


async def partial(lab: Lab) -> None:
    """Fill half of an entry, then lose all sockets."""
    await lab.fault(kind="partial_fill_then_disconnect", symbol="BTCUSDT", ratio=0.5)
    await lab.inject("BTCUSDT", "BUY")
    await lab.wait(3.0)


async def opened_outside(lab: Lab) -> None:
    """Somebody else trades on the account while the bot holds a position of its own."""
    await lab.inject("ETHUSDT", "BUY")
    assert await lab.held("ETHUSDT")
    lab.trade_outside("BTCUSDT", "Buy", Decimal("0.01"))
    await lab.wait(1.0)
    assert await lab.agreed()
    await lab.inject("BTCUSDT", "BUY")  # refused: the symbol is reduce-only until it is assigned
    await lab.wait(0.5)
    assert "BTCUSDT-LINEAR.BYBIT" in lab.session.host.wiring.context.breakers.reduce_only


async def oppose(lab: Lab) -> None:
    """Let two strategies hold opposite positions in one symbol."""
    await lab.inject("ETHUSDT", "BUY")
    assert await lab.held("ETHUSDT")
    await lab.inject("ETHUSDT", "SELL", command=CONTRARY)
    assert await lab.until(lambda: len(lab.by_strategy("ETHUSDT")) == 2)
    assert await lab.agreed()


async def opposite(lab: Lab) -> None:
    """Two strategies hold opposite positions in one symbol; then one of them leaves."""
    await oppose(lab)
    lab.seen["both"] = lab.stand("ETHUSDT")
    await lab.inject("ETHUSDT", "SELL")
    assert await lab.until(lambda: len(lab.by_strategy("ETHUSDT")) == 1)
    assert await lab.agreed()
    lab.seen["one left"] = lab.stand("ETHUSDT")


async def funding(lab: Lab) -> None:
    """The exchange settles funding while two strategies hold opposite positions."""
    await oppose(lab)
    told: list[FundingPaid] = []
    lab.session.host.node.kernel.msgbus.subscribe(topics.FUNDING + "*", told.append)
    exchange = lab.simulator.venue.exchange
    before = exchange.wallet().wallet_balance
    exchange.settle_funding("ETHUSDT", Decimal("0.0001"), exchange.market("ETHUSDT").ts_ms)
    lab.simulator.venue.flush()
    assert await lab.until(lambda: len(told) == 2)
    lab.seen["funding"] = {
        "account": str(exchange.wallet().wallet_balance - before),
        "parts": {one.strategy_id: one.amount_usdt for one in told},
        "rate": told[0].rate,
    }


async def funding_at_speed(lab: Lab) -> None:
    """The market itself reaches a funding time, at many times real time, on two positions."""
    told: list[FundingPaid] = []
    lab.session.host.node.kernel.msgbus.subscribe(topics.FUNDING + "*", told.append)
    for symbol in SYMBOLS:
        await lab.inject(symbol, "BUY")
        assert await lab.held(symbol)
    assert await lab.until(lambda: len(told) == len(SYMBOLS))
    await lab.wait(2.0)
    exchange = lab.simulator.venue.exchange
    settled = [one for one in exchange.transactions(limit=None) if one.type == "SETTLEMENT"]
    lab.seen["account"] = {one.symbol: str(one.change) for one in settled}
    lab.seen["told"] = [[one.strategy_id, one.instrument_id, one.amount_usdt] for one in told]
    lab.seen["listed"] = [one.exec_type for one in exchange.executions(limit=None) if not one.order_link_id]
    assert await lab.agreed()


async def funding_while_silent(lab: Lab) -> None:
    """Funding is settled and no message tells of it."""
    await lab.inject("ETHUSDT", "BUY")
    assert await lab.held("ETHUSDT")
    await lab.wait(1.0)
    told: list[FundingPaid] = []
    lab.session.host.node.kernel.msgbus.subscribe(topics.FUNDING + "*", told.append)
    exchange = lab.simulator.venue.exchange
    before = exchange.wallet().wallet_balance
    exchange.settle_funding("ETHUSDT", Decimal("0.0001"), exchange.market("ETHUSDT").ts_ms)
    lab.simulator.venue.flush(is_lost=True)
    assert await lab.until(lambda: bool(told))
    lab.seen["account"] = str(exchange.wallet().wallet_balance - before)
    lab.seen["told"] = [one.amount_usdt for one in told]


async def short_public_drop(lab: Lab) -> None:
    """The public socket is gone for a moment in which a bar closes."""
    bus = lab.session.host.node.kernel.msgbus
    bars: list[Bar] = []
    gaps: list[Any] = []
    bus.subscribe("data.bars.*", bars.append)
    bus.subscribe("events.market.*", gaps.append)
    assert await lab.until(lambda: len(bars) >= 2 * len(SYMBOLS))
    before = len(bars)
    await lab.fault(kind="dropped_sockets", channels=["public"], for_secs=12)
    assert await lab.until(lambda: len(bars) >= before + 3 * len(SYMBOLS))
    times: dict[str, list[int]] = {}
    for bar in bars:
        times.setdefault(str(bar.bar_type), []).append(bar.ts_event // 1_000_000_000)
    lab.seen["steps"] = sorted({b - a for each in times.values() for a, b in pairwise(each) if b != a})
    lab.seen["series"] = len(times)
    lab.seen["gaps"] = len(gaps)


async def restarted(lab: Lab) -> None:
    """The exchange goes down while the bot holds a position, and comes back with its account."""
    await lab.inject("ETHUSDT", "BUY")
    assert await lab.held("ETHUSDT")
    await lab.wait(0.5)
    config = msgspec.structs.replace(lab.simulator.config, port=lab.simulator.port)
    await lab.simulator.stop()
    await lab.inject("BTCUSDT", "BUY")
    await lab.wait(2.0)
    lab.simulator = await start_simulator(config)
    await lab.wait(1.0)


async def stop_cancelled(lab: Lab) -> None:
    """Somebody else cancels a protective stop."""
    await lab.inject("ETHUSDT", "BUY")
    assert await lab.held("ETHUSDT")
    await lab.wait(0.5)
    lab.cancel_stop_outside("ETHUSDT")
    await lab.wait(1.0)


SCRIPTS: dict[str, Script] = {
    "quiet": quiet,
    "opposite": opposite,
    "funding": funding,
    "funding_at_speed": funding_at_speed,
    "funding_while_silent": funding_while_silent,
    "short_public_drop": short_public_drop,
    "latency": under(kind="latency", delay_ms=150, jitter_ms=100, for_secs=3),
    "lost_request": under(kind="lost_request", times=1, operations=["order.create"]),
    "lost_acknowledgement": under(kind="lost_acknowledgement", times=2),
    "accepted_reply_lost": under(kind="accepted_reply_lost", times=1, operations=["order.create"]),
    "duplicated_private": under(kind="duplicated_private", for_secs=3),
    "reordered_private": under(kind="reordered_private", for_secs=3),
    "late_private": under(kind="late_private", delay_ms=200, jitter_ms=300, for_secs=3),
    "dropped_sockets": under(kind="dropped_sockets", for_secs=1),
    "half_open_private": under(kind="half_open_sockets", channels=["private"], for_secs=6),
    "told_by_the_order_alone": told_by_the_order_alone,
    "half_open_trade": half_open_trade,
    "half_open_public": under(kind="half_open_sockets", channels=["public"], for_secs=12),
    "rate_limit_storm": under(kind="rate_limit_storm", for_secs=2),
    "http_502": under(kind="http_502", for_secs=2),
    "clock_skew": under(kind="clock_skew", offset_ms=3000, for_secs=2),
    "stale_book": under(kind="stale_book", for_secs=2),
    "forced_liquidation": taken("forced_liquidation"),
    "position_closed_outside": taken("position_closed_outside"),
    "position_opened_outside": opened_outside,
    "stop_cancelled_outside": stop_cancelled,
    "exchange_restarted": restarted,
    "partial_fill_then_disconnect": partial,
}


BEFORE_FUNDING_MS = 1_735_718_100_000
"""2025-01-01T07:55:00Z: long enough before the first settlement of that day to start a bot and to trade."""

MARKETS: dict[str, dict[str, Any]] = {
    "funding_at_speed": {"speed": 5.0, "market_start_ms": BEFORE_FUNDING_MS, "history_bars": 500},
    "short_public_drop": {"speed": 6.0},
}
"""Where a script needs a market other than the synthetic one in real time."""

TIMEFRAMES = {"short_public_drop": "1m"}
"""Where bars have to close within a script; by default none does."""


def journal_positions(run: Path) -> dict[str, str]:
    """Return the sum of the ledgers that the journal alone folds into, by symbol."""
    total = dict.fromkeys(SYMBOLS, Decimal(0))
    for ledger in fold_session(run).risk.ledgers:
        total[ledger.instrument_id.partition("-")[0]] += Decimal(ledger.quantity)
    return {symbol: str(quantity.normalize()) for symbol, quantity in total.items()}


def end_if_it_hangs(current: list[TradingSession]) -> None:
    """Once a rehearsal takes too long, print where its tasks and threads stand, and end it."""

    def tell_tasks() -> None:
        for task in asyncio.all_tasks(current[0].host.node.get_event_loop()):
            task.print_stack(file=sys.stderr)

    timer = threading.Timer(HANGS_SECS - 5.0, tell_tasks)
    timer.daemon = True
    timer.start()
    faulthandler.dump_traceback_later(HANGS_SECS, exit=True)


def main(name: str, folder: Path) -> None:
    if name in ("opposite", "funding"):
        builder.build_strategies = with_contrary  # type: ignore[attr-defined]
    current: list[TradingSession] = []
    end_if_it_hangs(current)
    outcome: dict[str, Any] = {}
    labs: list[Lab] = []

    async def work() -> Any:
        config = load_config(ROOT / "configs")
        backtest = msgspec.structs.replace(
            config.backtest, symbols=SYMBOLS, event_store_path=str(folder / "events")
        )
        silent = tuple(
            msgspec.structs.replace(
                one,
                enabled=one.strategy == "EMABreakoutConservativeStrategy",
                timeframe=TIMEFRAMES.get(name, "1h"),
            )
            for one in config.strategies.strategies
        )
        config = msgspec.structs.replace(
            config,
            backtest=backtest,
            strategies=msgspec.structs.replace(config.strategies, strategies=silent),
        )
        simulator = await start_simulator(
            BybitSimulatorConfig(
                symbols=SYMBOLS,
                wallet_usdt=Decimal(10_000),
                state_path=str(folder / "exchange.sqlite"),
                **MARKETS.get(name, {}),
            )
        )
        addresses = simulated_addresses(simulator.http_url, simulator.ws_url)
        venue = BybitVenue("simulated", addresses, "SIMULATED", "SIMULATED", SYMBOLS)

        async def play(session: TradingSession) -> None:
            lab = Lab(simulator, session)
            labs.append(lab)
            watching = asyncio.create_task(lab.measure_cover())
            try:
                await lab.wait(1.0)
                await SCRIPTS[name](lab)
                outcome["agreed"] = await lab.agreed()
                await lab.freeze()
                await lab.agreed()  # about what filled in that moment, too
            except Exception as error:  # noqa: BLE001  whatever it is, the test shows it
                outcome["error"] = f"the script did not get on: {error!r}"
            finally:
                watching.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await watching
                outcome["differences"] = lab.differences()
                outcome["uncovered_secs"] = lab.uncovered_secs
                outcome["own_stop_missing_secs"] = lab.own_stop_missing_secs
                links = [o.order_link_id for o in lab.simulator.venue.exchange.order_history(limit=None)]
                links += [o.order_link_id for o in lab.simulator.venue.exchange.open_orders()]
                outcome["entries"] = sorted(link for link in links if link.endswith("-E"))
                outcome["seen"] = lab.seen
                outcome["asked"] = lab.asked
                outcome["venue"] = {s: str(lab._venue_position(s).normalize()) for s in SYMBOLS}
                session.stop("the script is over")

        session = TradingSession(config, "paper", venue, (play,), log_level="OFF")
        current.append(session)
        end = await session.trade()
        await labs[0].simulator.stop()
        return end

    end = run_until_stopped(work, lambda: current[0] if current else None)
    run = folder / "events" / "runs" / end.run_id
    outcome["run"] = str(run)
    outcome["journal_ok"] = verify.verify_run(run).ok
    outcome["journal"] = journal_positions(run)
    sys.stdout.write(json.dumps(outcome) + "\n")


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
