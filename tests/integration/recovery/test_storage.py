"""
What becomes of the bot when its storage fails it: AC-REC-30 to AC-REC-34, on file systems that really do.

Whatever happens, the exchange keeps the stops, nothing is lost, and the operator reads one clear line.
"""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest

from catalog.journal import JOURNAL_FILE
from catalog.manifest import RunStatus, load_manifest, save_manifest
from nautilus_bot.core.clocks import NS_PER_HOUR
from tests.chaos.harness import ERRORS, Kill, Matrix

pytestmark = pytest.mark.timeout(300)


def mount(*words: str) -> bool:
    """Mount something; tell whether that is allowed here."""
    if sys.platform != "linux" or os.geteuid() != 0:
        return False
    return subprocess.run(["mount", *words], capture_output=True, check=False).returncode == 0


@contextmanager
def mounted(folder: Path, *words: str) -> Iterator[None]:
    folder.mkdir(parents=True, exist_ok=True)
    if not mount(*words, str(folder)):
        pytest.skip("mounting a file system is not allowed here")
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def errors_since(folder: Path, size: int) -> str:
    return (folder / ERRORS).read_bytes()[size:].decode(errors="replace")


def size_of_errors(folder: Path) -> int:
    path = folder / ERRORS
    return path.stat().st_size if path.exists() else 0


def start(matrix: Matrix, script: str = "", meanwhile: Callable[[], object] = lambda: None) -> dict:
    code, said = matrix.run(Kill("", script), meanwhile)
    assert code == 0
    return said[-1]


def test_ac_rec_30_a_read_only_directory_stops_the_start_with_one_line(matrix: Matrix) -> None:
    start(matrix, "resume,ETHUSDT:BUY:1.5")
    events, orders = matrix.store.root, matrix.rest.open_orders()
    runs, before = len(matrix.store.runs()), size_of_errors(events.parent)
    with mounted(events, "--bind", str(events)):
        if not mount("-o", "remount,ro,bind", str(events)):
            pytest.skip("a bind mount cannot be made read-only here")
        code, said = matrix.run(Kill("", "BTCUSDT:BUY:1.5"))

    assert code == 1
    assert said == []
    text = errors_since(events.parent, before)
    assert f"must be able to write its journal below {events}, but: Read-only file system" in text
    assert len(matrix.store.runs()) == runs
    assert matrix.rest.open_orders() == orders
    assert "BTCUSDT" not in matrix.rest.positions()
    assert matrix.compare(start(matrix)) == []


def test_ac_rec_31_a_disk_that_fills_up_halts_entries_and_the_next_start_knows_all(matrix: Matrix) -> None:
    folder = matrix.store.root / "runs"
    kept = matrix.store.root / "kept"
    folder.rename(kept)
    with mounted(folder, "-t", "tmpfs", "-o", "size=24m", "tmpfs"):
        subprocess.run(["cp", "-a", f"{kept}/.", str(folder)], check=True)

        def fill() -> None:
            free = os.statvfs(folder)
            with (folder / "filler").open("wb") as filler:
                os.posix_fallocate(filler.fileno(), 0, free.f_bavail * free.f_frsize)

        before = size_of_errors(matrix.store.root.parent)
        code, said = matrix.run(Kill("", "hold:3,flood,BTCUSDT:BUY:2,hold:1"), fill)
        belief = said[-1]
        assert code == 1, "not even its end could be recorded: the operator must hear of it"
        assert "No space left on device" in errors_since(matrix.store.root.parent, before)
        assert "cannot be written" in belief["halt"]
        assert Decimal(belief["net"]["BTCUSDT"]) == 0, "nothing may open risk that cannot be recorded"
        assert any("-S" in row["orderLinkId"] for row in matrix.rest.open_orders()), "the stop stays"
        (folder / "filler").unlink()
        assert matrix.compare(start(matrix)) == []
        subprocess.run(["cp", "-a", f"{folder}/.", str(kept)], check=True)
    folder.rmdir()
    kept.rename(folder)
    assert matrix.compare(start(matrix, "resume")) == []


def test_ac_rec_32_two_bots_on_one_account_the_second_is_refused_with_the_firsts_process(
    matrix: Matrix,
) -> None:
    before = size_of_errors(matrix.store.root.parent)
    second: list[tuple[int, list[dict]]] = []
    tried = matrix.store.root.parent / "tried"

    def try_another() -> None:
        second.append(matrix.run(Kill("", "BTCUSDT:BUY:1.5")))
        tried.touch()

    start(matrix, f"until:{tried.name}", try_another)

    assert second == [(1, [])]
    text = errors_since(matrix.store.root.parent, before)
    assert "one bot may trade an account, but process" in text
    assert matrix.compare(start(matrix)) == []


def test_ac_rec_33_a_wall_clock_that_was_set_back_gives_no_id_twice(matrix: Matrix) -> None:
    first = start(matrix, "resume,BTCUSDT:BUY:1.5")
    folder = matrix.store.folder(first["run"])
    manifest = load_manifest(folder)
    ahead = msgspec.structs.replace(manifest, started_ns=manifest.started_ns + NS_PER_HOUR)
    save_manifest(folder, ahead)

    belief = start(matrix, "BTCUSDT:SELL:1.5")

    assert matrix.compare(belief) == []
    followed = load_manifest(matrix.store.folder(belief["run"]))
    assert followed.parent_run == first["run"]
    assert followed.started_ns > ahead.started_ns > time.time_ns()
    assert followed.session > manifest.session
    ids = [fill.client_order_id.value for fill in matrix.recorded("OrderInitialized")]
    assert len(ids) == len(set(ids))


def test_ac_rec_34_a_journal_damaged_while_the_bot_runs_halts_the_next_start_until_resume(
    matrix: Matrix,
) -> None:
    held = start(matrix, "resume,ETHUSDT:SELL:1,ETHUSDT:BUY:1,BTCUSDT:BUY:1")

    def damage() -> None:
        journal = matrix.store.folder(matrix.store.latest().run_id) / JOURNAL_FILE
        for path in (journal, Path(f"{journal}-wal")):
            content = bytearray(path.read_bytes())
            middle = len(content) // 2
            content[middle : middle + 64] = bytes(64) if any(content[middle : middle + 64]) else b"x" * 64
            with path.open("r+b") as file:
                file.write(content[: middle + 64])

    code, _ = matrix.run(Kill("time:25", "hold:3,snapshot,hold:2"), damage)
    assert code in (0, -9, 1)
    belief = start(matrix)

    damaged = [one for one in matrix.store.runs() if one.status is RunStatus.QUARANTINED]
    assert len(damaged) <= 1
    if damaged:
        assert "run " + damaged[0].run_id in belief["halt"]
    held_there = {symbol: one.quantity for symbol, one in matrix.rest.positions().items()}
    assert {symbol: Decimal(net) for symbol, net in belief["net"].items() if Decimal(net)} == held_there
    assert belief["ledgers"] == held["ledgers"]
