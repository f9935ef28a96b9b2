"""PowerShell and batch launchers parse, by the grammars that editors use; units call what exists."""

import configparser
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

tree_sitter = pytest.importorskip("tree_sitter")
powershell = pytest.importorskip("tree_sitter_powershell")
batch = pytest.importorskip("tree_sitter_batch")

ROOT = Path(__file__).parents[3]
EXECUTABLES = ROOT / "executables"


def errors(grammar: ModuleType, source: bytes) -> list[str]:
    parser = tree_sitter.Parser(tree_sitter.Language(grammar.language()))
    found, waiting = [], [parser.parse(source).root_node]
    while waiting:
        node = waiting.pop()
        if node.type == "ERROR" or node.is_missing:
            found.append(f"line {node.start_point[0] + 1}: {node.text!r}")
        waiting += node.children
    return found


@pytest.mark.parametrize("path", sorted(EXECUTABLES.glob("*.ps1")), ids=lambda path: path.name)
def test_powershell_launchers_parse(path: Path) -> None:
    assert errors(powershell, path.read_bytes()) == []


@pytest.mark.parametrize("path", sorted(EXECUTABLES.glob("*.bat")), ids=lambda path: path.name)
def test_batch_launchers_parse(path: Path) -> None:
    assert errors(batch, path.read_bytes().replace(b"\r\n", b"\n")) == []


@pytest.mark.parametrize(
    ("grammar", "source"),
    [(powershell, b"if (Test-Path $x {\n exit 1\n}\n"), (batch, b"if exist x (\n exit /b 1\n")],
    ids=["ps1", "bat"],
)
def test_a_missing_bracket_is_noticed(grammar: ModuleType, source: bytes) -> None:
    assert errors(grammar, source) != []


@pytest.mark.parametrize(
    "path", sorted((ROOT / "monitoring" / "systemd").glob("*.service")), ids=lambda p: p.name
)
def test_systemd_units_parse_and_call_commands_that_exist(path: Path) -> None:
    unit = configparser.ConfigParser(strict=True, interpolation=None)
    unit.optionxform = str  # type: ignore[method-assign, assignment]
    unit.read_string(path.read_text(encoding="utf-8"))
    words = unit["Service"]["ExecStart"].split()
    assert words[0].endswith("/.venv/bin/nautilus-bot")
    done = subprocess.run(
        [sys.executable, "-m", "nautilus_bot.cli.main", words[1], "--help"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0
    for word in words[2:]:
        if word.startswith("--"):
            assert word in done.stdout


def test_the_pid_manager_hands_over_words_and_exit_code(tmp_path: Path) -> None:
    script = EXECUTABLES / "bot_pid_manager.py"
    wrong = subprocess.run([sys.executable, script, "fly"], capture_output=True, text=True, check=False)
    assert (wrong.returncode, wrong.stderr.startswith("usage: ")) == (4, True)
    if not (ROOT / ".venv").exists():
        pytest.skip("it hands over to the environment in .venv, there is none")
    none = subprocess.run(
        [sys.executable, script, "status"],
        env={"BOT_RUN_DIR": str(tmp_path), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (none.returncode, "no bot runs" in none.stderr) == (3, True)
