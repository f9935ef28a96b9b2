"""The log: JSON lines, rotated, without secrets, readable while it grows."""

import contextlib
import logging
import os
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from nautilus_bot.core.errors import ProcessError
from nautilus_bot.process.log_file import LogFile, LogLine, parse_printed
from nautilus_bot.process.log_reader import follow_lines, last_lines
from nautilus_bot.process.redaction import Redactor

TELEGRAM = "123456789:AAEhBP0av28abcdefghijklmnopqrstuvwx"


def line(text: str) -> LogLine:
    return LogLine("2026-01-01T00:00:00.000Z", "INFO", "test", text)


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("key is s3cr3t-value here", "key is *** here"),
        ('{"api_key": "abcd1234"}', '{"api_key": "***"}'),
        ("api-secret=abcd1234&x=1", "api-secret=***&x=1"),
        ("Authorization: Bearer abc.def-ghi", "Authorization: Bearer ***"),
        (f"POST /bot{TELEGRAM}/send", "POST /bot***/send"),
        ("token bucket is empty", "token bucket is empty"),
    ],
)
def test_secrets_are_hidden_by_value_and_by_look(text: str, clean: str) -> None:
    assert Redactor(["s3cr3t-value"]).clean(text) == clean


def test_secrets_of_the_environment_are_known() -> None:
    redactor = Redactor.of_environment({"BYBIT_API_SECRET": "from-the-environment"})
    assert redactor.clean("from-the-environment!") == "***!"


def test_a_line_of_nautilus_keeps_its_time_level_and_component() -> None:
    printed = "\x1b[1m2026-11-23T01:10:35.1Z\x1b[0m \x1b[1;33m[WARN] BOT-001.Cache: Residual order\x1b[0m\n"
    assert parse_printed(printed) == LogLine(
        "2026-11-23T01:10:35.1Z", "WARNING", "BOT-001.Cache", "Residual order"
    )
    assert parse_printed("anything else\n").text == "anything else"


def test_the_log_rotates_and_every_line_is_json_without_secrets(tmp_path: Path) -> None:
    path = tmp_path / "bot.log"
    log = LogFile(path, Redactor(["s3cr3t-value"]), file_bytes=400, kept=2)
    for number in range(20):
        log.write_line(line(f"{number} s3cr3t-value"))
    log.close()
    files = sorted(tmp_path.glob("bot.log*"))
    assert [file.name for file in files] == ["bot.log", "bot.log.1", "bot.log.2"]
    for file in files:
        assert file.stat().st_size <= 400
        for text in file.read_bytes().splitlines():
            assert "s3cr3t" not in msgspec.json.decode(text, type=LogLine).text


def test_records_of_the_logging_module_are_written_with_their_traceback(tmp_path: Path) -> None:
    log = LogFile(tmp_path / "bot.log", Redactor())
    record = logging.LogRecord("a.b", logging.ERROR, __file__, 1, "failed: %s", ("x",), None)
    record.exc_text = "Traceback ..."
    log.handle(record)
    log.close()
    (written,) = last_lines(tmp_path / "bot.log", 5)
    assert (written.level, written.logger, written.text) == ("ERROR", "a.b", "failed: x\nTraceback ...")


def test_a_line_that_does_not_fit_on_the_disk_is_dropped_and_counted(tmp_path: Path) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("this system has no /dev/full")
    log = LogFile(tmp_path / "bot.log", Redactor(), file_bytes=0)
    log.stream.close()
    log.stream = open("/dev/full", "w", buffering=1)  # noqa: PTH123, SIM115  the handler closes it
    log.write_line(line("lost"))
    assert log.dropped == 1
    with contextlib.suppress(OSError):
        log.close()


def test_a_log_that_cannot_be_opened_is_named(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("")
    with pytest.raises(ProcessError, match="must be writable"):
        LogFile(tmp_path / "taken" / "bot.log", Redactor())


def test_the_torn_line_of_a_killed_bot_is_still_shown(tmp_path: Path) -> None:
    path = tmp_path / "bot.log"
    path.write_bytes(msgspec.json.encode(line("whole")) + b'\n{"ts":"2026')
    assert [found.text for found in last_lines(path, 10)] == ["whole", '{"ts":"2026']
    assert last_lines(tmp_path / "none.log", 10) == []


def test_following_goes_on_after_a_rotation(tmp_path: Path) -> None:
    path = tmp_path / "bot.log"
    log = LogFile(path, Redactor(), file_bytes=300, kept=3)
    log.write_line(line("before"))
    # following begins at the end of the file as it is at the first step
    steps = iter(range(8))

    def write_next() -> bool:
        step = next(steps, None)
        if step is None:
            return True
        log.write_line(line(f"step {step}"))
        return False

    seen = follow_lines(path, write_next)
    assert [found.text for found in seen] == [f"step {number}" for number in range(8)]
    log.close()


def test_all_output_of_a_process_goes_to_the_log(tmp_path: Path) -> None:
    script = """
import logging, os, subprocess, sys
from pathlib import Path
from nautilus_bot.process.log_file import logged_to
from nautilus_bot.process.redaction import Redactor
with logged_to(Path(sys.argv[1]), Redactor(["s3cr3t-value"])):
    print("printed s3cr3t-value")
    os.write(2, b"from below Python\\n")
    logging.getLogger("mine").warning("logged")
print("afterwards")
"""
    path = tmp_path / "bot.log"
    done = subprocess.run(
        [sys.executable, "-c", script, str(path)],
        capture_output=True,
        text=True,
        check=True,
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[3])},
    )
    assert done.stdout == "afterwards\n"
    assert {found.text for found in last_lines(path, 10)} == {
        "printed ***",
        "from below Python",
        "logged",
    }
