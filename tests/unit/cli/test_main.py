"""The command line: exit codes, one error line, one JSON document, quick help."""

import errno
import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import typer

from nautilus_bot.cli import main as cli
from nautilus_bot.cli.commands import COMMANDS, Command
from nautilus_bot.cli.extras import EXTRA_OF
from nautilus_bot.core.errors import NotFound, NotRunning, StopTimeout

CONFIGS = Path(__file__).parents[3] / "configs"
PYPROJECT = CONFIGS.parent / "pyproject.toml"
Captured = pytest.CaptureFixture[str]


def use_command(monkeypatch: pytest.MonkeyPatch, error: BaseException) -> None:
    def fail(as_json: bool = typer.Option(False, "--json")) -> None:
        raise error

    monkeypatch.setattr(cli, "COMMANDS", (Command("fail", "x:y", "Fail.", "Test", ()),))
    monkeypatch.setattr(cli, "load_target", lambda _: fail)


def test_help_lists_every_command_without_importing_any() -> None:
    code = (
        "import sys; from nautilus_bot.cli.main import main; assert main(['--help']) == 0;"
        "loaded = {name.partition('.')[0] for name in sys.modules};"
        "assert not loaded & {'nautilus_trader', 'pandas', 'numpy', 'duckdb', 'pyarrow'}, loaded"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    for command in COMMANDS:
        assert f" {command.name} " in done.stdout


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_every_command_exists_and_shows_an_example(command: Command, capsys: Captured) -> None:
    assert cli.main([command.name, "--help"]) == 0
    shown = " ".join(capsys.readouterr().out.split())
    assert command.examples
    for example in command.examples:
        assert example.split()[0] in shown
    assert "$ " in shown


@pytest.mark.parametrize(
    ("package", "extra"), [("numba", "research"), ("optuna.samplers", "research"), ("redis", "redis")]
)
def test_a_command_without_its_extra_says_how_to_install_it(
    monkeypatch: pytest.MonkeyPatch, capsys: Captured, package: str, extra: str
) -> None:
    use_command(monkeypatch, ModuleNotFoundError(f"No module named {package!r}", name=package))
    assert cli.main(["fail", "--json"]) == 4
    error = json.loads(capsys.readouterr().out)["error"]
    assert f"{sys.executable} -m pip install 'nautilus-bot[{extra}]'" in error


def test_every_package_of_an_extra_is_known_to_the_message() -> None:
    project = tomllib.loads(PYPROJECT.read_text(encoding="utf-8"))["project"]
    declared = {
        (re.split("[>=]", requirement)[0].removesuffix("-binary"), extra)
        for extra, requirements in project["optional-dependencies"].items()
        for requirement in requirements
    }
    assert declared == set(EXTRA_OF.items())


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_every_command_takes_json(command: Command) -> None:
    target = cli.load_target(command)
    functions = (
        [info.callback for info in target.registered_commands]
        if isinstance(target, typer.Typer)
        else [target]
    )
    for function in functions:
        assert function is not None
        assert "as_json" in function.__annotations__, f"{command.name}: {function.__name__} has no --json"


def test_no_word_at_all_asks_for_help(capsys: Captured) -> None:
    assert cli.main([]) == 0
    assert "Usage: nautilus-bot" in capsys.readouterr().out


def test_an_unknown_command_is_bad_usage_with_a_hint(capsys: Captured) -> None:
    assert cli.main(["versoin"]) == 4
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("error: No such command 'versoin'. Did you mean 'version'?")


def test_an_unknown_flag_is_bad_usage_with_a_hint(capsys: Captured) -> None:
    assert cli.main(["version", "--jsno"]) == 4
    assert "No such option: --jsno" in capsys.readouterr().err


def test_an_unknown_flag_with_json_is_one_document(capsys: Captured) -> None:
    assert cli.main(["version", "--jsno", "--json"]) == 4
    captured = capsys.readouterr()
    document = json.loads(captured.out)
    assert "--jsno" in document["error"]
    assert document["exit_code"] == 4
    assert captured.err == ""


@pytest.mark.parametrize(
    ("error", "code"), [(NotFound("no run"), 2), (NotRunning("no bot"), 3), (StopTimeout("slow"), 5)]
)
def test_a_failure_is_one_line_and_its_exit_code(
    error: Exception, code: int, monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    use_command(monkeypatch, error)
    assert cli.main(["fail"]) == code
    assert capsys.readouterr().err == f"error: {error}\n"
    assert cli.main(["fail", "--json"]) == code
    assert json.loads(capsys.readouterr().out) == {"error": str(error), "exit_code": code}


def test_a_bug_is_one_line_with_the_path_of_its_traceback(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    monkeypatch.setenv("BOT_LOG_DIR", str(tmp_path))
    use_command(monkeypatch, ZeroDivisionError("a bug"))
    assert cli.main(["fail"]) == 1
    (log,) = tmp_path.iterdir()
    line = capsys.readouterr().err
    assert line == f"error: unexpected ZeroDivisionError: a bug (traceback in {log})\n"
    assert "ZeroDivisionError: a bug" in log.read_text()
    assert "Traceback" in log.read_text()


def test_a_missing_configuration_is_not_found(tmp_path: Path, capsys: Captured) -> None:
    assert cli.main(["config", "check", "-c", str(tmp_path)]) == 2
    assert f"{tmp_path / 'backtest.json'}: a configuration file must exist here" in capsys.readouterr().err


def test_the_shipped_configuration_checks_out(capsys: Captured) -> None:
    assert cli.main(["config", "check", "-c", str(CONFIGS), "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["ok"] is True
    assert len(document["strategies"]) == 6


def test_show_prints_what_the_environment_changed(monkeypatch: pytest.MonkeyPatch, capsys: Captured) -> None:
    monkeypatch.setenv("BOT_BACKTEST__CAPITAL_USDT", "12345")
    assert cli.main(["config", "show", "-c", str(CONFIGS)]) == 0
    assert "backtest.capital_usdt = 12345.0" in capsys.readouterr().out


def test_stale_schemas_are_an_error_that_says_what_to_run(tmp_path: Path, capsys: Captured) -> None:
    assert cli.main(["config", "schema", str(tmp_path)]) == 4
    assert "config schema --write" in capsys.readouterr().err
    assert cli.main(["config", "schema", str(tmp_path), "--write"]) == 0
    assert cli.main(["config", "schema", str(tmp_path)]) == 0


def test_a_secret_in_the_words_of_an_error_is_hidden(
    monkeypatch: pytest.MonkeyPatch, capsys: Captured, tmp_path: Path
) -> None:
    monkeypatch.setenv("BYBIT_API_KEY", "hidden-key")
    monkeypatch.setenv("BOT_LOG_DIR", str(tmp_path))
    use_command(monkeypatch, ValueError("cannot sign 123hidden-key5000; api_key: must be right"))
    assert cli.main(["fail"]) == 1
    said = capsys.readouterr().err
    assert "123***5000; api_key: must be right" in said
    (written,) = tmp_path.iterdir()
    assert "hidden-key" not in said + written.read_text()


@pytest.mark.parametrize("words", [["fail"], ["fail", "--json"]])
def test_ctrl_c_says_that_the_command_was_interrupted(
    monkeypatch: pytest.MonkeyPatch, capsys: Captured, words: list[str]
) -> None:
    use_command(monkeypatch, KeyboardInterrupt())
    assert cli.main(words) == 130
    shown = capsys.readouterr()
    if "--json" in words:
        assert json.loads(shown.out) == {"error": "interrupted", "exit_code": 130}
    else:
        assert shown.err == "error: interrupted\n"


@pytest.mark.parametrize(
    ("number", "told"), [(errno.ENOSPC, "must have room"), (errno.EACCES, "open to this user")]
)
def test_a_full_disk_or_a_closed_folder_is_one_line_without_a_traceback(
    monkeypatch: pytest.MonkeyPatch, capsys: Captured, tmp_path: Path, number: int, told: str
) -> None:
    monkeypatch.setenv("BOT_LOG_DIR", str(tmp_path))
    use_command(monkeypatch, OSError(number, os.strerror(number), "data_catalog/bar.parquet"))
    assert cli.main(["fail"]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert told in line
    assert "data_catalog/bar.parquet" in line
    assert not list(tmp_path.iterdir())


def test_start_without_a_mode_has_the_options_of_paper(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: Captured
) -> None:
    monkeypatch.setenv("BOT_RUN_DIR", str(tmp_path / "run"))
    monkeypatch.setenv("BOT_LOG_DIR", str(tmp_path / "log"))
    assert cli.main(["start", "--speed", "nonsense"]) == 4
    assert "Invalid value for '--speed'" in capsys.readouterr().err
    assert cli.main(["start", "papr", "--speed", "60"]) == 4
    assert "No such command 'papr'" in capsys.readouterr().err
