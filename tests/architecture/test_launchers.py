"""The launchers hand over to the command line, on Windows as elsewhere."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
EXECUTABLES = ROOT / "executables"


@pytest.mark.parametrize("name", ["start_bot", "stop_bot", "check_bot_status"])
def test_every_launcher_has_all_three_forms_of_the_same_verb(name: str) -> None:
    verb = {"start_bot": "start", "stop_bot": "stop", "check_bot_status": "status"}[name]
    assert f'nautilus-bot {verb} "$@"' in (EXECUTABLES / f"{name}.sh").read_text()
    assert f"nautilus_bot.cli.main {verb} @args" in (EXECUTABLES / f"{name}.ps1").read_text()
    assert f"nautilus_bot.cli.main {verb} %*" in (EXECUTABLES / f"{name}.bat").read_text()


@pytest.mark.parametrize("path", sorted(EXECUTABLES.glob("*.bat")), ids=lambda path: path.name)
def test_batch_files_have_the_line_ends_that_windows_reads(path: Path) -> None:
    lines = path.read_bytes().split(b"\n")
    assert all(line.endswith(b"\r") for line in lines[:-1])


@pytest.mark.parametrize("path", sorted(EXECUTABLES.glob("*.sh")), ids=lambda path: path.name)
def test_shell_files_parse_and_may_be_run(path: Path) -> None:
    assert os.access(path, os.X_OK)
    subprocess.run(["sh", "-n", path], check=True)


def test_a_launcher_without_an_installation_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "executables").mkdir()
    launcher = shutil.copy(EXECUTABLES / "start_bot.sh", tmp_path / "executables")
    done = subprocess.run(["sh", launcher], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr == "error: nautilus-bot is not installed here; run `make demo` once\n"


def script(folder: Path, name: str, body: str) -> None:
    path = folder / name
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)


def find_python(path: str, home: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["/bin/sh", EXECUTABLES / "find_python.sh"],
        env={"PATH": path, "HOME": str(home)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_python_that_cannot_start_is_passed_over(tmp_path: Path) -> None:
    broken, good = tmp_path / "broken", tmp_path / "good"
    broken.mkdir()
    good.mkdir()
    script(broken, "python3.12", "echo 'pyenv: python3.12: command not found' >&2; exit 127")
    script(good, "python3.13", f'exec {sys.executable} "$@"')
    found = find_python(f"{broken}:{good}", tmp_path)
    assert found.stdout == f"{good}/python3.13\n"


def test_a_python_is_found_through_pyenv_and_through_uv(tmp_path: Path) -> None:
    version = tmp_path / ".pyenv" / "versions" / "3.12.1" / "bin"
    version.mkdir(parents=True)
    script(version, "python3", f'exec {sys.executable} "$@"')
    assert find_python("/nowhere", tmp_path).stdout == f"{version}/python3\n"
    shutil.rmtree(tmp_path / ".pyenv")
    tools = tmp_path / ".local" / "bin"
    tools.mkdir(parents=True)
    script(tools, "uv", f"echo {sys.executable}")
    assert find_python("/nowhere", tmp_path).stdout == f"{sys.executable}\n"


def test_without_any_python_one_clear_message_is_given(tmp_path: Path) -> None:
    found = find_python("/nowhere", tmp_path)
    assert found.returncode == 1
    assert found.stderr.startswith("error: Python 3.12, 3.13 or 3.14 with its venv module is needed")
