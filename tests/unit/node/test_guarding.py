"""What fails beside or inside a node must neither leave positions unwatched nor pass for a good end."""

import asyncio
import contextlib
from types import SimpleNamespace

import pytest
from nautilus_trader.common.component import MessageBus, TestClock
from nautilus_trader.model.identifiers import TraderId

from nautilus_bot.core import topics
from nautilus_bot.core.clocks import MarketClock
from nautilus_bot.core.errors import BotError
from nautilus_bot.core.messages import EntriesAllowed, EntriesSuspended, TradingHalted
from nautilus_bot.node import session as sessions
from nautilus_bot.risk.context import RiskContext


async def test_a_guard_that_fails_halts_trading_and_is_started_again(monkeypatch):
    monkeypatch.setattr(sessions, "GUARD_AGAIN_SECS", 0.0)
    bus, context = MessageBus(TraderId("BOT-001"), TestClock()), RiskContext(MarketClock())
    facts: list = []
    bus.subscribe(topics.TRADING + "*", facts.append)
    bus.subscribe(topics.TRADING + "*", context.breakers.apply)
    started, again = 0, asyncio.Event()

    async def guard() -> None:
        nonlocal started
        started += 1
        if started == 1:
            suspended = EntriesSuspended(ts_event=1, author="the public connection", reason="silent")
            bus.publish(topics.TRADING + "guard", suspended)
        if started == 3:
            again.set()
            await asyncio.Event().wait()
        raise RuntimeError("an answer that nobody expected")

    session = sessions.TradingSession(None, "paper", None)  # it neither connects nor reads a configuration
    kernel = SimpleNamespace(msgbus=bus)
    wiring = SimpleNamespace(context=context)
    session.host = SimpleNamespace(guard=guard, wiring=wiring, node=SimpleNamespace(kernel=kernel))
    task = asyncio.create_task(sessions._guard(session))
    async with asyncio.timeout(10):
        await again.wait()
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
    assert [type(fact) for fact in facts] == [EntriesSuspended, TradingHalted, EntriesAllowed]
    assert context.breakers.halt.rule == "guard"
    assert not context.breakers.suspended
    assert "an answer that nobody expected" in context.breakers.halt.reason


async def test_a_node_that_stops_by_itself_is_an_error_and_one_that_was_told_is_none():
    async def node() -> None:
        return

    session = sessions.TradingSession(None, "paper", None)
    with pytest.raises(BotError, match="stopped by itself"):
        await session._until_stopped(asyncio.create_task(node()))
    told = sessions.TradingSession(None, "paper", None)
    told.stop("told to stop")
    await told._until_stopped(asyncio.create_task(node()))
