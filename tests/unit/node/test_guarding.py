"""What fails beside or inside a node must neither leave positions unwatched nor pass for a good end."""

import asyncio
import contextlib
import sqlite3
from pathlib import Path
from types import SimpleNamespace

import msgspec
import pytest
from nautilus_trader.common.component import MessageBus, TestClock
from nautilus_trader.model.identifiers import TraderId

from catalog.manifest import RunStatus, load_manifest
from catalog.store import EventStore
from nautilus_bot.config.loader import load_config
from nautilus_bot.core import topics
from nautilus_bot.core.clocks import MarketClock
from nautilus_bot.core.errors import BotError
from nautilus_bot.core.messages import EntriesAllowed, EntriesSuspended, TradingHalted
from nautilus_bot.node import session as sessions
from nautilus_bot.node.recovery import find_recovery
from nautilus_bot.risk.context import RiskContext

CONFIGS = Path(__file__).parents[3] / "configs"


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


class FailingHost:
    """A node that trades and then fails, or lasts until it is cancelled."""

    def __init__(self, error: BaseException | None) -> None:
        self._error = error
        self.is_trading = True
        self.begun = asyncio.Event()
        self.facts: list = []
        bus = MessageBus(TraderId("BOT-001"), TestClock())
        bus.subscribe(topics.STATE + "*", self.facts.append)
        self.wiring = SimpleNamespace(context=RiskContext(MarketClock()))
        self.node = SimpleNamespace(
            kernel=SimpleNamespace(msgbus=bus), run_async=self._run, stop_async=self._stop
        )

    async def settle(self, _since_ns: int) -> None:
        self.begun.set()
        if self._error is not None:
            raise self._error
        await asyncio.Event().wait()

    async def _run(self) -> None:
        await asyncio.Event().wait()

    async def _stop(self) -> None:
        for task in asyncio.all_tasks():
            if task.get_name() == "node":
                task.cancel()


@pytest.fixture
def fail(tmp_path, monkeypatch):
    """Run a session whose node fails, and return its manifest and what the node was told."""

    async def play(error: BaseException | None):
        host = FailingHost(error)
        config = load_config(CONFIGS)
        config = msgspec.structs.replace(
            config, backtest=msgspec.structs.replace(config.backtest, event_store_path=str(tmp_path))
        )
        venue = SimpleNamespace(account="simulated test")
        monkeypatch.setattr(sessions, "build_trading", lambda *_args, **_named: host)
        monkeypatch.setattr(sessions.TradingSession, "_take_signals_back", lambda _self: None)
        monkeypatch.setattr(sessions, "former_account_name", lambda _venue: "")
        session = sessions.TradingSession(config, "paper", venue)
        session._account = venue.account
        task = asyncio.create_task(session._trade(EventStore(tmp_path)))
        async with asyncio.timeout(30):
            await host.begun.wait()
            if error is None:
                task.cancel()
            with pytest.raises(type(error) if error else asyncio.CancelledError):
                await task
        return load_manifest(session.run.folder), host.facts

    return play


async def test_a_session_that_an_error_ends_is_recorded_as_failed_with_the_reason(fail):
    manifest, facts = await fail(BotError("the venue went mad"))
    assert manifest.status is RunStatus.FAILED
    assert manifest.note == "BotError: the venue went mad"
    assert manifest.ended_ns
    assert "the venue went mad" in facts[-1].reason


async def test_a_session_that_was_forced_to_end_is_recorded_as_failed(fail):
    manifest, _ = await fail(None)
    assert manifest.status is RunStatus.FAILED
    assert "forced" in manifest.note


async def test_the_next_session_continues_a_failed_one(fail, tmp_path):
    manifest, _ = await fail(BotError("the venue went mad"))
    found = find_recovery(EventStore(tmp_path), "paper", "simulated test")
    assert found.parent_run == manifest.run_id
    assert found.swept == []


async def test_a_checkpoint_that_fails_is_tried_again_and_told_once_in_a_row(monkeypatch):
    monkeypatch.setattr(sessions, "CHECKPOINT_SECS", 0.0)
    answers, done = [sqlite3.OperationalError("disk I/O error")] * 3 + [None, None], asyncio.Event()

    def checkpoint() -> int:
        if not answers:
            done.set()
            raise sqlite3.OperationalError("again")
        answer = answers.pop(0)
        if answer is not None:
            raise answer
        return 0

    session = sessions.TradingSession(None, "paper", None)
    session.run = SimpleNamespace(journal=SimpleNamespace(checkpoint=checkpoint))
    told: list[str] = []
    session.tell = lambda _severity, text: told.append(text)
    task = asyncio.create_task(session._checkpoint_journal())
    async with asyncio.timeout(10):
        await done.wait()
        while len(told) < 2:
            await asyncio.sleep(0)
    task.cancel()
    assert ["disk I/O error" in told[0], "again" in told[1], len(told)] == [True, True, 2]
