"""The control API over a real socket: who is let in, what is answered, what is refused."""

import asyncio
import http.client
import json
from collections.abc import AsyncIterator, Callable
from typing import Any

import msgspec
import pytest

from nautilus_bot.control.client import ControlClient
from nautilus_bot.control.openapi import build_openapi
from nautilus_bot.control.routes import ROUTES
from nautilus_bot.control.server import ControlServer, open_control_socket
from nautilus_bot.core.control import (
    AnyCommand,
    BotStatus,
    CloseSymbol,
    HaltTrading,
    Health,
    HealthCheck,
    JournalState,
    Outcome,
    PauseStrategy,
    StopBot,
)
from nautilus_bot.core.errors import NotRunning, ProcessError, Unresponsive
from nautilus_bot.core.snapshot import Account, BreakerState, SignalLine, Snapshot

TOKEN = "the-right-token"
ACCOUNT = Account(
    balance_usdt=10_000.0,
    equity_usdt=10_001.0,
    unrealized_usdt=1.0,
    realized_usdt=0.0,
    fees_usdt=0.0,
    peak_usdt=10_001.0,
    drawdown_pct=0.0,
    daily_loss_pct=0.0,
    gross_exposure_usdt=0.0,
    net_exposure_usdt=0.0,
)


def signal(number: int) -> SignalLine:
    return SignalLine(
        ts_event=number,
        signal_id=f"S-{number}",
        strategy="A",
        strategy_id="A-1",
        instrument_id="BTCUSDT-LINEAR.BYBIT",
        side="BUY",
        confidence=0.5,
        price="1",
        stop="0.9",
        target="1.2",
        why="",
        closes=False,
        state="pending",
    )


class Bot:
    """A bot that remembers what it was asked."""

    def __init__(self) -> None:
        self.obeyed: list[tuple[AnyCommand, str]] = []
        self.ok = True

    def status(self) -> BotStatus:
        return BotStatus(
            run_id="run-1",
            mode="paper",
            environment="simulated",
            pid=1,
            started_ns=1,
            uptime_secs=1.0,
            market_ns=1,
            feed_age_secs=0.1,
            account=ACCOUNT,
            breakers=BreakerState(state="active"),
            positions=(),
            orders=0,
            signals_generated=3,
            signals_executed=1,
            signals_refused={"throttle": 2},
            trades=0,
            strategies=("A-1",),
            journal=JournalState(seq=7, idle_secs=0.0, size_bytes=1),
            health=self.health(),
        )

    def health(self) -> Health:
        check = HealthCheck(name="stops", ok=self.ok, text="as told")
        return Health(ok=self.ok, beat=1, seq=7, checks=(check,))

    def snapshot(self) -> Snapshot:
        return Snapshot(
            market_ns=1,
            events=3,
            gaps=0,
            feed_age_secs=0.1,
            account=ACCOUNT,
            breakers=BreakerState(state="active"),
            signals=tuple(signal(number) for number in range(30)),
        )

    def obey(self, command: AnyCommand, author: str) -> Outcome:
        self.obeyed.append((command, author))
        match command:
            case PauseStrategy():
                return Outcome(False, "no such strategy")
            case StopBot():
                raise RuntimeError("it broke")
        return Outcome(True, "done")


@pytest.fixture
def bot() -> Bot:
    return Bot()


@pytest.fixture
async def server(bot: Bot) -> AsyncIterator[ControlServer]:
    running = ControlServer(bot, TOKEN, open_control_socket(0))
    await running.start()
    yield running
    await running.stop()


async def ask[T](server: ControlServer, question: Callable[[ControlClient], T], token: str = TOKEN) -> T:
    return await asyncio.to_thread(question, ControlClient(server.url, token))


async def raw(server: ControlServer, method: str, path: str, **kwargs: Any) -> tuple[int, Any]:
    def exchange() -> tuple[int, Any]:
        connection = http.client.HTTPConnection(server.url.removeprefix("http://"), timeout=60)
        headers = {"Authorization": f"Bearer {TOKEN}"}
        connection.request(method, path, headers=kwargs.pop("headers", headers), **kwargs)
        response = connection.getresponse()
        body = json.loads(response.read())
        connection.close()
        return response.status, body

    return await asyncio.to_thread(exchange)


async def test_every_question_gets_the_bots_own_answer(bot: Bot, server: ControlServer) -> None:
    assert await ask(server, lambda client: client.status()) == bot.status()
    assert await ask(server, lambda client: client.health()) == bot.health()
    assert await ask(server, lambda client: client.snapshot()) == bot.snapshot()
    assert await ask(server, lambda client: client.positions()) == ()
    assert await ask(server, lambda client: client.orders()) == ()
    assert (await ask(server, lambda client: client.profit())).account == ACCOUNT


async def test_the_latest_signals_are_counted_from_the_end(server: ControlServer) -> None:
    assert await ask(server, lambda client: client.signals(2)) == (signal(28), signal(29))
    assert len(await ask(server, lambda client: client.signals())) == 20
    for wrong in ("0", "-1", "x", "%D9%A1"):  # the last is an Arabic one
        status, body = await raw(server, "GET", f"/v1/signals?last={wrong}")
        assert status == 400
        assert "last must be a whole number" in body["error"]


