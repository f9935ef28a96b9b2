"""The watchdog tells each trouble once and acts by its policy; it sees a bot through the real control API."""

import asyncio
import os
import threading
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from nautilus_bot.control.server import ControlServer, open_control_socket
from nautilus_bot.core.control import (
    AnyCommand,
    BotStatus,
    CloseAll,
    HaltTrading,
    Health,
    HealthCheck,
    Outcome,
)
from nautilus_bot.core.snapshot import Snapshot
from nautilus_bot.process.identity import process_birth
from nautilus_bot.process.pidfile import RunFile, save_run_file
from nautilus_bot.process.watchdog import Limits, Policy, Watchdog

TOKEN = "token"


class Bot:
    """A bot whose health can be set."""

    def __init__(self) -> None:
        self.health_now = Health(ok=True, beat=1, seq=1, checks=())
        self.obeyed: list[AnyCommand] = []

    def health(self) -> Health:
        return self.health_now

    def status(self) -> BotStatus:
        raise NotImplementedError

    def snapshot(self) -> Snapshot:
        raise NotImplementedError

    def obey(self, command: AnyCommand, author: str) -> Outcome:
        assert author == "watchdog"
        self.obeyed.append(command)
        return Outcome(True, "done")

    def tick(self, **checks: bool) -> None:
        self.health_now = Health(
            ok=all(checks.values()),
            beat=self.health_now.beat + 1,
            seq=self.health_now.seq + 1,
            checks=tuple(HealthCheck(name=name, ok=ok, text=name) for name, ok in checks.items()),
        )


@pytest.fixture
def bot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bot]:
    monkeypatch.setenv("BOT_RUN_DIR", str(tmp_path))
    served = Bot()
    bound = open_control_socket(0)
    save_run_file(run_file(control_url=f"http://127.0.0.1:{bound.getsockname()[1]}"))
    loop = asyncio.new_event_loop()
    server = ControlServer(served, TOKEN, bound)
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    asyncio.run_coroutine_threadsafe(server.start(), loop).result(60)
    yield served
    asyncio.run_coroutine_threadsafe(server.stop(), loop).result(60)
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()


def run_file(**changes: object) -> RunFile:
    me = RunFile(
        name="paper",
        mode="paper",
        pid=os.getpid(),
        birth=process_birth(os.getpid()),
        state="trading",
        started_ns=1,
        token=TOKEN,
    )
    return msgspec.structs.replace(me, **changes)


class Scene:
    """A watchdog with a clock of its own, and what it told."""

    def __init__(self, policy: Policy = "alert") -> None:
        self.now = 0.0
        self.told: list[tuple[str, str]] = []
        limits = Limits(answer_secs=60.0, misses=2, stall_secs=60.0)
        self.dog = Watchdog("paper", policy, lambda *alert: self.told.append(alert), limits, lambda: self.now)


def test_a_bot_that_is_well_is_not_talked_about(bot: Bot) -> None:
    scene = Scene()
    for _ in range(5):
        bot.tick(feed=True)
        assert scene.dog.look() == {}
    assert scene.told == []


def test_a_trouble_is_told_once_and_so_is_its_end(bot: Bot) -> None:
    scene = Scene()
    for feed in (True, False, False, True):
        bot.tick(feed=feed)
        scene.dog.look()
    assert [severity for severity, _ in scene.told] == ["critical", "info"]
    assert "feed is over" in scene.told[-1][1]


def test_a_loop_that_stands_still_is_hanging(bot: Bot) -> None:
    scene = Scene()
    bot.tick()
    looks = [scene.dog.look() for _ in range(4)]
    assert [set(found) for found in looks] == [set(), set(), {"hanging"}, {"hanging"}]
    bot.tick()
    assert scene.dog.look() == {}


def test_a_journal_that_stands_still_is_stalled(bot: Bot) -> None:
    scene = Scene()
    bot.tick()
    scene.dog.look()
    seq = bot.health_now.seq
    for secs in (30.0, 61.0):
        scene.now = secs
        bot.tick()
        bot.health_now = msgspec.structs.replace(bot.health_now, seq=seq)
        found = scene.dog.look()
    assert "stood still for 61 s" in found["stalled"]


def test_a_position_without_a_stop_is_closed_by_policy_only(bot: Bot) -> None:
    for policy, commands in (("alert", []), ("restart", []), ("flatten", [HaltTrading, CloseAll])):
        bot.obeyed.clear()
        scene = Scene(policy)  # type: ignore[arg-type]
        bot.tick(stops=False)
        scene.dog.look()
        scene.dog.look()
        assert [type(command) for command in bot.obeyed] == commands


def test_a_dead_bot_is_told_and_one_that_was_stopped_is_not(bot: Bot) -> None:
    scene = Scene()
    save_run_file(run_file(birth="boot:another:1"))
    assert "died without a word" in scene.dog.look()["dead"]
    save_run_file(run_file(birth="boot:another:1", state="ended"))
    assert scene.dog.look() == {}
    save_run_file(run_file(birth="boot:another:1", state="failed", reason="no keys"))
    assert scene.dog.look() == {"dead": "it failed: no keys"}


def test_a_bot_that_cannot_be_started_again_is_given_up_after_three_tries(
    bot: Bot, monkeypatch: pytest.MonkeyPatch
) -> None:
    # the arguments it was started with are refused by the command line at once
    monkeypatch.setenv("BOT_LOG_DIR", str(Path(os.environ["BOT_RUN_DIR"]) / "log"))
    scene = Scene("restart")
    for _ in range(5):
        save_run_file(run_file(birth="boot:another:1", arguments=("--no-such-option",)))
        scene.dog.look()
        save_run_file(run_file(state="ended"))
        scene.dog.look()
    tries = [text for _, text in scene.told if "could not be started again" in text]
    assert len(tries) == 3
    assert any("left as it is" in text for _, text in scene.told)
