"""
One bot for the kill tests, in a process of its own: trade a script of injected signals, and die where told.

usage: bot.py HTTP_URL WS_URL FOLDER SCRIPT

``SCRIPT`` is a comma-separated list of ``SYMBOL:SIDE:SECS`` (inject, then wait), ``hold:SECS``,
``until:NAME`` (there is such a file in ``FOLDER``), ``halt``, ``resume``, ``snapshot``, ``full`` (the disk),
``flood`` (the journal) and ``assign:SYMBOL:STRATEGY:STOP:TARGET``. The environment variable ``BOT_KILL_AT``
names where the process kills itself, at the journal, which every event and command passes before anybody acts
on it:

- ``before:TYPE:N`` or ``after:TYPE:N``: around the commit of the N-th entry of that type,
- ``before:*:N`` or ``after:*:N``: around the N-th entry of any type,
- ``sent:ROLE:N``: right after the N-th order of that role left for the venue,
- empty: never.

What the bot believes is printed as one JSON line when it has settled, and again when the script is over.
"""

import asyncio
import contextlib
import json
import os
import resource
import signal
import sys
from collections import Counter
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec

from adapters.bybit.addresses import simulated_addresses
from adapters.bybit.clients import BybitVenue
from adapters.bybit.rest import BybitRest
from catalog.journal import Fields, Journal
from nautilus_bot.config.bot import BotConfig
from nautilus_bot.config.loader import load_config
from nautilus_bot.core import ids, topics
from nautilus_bot.core.control import AssignExternal
from nautilus_bot.core.messages import Message, Notice, OperatorCommand, TradingHalted, TradingResumed
from nautilus_bot.node.control_target import SessionTarget
from nautilus_bot.node.session import TradingSession, run_until_stopped
from nautilus_bot.risk.gate import RiskGate

ROOT = Path(__file__).parents[2]
SYMBOLS = ("BTCUSDT", "ETHUSDT")
QUIET_CHECKS = 6
SETTLED_SECS = 30.0
FLOOD = 20_000
LIMITS: dict[str, dict[str, Any]] = {
    "throttle": {"secs": 0},
    "hourly_cap": {"total": 100_000, "per_strategy": 100_000},
    "correlation": {"enabled": False},
    "portfolio_var": {"enabled": False},
    "volatility": {"enabled": False},
}
"""Rules that would keep a script from trading; everything else is as shipped."""


def die() -> None:
    """End as a power cut would: no handler, no flush."""
    os.kill(os.getpid(), signal.SIGKILL)


def arm(where: str) -> None:
    """Put the kill at its place: around the journal's append, or behind the gate."""
    moment, kind, number = where.split(":")
    if moment == "sent":
        _arm_gate(kind, int(number))
    else:
        _arm_journal(moment, kind, int(number))


def _arm_journal(moment: str, kind: str, number: int) -> None:
    add, seen = Journal.add, Counter[str]()

    def counted(self: Journal, fields: Fields) -> int:
        type_ = fields[4]
        seen[type_] += 1
        seen["*"] += 1
        due = seen[kind] == number and kind in ("*", type_)
        if due and moment == "before":
            die()
        seq = add(self, fields)
        if due:
            self.flush()
            die()
        return seq

    Journal.add = counted  # type: ignore[method-assign]


def _arm_gate(role: str, number: int) -> None:
    execute, seen = RiskGate.execute, Counter[str]()

    def counted(self: RiskGate, command: Any) -> None:
        execute(self, command)
        order = getattr(command, "order", None)
        if order is not None and ids.role_of(order.client_order_id.value) == role:
            seen[role] += 1
            if seen[role] == number:
                # the order leaves in a task of its own: let the socket take it, then die before any answer
                asyncio.get_running_loop().call_later(0.005, die)

    RiskGate.execute = counted  # type: ignore[method-assign]


def build_config(folder: Path) -> BotConfig:
    """Return the shipped configuration with one strategy that never trades within the test."""
    config = load_config(ROOT / "configs")
    quiet = tuple(
        msgspec.structs.replace(
            one, enabled=one.strategy == "EMABreakoutConservativeStrategy", timeframe="1h"
        )
        for one in config.strategies.strategies
    )
    return msgspec.structs.replace(
        config,
        backtest=msgspec.structs.replace(
            config.backtest, symbols=SYMBOLS, event_store_path=str(folder / "events")
        ),
        strategies=msgspec.structs.replace(config.strategies, strategies=quiet),
        risk=msgspec.structs.replace(
            config.risk,
            rules=tuple({**rule, **LIMITS.get(rule["rule"], {})} for rule in config.risk.rules),
        ),
    )


def publish(session: TradingSession, command: str, *arguments: str) -> None:
    """Let an operator's command arrive."""
    kernel = session.host.node.kernel
    now = session.host.wiring.context.clock.now_ns
    kernel.msgbus.publish(
        topics.OPERATOR + "test",
        OperatorCommand(ts_event=now, command=command, author="test", arguments=arguments),
    )


def set_breaker(session: TradingSession, *, halted: bool) -> None:
    """Set or lift a breaker, as a rule or an operator would."""
    now = session.host.wiring.context.clock.now_ns
    fact: Message = TradingResumed(ts_event=now, reason="the script resumes", author="test")
    if halted:
        fact = TradingHalted(ts_event=now, rule="test", reason="the script halts", author="test")
    session.host.node.kernel.msgbus.publish(topics.TRADING + "test", fact)


