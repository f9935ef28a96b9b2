"""The run file says who runs, to its owner only."""

import os
import stat
from pathlib import Path

import msgspec
import pytest

from nautilus_bot.core.errors import NotRunning, ProcessError
from nautilus_bot.process.identity import process_birth
from nautilus_bot.process.pidfile import (
    RunFile,
    find_run_file,
    load_run_file,
    run_path,
    save_run_file,
)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("BOT_RUN_DIR", str(tmp_path / "run"))
    return tmp_path / "run"


def bot(name: str = "paper", **changes: object) -> RunFile:
    me = RunFile(
        name=name,
        mode="paper",
        pid=os.getpid(),
        birth=process_birth(os.getpid()),
        state="trading",
        started_ns=1,
        token="secret-token",
    )
    return msgspec.structs.replace(me, **changes)


def test_what_was_saved_is_loaded_and_only_its_owner_may_read_it() -> None:
    save_run_file(bot())
    assert load_run_file("paper") == bot()
    assert stat.S_IMODE(run_path("paper").stat().st_mode) == 0o600


def test_a_living_bot_runs_and_one_with_a_reused_id_has_crashed() -> None:
    assert bot().is_running
    assert not bot().has_crashed
    assert bot(birth="boot:another:1").has_crashed
    assert not bot(birth="boot:another:1", state="ended").has_crashed
    assert bot(birth="boot:another:1").uptime_secs == 0.0


def test_nobody_is_found_where_nothing_was_started() -> None:
    assert load_run_file("paper") is None
    with pytest.raises(NotRunning, match="none was ever started here"):
        find_run_file()


def test_the_running_bot_is_meant_and_otherwise_the_latest() -> None:
    save_run_file(bot("old", birth="boot:another:1", started_ns=5))
    save_run_file(bot("older", birth="boot:another:1", started_ns=4))
    assert find_run_file().name == "old"
    save_run_file(bot("runs", started_ns=3))
    assert find_run_file().name == "runs"
    assert find_run_file("older").name == "older"


def test_two_running_bots_have_to_be_told_apart() -> None:
    save_run_file(bot("one"))
    save_run_file(bot("two"))
    with pytest.raises(ProcessError, match="say which with --name"):
        find_run_file()


def test_an_unknown_name_gets_a_hint() -> None:
    save_run_file(bot("paper"))
    with pytest.raises(NotRunning, match="did you mean 'paper'"):
        find_run_file("papr")


def test_a_broken_run_file_is_named(folder: Path) -> None:
    folder.mkdir()
    run_path("paper").write_text("{")
    with pytest.raises(ProcessError, match=r"paper\.json must be a run file"):
        load_run_file("paper")


def test_a_place_that_cannot_be_written_is_named(folder: Path) -> None:
    folder.write_text("a file where the folder should be")
    with pytest.raises(ProcessError, match="must be writable"):
        save_run_file(bot())
