"""``nautilus-bot telegram`` as a process: killed, started again, tested, refused."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from monitoring.telegram.outbox import Outbox
from nautilus_bot.process.identity import process_birth
from nautilus_bot.process.pidfile import RunFile
from tests.integration.telegram.beside import Beside, until
from tests.integration.telegram.bot_api_server import TOKEN, BotApiServer, hang_up, too_many
from tests.integration.telegram.conftest import Recording

if sys.platform == "win32":
    pytest.skip("it is killed with a signal that Windows has not", allow_module_level=True)

NAME = "recorded"


@pytest.fixture
async def play(
    tmp_path: Path, recording: Recording, api: BotApiServer
) -> AsyncIterator[Callable[..., Beside]]:
    """Return the process with some settings, beside a bot that this test plays: the run file names us."""
    played: list[Beside] = []

    def beside(**alerts: object) -> Beside:
        write_run_file(tmp_path, recording)
        played.append(Beside(tmp_path, api, NAME, **alerts))
        return played[-1]

    yield beside
    for one in played:
        one.kill_if_left()


@pytest.fixture
async def telegram(play: Callable[..., Beside]) -> Beside:
    """Return the process with the settings of most tests."""
    return play()


def write_run_file(folder: Path, recording: Recording, **changes: object) -> None:
    played = RunFile(
        name=NAME,
        mode="paper",
        pid=os.getpid(),
        birth=process_birth(os.getpid()),
        state="trading",
        started_ns=1,
        run_id=recording.run.run_id,
    )
    (folder / "run").mkdir(exist_ok=True)
    content = msgspec.json.encode(msgspec.structs.replace(played, **changes))
    # replaced whole, as a bot does it: others read it at any moment
    draft = folder / "run" / f"{NAME}.json.tmp"
    draft.write_bytes(content)
    draft.replace(folder / "run" / f"{NAME}.json")


async def slowly(_request: object) -> None:
    await asyncio.sleep(0.05)


async def test_killed_and_started_again_it_loses_nothing_critical_and_doubles_nothing_unsaid(
    telegram: Beside, recording: Recording, api: BotApiServer
) -> None:
    telegram.start()
    await telegram.listens(api)
    texts = [f"critical {number:02}" for number in range(40)]
    for kill in range(3):
        api.faults.extend([slowly] * 40)
        recording.notice("critical", *texts[kill * 10 : kill * 10 + 5])
        before = len(api.sent)
        await until(lambda: len(api.sent) > before)  # noqa: B023  awaited at once
        assert await telegram.end(signal.SIGKILL) == -signal.SIGKILL
        recording.notice("critical", *texts[kill * 10 + 5 : kill * 10 + 10])
        telegram.start()
    recording.notice("critical", *texts[30:])
    await until(lambda: all(text in "\n".join(api.texts) for text in texts))
    assert await telegram.end() == 0

    doubted = [message for message in api.texts if "repetition" in message]
    assert len(doubted) <= 3, "a kill may leave one message in doubt"
    sure = "\n".join(message for message in api.texts if "repetition" not in message)
    assert [text for text in texts if sure.count(text) > 1] == []
    told = api.texts
    first = {text: next(n for n, part in enumerate(told) if text in part) for text in texts}
    assert sorted(texts, key=lambda text: (first[text], told[first[text]].index(text))) == texts


async def test_a_bot_that_died_is_told_once_also_over_a_restart(
    telegram: Beside, recording: Recording, api: BotApiServer, tmp_path: Path
) -> None:
    telegram.start()
    await telegram.listens(api)
    recording.notice("critical", "last words")
    write_run_file(tmp_path, recording, birth="boot:gone:1")
    await until(lambda: len(api.sent) == 2)
    assert "last words" in api.texts[0]
    assert "died without a word while trading" in api.texts[1]
    assert await telegram.end() == 0
    telegram.start()
    await telegram.listens(api)
    recording.notice("critical", "a word from beyond")
    await until(lambda: len(api.sent) > 2)
    assert await telegram.end() == 0
    assert "a word from beyond" in api.texts[2]
    assert len(api.sent) == 3


async def test_the_daily_report_comes_once_a_day_also_over_a_restart(
    play: Callable[..., Beside], recording: Recording, api: BotApiServer
) -> None:
    beside = play(daily_report_hour=0)
    first_day = datetime.now(UTC).date()
    for start in (1, 2):
        beside.start()
        await beside.listens(api)
        recording.notice("critical", f"start {start}")
        await until(lambda: f"start {start}" in "\n".join(api.texts))  # noqa: B023  awaited at once
        await until(lambda: "Equity" in "\n".join(api.texts))
        assert await beside.end() == 0
    days = (datetime.now(UTC).date() - first_day).days + 1
    assert 1 <= sum("Equity" in text for text in api.texts) <= days


async def test_a_test_message_says_whether_it_arrived(telegram: Beside, api: BotApiServer) -> None:
    telegram.start("--test")
    assert await telegram.wait() == 0
    assert "Telegram works" in api.texts[0]
    assert "arrived in chat" in telegram.printed.read_text()
    api.faults.append(hang_up)
    telegram.start("--test", "--json")
    assert await telegram.wait() == 5
    await api.stop()
    telegram.start("--test")
    assert await telegram.wait() == 5
    assert TOKEN not in telegram.printed.read_text()


async def test_a_token_that_is_refused_ends_it_with_one_line(
    telegram: Beside, api: BotApiServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    wrong = "999999999:AAwrong_but-long-enough-to-be-a-real-one"
    monkeypatch.setattr("tests.integration.telegram.beside.TOKEN", wrong)
    for words in ((), ("--test",)):
        telegram.start(*words)
        assert await telegram.wait() == 4
    said = telegram.printed.read_text()
    assert said.count("TELEGRAM_BOT_TOKEN") == 2
    assert wrong not in said
    assert "Traceback" not in said


async def test_only_one_polls_for_a_bot(telegram: Beside, api: BotApiServer) -> None:
    telegram.start()
    await telegram.listens(api)
    first = telegram._process
    telegram.start()
    assert await telegram.wait() == 1
    assert "only one" in telegram.printed.read_text()
    telegram._process = first
    api.faults.append(too_many(1))
    assert await telegram.end(signal.SIGINT) == 0


async def test_what_the_watchdog_finds_is_told_by_the_same_queue(
    telegram: Beside, recording: Recording, api: BotApiServer, tmp_path: Path
) -> None:
    telegram.start()
    await telegram.listens(api)
    write_run_file(tmp_path, recording, state="failed", reason="the exchange <is> gone")
    await until(lambda: any("failed: the exchange &lt;is&gt; gone" in text for text in api.texts))
    assert await telegram.watchdog() == 1
    await until(lambda: any("CRITICAL</b> watchdog: bot" in text for text in api.texts))
    assert await telegram.end() == 0


async def test_started_while_telegram_is_out_of_reach_it_tells_later_and_stops_at_once_when_told(
    telegram: Beside, recording: Recording, api: BotApiServer, tmp_path: Path
) -> None:
    await api.stop()
    queue = Outbox(tmp_path / "run" / f"{NAME}.telegram.sqlite")
    telegram.start()
    await until(lambda: queue.cursor(NAME))
    recording.notice("critical", "unheard")
    await until(lambda: queue.knows(f"{recording.run.run_id}:1"))
    queue.close()
    assert await telegram.end() == 0
    assert "1 notifications wait" in telegram.printed.read_text()
    telegram.start()
    await api.start()
    await until(lambda: api.sent)
    assert "unheard" in api.texts[0]
    assert await telegram.end() == 0