async def flood(session: TradingSession) -> None:
    """Say so much that the journal's log outgrows the room that it has in advance, until it halts."""
    bus = session.host.node.kernel.msgbus
    for _ in range(FLOOD):
        if session.run.journal.halted:
            return
        bus.publish(
            topics.NOTICE + "test", Notice(ts_event=0, severity="info", component="test", text="x" * 4_000)
        )
        await asyncio.sleep(0)


def limit_files(session: TradingSession) -> None:
    """Let no file of this process grow any more, as on a full disk."""
    log = Path(f"{session.run.journal.path}-wal")
    _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (log.stat().st_size + 1, hard))


def belief(session: TradingSession) -> dict[str, Any]:
    """Return what the bot believes: ledgers, open orders, lots, breakers, balance."""
    context, cache = session.host.wiring.context, session.host.node.kernel.cache
    lots = {
        str(one.id): [
            {"quantity": str(lot.quantity), "stop": lot.stop_id, "target": lot.target_id} for lot in one._lots
        ]
        for one in session.host.wiring.strategies
    }
    return {
        "run": session.run.run_id,
        "journal_halted": session.run.journal.halted,
        "parent": session.run.manifest.parent_run,
        "ledgers": {
            f"{strategy}@{instrument}": str(position.quantity)
            for strategy, instrument, position in context.ledgers.open_positions()
        },
        "net": {symbol: str(context.ledgers.net(f"{symbol}-LINEAR.BYBIT")) for symbol in SYMBOLS},
        "open_orders": sorted(order.client_order_id.value for order in cache.orders() if not order.is_closed),
        "lots": {name: found for name, found in lots.items() if found},
        "halt": context.breakers.halt.reason if context.breakers.halt else "",
        "reduce_only": sorted(context.breakers.reduce_only),
        "balance": str(Decimal(str(context.balance_usdt)).quantize(Decimal("0.01"))),
        "peak": context.peak_usdt,
        "verdicts": len(session.host.memory.verdicts),
    }


async def play(session: TradingSession, script: str, folder: Path) -> None:
    """Say what is believed, do the steps of a script, and say it again."""
    await settled(session)
    say(session)
    for step in filter(None, script.split(",")):
        match step.split(":"):
            case ["hold", secs]:
                await asyncio.sleep(float(secs))
            case ["until", name]:
                while not (folder / name).exists():
                    await asyncio.sleep(0.1)
            case ["snapshot"]:
                session.host.record_snapshot(session.run)
            case ["full"]:
                limit_files(session)
                await flood(session)
            case ["flood"]:
                await flood(session)
            case ["halt" | "resume" as word]:
                set_breaker(session, halted=word == "halt")
            case ["assign", *words]:
                symbol, strategy, stop, target = words
                command = AssignExternal(symbol=symbol, strategy=strategy, stop=stop, target=target)
                answer = SessionTarget(session).obey(command, "test")
                sys.stdout.write(json.dumps({"answer": answer.text, "done": answer.done}) + "\n")
            case [symbol, side, secs]:
                publish(session, "inject", symbol, side, "0.9")
                await asyncio.sleep(float(secs))
    await settled(session)
    say(session)
    session.stop("the script is over")


async def settled(session: TradingSession) -> None:
    """Wait until no order is on its way and bot and venue have the same ones open; not for ever."""
    cache, rest = session.host.node.kernel.cache, session.venue.rest()
    breakers = session.host.wiring.context.breakers
    quiet = 0
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(SETTLED_SECS):
            while quiet < QUIET_CHECKS:
                await asyncio.sleep(0.05)
                # a guard that waits is about to send what protection lacks
                quiet = 0 if cache.orders_inflight() or breakers.suspended else quiet + 1
                if quiet == QUIET_CHECKS and not await asyncio.to_thread(_is_told, session, rest):
                    quiet = 0


def _is_told(session: TradingSession, rest: BybitRest) -> bool:
    """Return whether no order is open on one side only."""
    there = {row["orderLinkId"] for row in rest.open_orders()}
    here = {one.client_order_id.value for one in session.host.node.kernel.cache.orders() if one.is_open}
    return there - {""} == here


def say(session: TradingSession) -> None:
    """Print what is believed."""
    sys.stdout.write(json.dumps(belief(session)) + "\n")
    sys.stdout.flush()


def main(http_url: str, ws_url: str, folder: Path, script: str) -> None:
    """Trade the script on a simulated Bybit that runs elsewhere."""
    if where := os.environ.get("BOT_KILL_AT", ""):
        arm(where)
    current: list[TradingSession] = []

    async def work() -> Any:
        addresses = simulated_addresses(http_url, ws_url)
        venue = BybitVenue("simulated", addresses, "SIMULATED", "SIMULATED", SYMBOLS, account="chaos")

        async def scripted(session: TradingSession) -> None:
            await play(session, script, folder)

        session = TradingSession(
            build_config(folder), "paper", venue, (scripted,), log_level=os.environ.get("BOT_LOG", "OFF")
        )
        current.append(session)
        return await session.trade()

    run_until_stopped(work, lambda: current[0] if current else None)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], Path(sys.argv[3]), sys.argv[4])