async def test_an_unhealthy_bot_answers_503_and_the_client_reads_it(bot: Bot, server: ControlServer) -> None:
    bot.ok = False
    assert (await raw(server, "GET", "/v1/health"))[0] == 503
    assert not (await ask(server, lambda client: client.health())).ok


async def test_a_command_is_obeyed_in_its_authors_name(bot: Bot, server: ControlServer) -> None:
    outcome = await ask(server, lambda client: client.send(CloseSymbol(symbol="BTCUSDT"), "telegram:42"))
    assert outcome == Outcome(True, "done")
    assert bot.obeyed == [(CloseSymbol(symbol="BTCUSDT"), "telegram:42")]


async def test_a_refused_command_is_an_answer(server: ControlServer) -> None:
    outcome = await ask(server, lambda client: client.send(PauseStrategy(strategy="X"), "cli:me"))
    assert outcome == Outcome(False, "no such strategy")


async def test_a_command_that_breaks_is_told_and_the_server_lives(server: ControlServer) -> None:
    with pytest.raises(ProcessError, match="it broke"):
        await ask(server, lambda client: client.send(StopBot(), "cli:me"))
    assert (await ask(server, lambda client: client.status())).run_id == "run-1"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        b'{"author": "x", "command": {"command": "explode"}}',
        b'{"author": "x", "command": {"command": "halt", "because": "x"}}',
        b'{"author": "", "command": {"command": "halt"}}',
        b'{"author": "a\\nb", "command": {"command": "halt"}}',
        b'{"author": "x", "command": {"command": "inject", "symbol": "A", "side": "BUY", "confidence": 2}}',
    ],
)
async def test_what_is_no_command_is_refused(bot: Bot, server: ControlServer, body: bytes) -> None:
    assert (await raw(server, "POST", "/v1/commands", body=body))[0] == 400
    assert bot.obeyed == []


@pytest.mark.parametrize("shown", ["", "Bearer wrong", "Basic the-right-token", TOKEN])
async def test_nobody_without_the_token_is_let_in(bot: Bot, server: ControlServer, shown: str) -> None:
    headers = {"Authorization": shown} if shown else {}
    for route in ROUTES:
        assert (await raw(server, route.method, route.path, headers=headers))[0] == 401
    assert bot.obeyed == []


async def test_a_flood_is_refused_and_never_keeps_a_halt_from_coming_through(bot: Bot) -> None:
    server = ControlServer(bot, TOKEN, open_control_socket(0), per_sec=0.001)
    await server.start()
    try:
        strangers = [(await raw(server, "POST", "/v1/commands", headers={}))[0] for _ in range(3)]
        assert strangers == [401, 429, 429]
        assert [(await raw(server, "GET", "/v1/status"))[0] for _ in range(3)] == [200, 429, 429]
        assert (await ask(server, lambda client: client.send(HaltTrading(), "cli:me"))).done
        with pytest.raises(ProcessError, match="429"):
            await ask(server, lambda client: client.send(HaltTrading(), "cli:me"))
        assert len(bot.obeyed) == 1
    finally:
        await server.stop()


async def test_a_body_that_is_too_large_and_an_unknown_path_are_refused(server: ControlServer) -> None:
    assert (await raw(server, "POST", "/v1/commands", body=b"x" * 100_000))[0] == 413
    assert (await raw(server, "GET", "/v1/nothing"))[0] == 404
    assert (await raw(server, "DELETE", "/v1/status"))[0] == 405


async def test_the_document_lists_every_route_and_resolves_every_reference(server: ControlServer) -> None:
    status, document = await raw(server, "GET", "/openapi.json", headers={})
    assert status == 200
    assert document == json.loads(msgspec.json.encode(build_openapi()))
    assert {(path, method) for path, operations in document["paths"].items() for method in operations} == {
        (route.path, route.method.lower()) for route in ROUTES
    }
    text = json.dumps(document)
    references = {part.split('"')[0] for part in text.split("#/components/schemas/")[1:]}
    assert references <= document["components"]["schemas"].keys()
    words = {
        "halt",
        "reduce_only",
        "resume_trading",
        "pause",
        "resume",
        "close",
        "close_all",
        "stop",
        "inject",
    }
    for word in words:
        assert f'"{word}"' in text


async def test_the_client_tells_a_dead_bot_from_a_hanging_one(server: ControlServer) -> None:
    await server.stop()
    with pytest.raises(NotRunning, match="a bot must listen on"):
        await ask(server, lambda client: client.status())
    silent = open_control_socket(0)
    try:
        client = ControlClient(f"http://127.0.0.1:{silent.getsockname()[1]}", TOKEN, timeout_secs=0.2)
        with pytest.raises(Unresponsive, match=r"within 0\.2 s"):
            await asyncio.to_thread(client.status)
    finally:
        silent.close()


def test_a_port_in_use_is_named() -> None:
    taken = open_control_socket(0)
    port = taken.getsockname()[1]
    try:
        with pytest.raises(ProcessError, match=f"control port {port} must be free"):
            open_control_socket(port)
    finally:
        taken.close()
