"""The tree keeps its promises: layers, names, locks and configuration files."""

import ast
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from nautilus_bot.config.loader import load_config
from nautilus_bot.config.schema import stale_schemas

ROOT = Path(__file__).parents[2]
PACKAGES = ("nautilus_bot", "strategies", "adapters", "catalog", "monitoring")
SOURCES = [path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py"))]


def tracked_files() -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode != 0:
        pytest.skip("this copy of the project is no git checkout")
    return [path for name in listed.stdout.split("\0") if name and (path := ROOT / name).is_file()]


def test_imports_go_downwards_only() -> None:
    lint = subprocess.run(
        [sys.executable, "-c", "from importlinter.cli import lint_imports_command; lint_imports_command()"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert lint.returncode == 0, lint.stdout + lint.stderr
    assert "0 broken" in lint.stdout


@pytest.mark.parametrize(
    "path", sorted((ROOT / "configs").glob("backtest*.json")), ids=lambda path: path.name
)
def test_every_session_file_loads(path: Path) -> None:
    if not path.name.endswith(".schema.json"):
        assert load_config(path, {}).backtest.symbols


def test_the_json_schemas_are_up_to_date() -> None:
    assert stale_schemas(ROOT / "configs") == (), "run `make docs`"


def test_no_file_is_a_drawer_for_odds_and_ends() -> None:
    assert [path for path in SOURCES if path.stem in {"utils", "util", "helpers", "misc", "common"}] == []


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_file_outgrows_its_idea(path: Path) -> None:
    lines = path.read_text(encoding="utf-8").count("\n")
    assert lines <= 500, f"{lines} lines: does it hold two ideas?"


WALL_CLOCK = frozenset({"time.time", "time.time_ns", "datetime.now", "datetime.utcnow"})


@pytest.mark.parametrize(
    ("folder", "forbidden"),
    [
        ("strategies", WALL_CLOCK | {"self.clock"}),
        ("nautilus_bot/risk/rules", WALL_CLOCK | {"self.clock"}),
        # here ``self.clock`` is the market clock
        ("nautilus_bot/risk", WALL_CLOCK),
    ],
)
def test_strategies_and_rules_never_read_the_wall_clock(folder: str, forbidden: frozenset[str]) -> None:
    for path in sorted((ROOT / folder).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
                called = f"{node.value.id}.{node.attr}"
                assert called not in forbidden, f"{path.relative_to(ROOT)}:{node.lineno} reads {called}"


def test_no_tracked_file_names_a_package_registry() -> None:
    # put together here, so that this file does not name one either
    hosts = ["py" + "pi.org", "python" + "hosted.org", "npm" + "js.", "deb" + "ian.org", "index" + "-url"]
    pattern = re.compile("|".join(re.escape(host) for host in hosts).encode())
    assert [path for path in tracked_files() if pattern.search(path.read_bytes())] == []


def test_recorded_market_data_is_not_in_the_repository() -> None:
    assert [path for path in tracked_files() if path.suffix in {".parquet", ".feather"}] == []


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-dev.lock"])
def test_a_lock_pins_every_package_with_hashes(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8").replace("\\\n", " ")
    for line in filter(None, text.splitlines()):
        assert re.match(r"[a-z0-9._-]+(\[[^]]+\])?==\S+ ", line), line
        assert "--hash=sha256:" in line, line


def pinned(name: str) -> dict[str, str]:
    lines = re.findall(r"^([a-z0-9._-]+)(?:\[[^]]+\])?==(\S+)", (ROOT / name).read_text(), re.MULTILINE)
    return dict(lines)


def test_the_two_locks_agree() -> None:
    core, everything = pinned("requirements.lock"), pinned("requirements-dev.lock")
    assert core.items() <= everything.items()


def test_every_dependency_is_locked_where_it_belongs() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    names = [re.split(r"[\[><=~! ]", text)[0] for text in project["project"]["dependencies"]]
    core = pinned("requirements.lock")
    assert [name for name in names if name.lower().replace("_", "-") not in core] == []
    # the core stays small: what only research and the dashboard need is not in it
    assert not {"numba", "optuna", "streamlit", "scipy"} & core.keys()
