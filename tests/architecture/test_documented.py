"""Everything a user can name stands in the README, and nothing stands there that does not exist."""

import re
from pathlib import Path

import pytest

from nautilus_bot.cli.commands import COMMANDS
from nautilus_bot.config.schema import SCHEMAS
from nautilus_bot.config.secrets import SECRETS
from nautilus_bot.risk.rules.table import RULES
from strategies.kernels.table import KERNELS

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
DOCUMENTS = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md"))]


def first_cells(heading: str) -> list[str]:
    section = README.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    return re.findall(r"^\| `([^`]+)` \|", section, re.MULTILINE)


def test_the_table_of_commands_is_the_table_in_the_code() -> None:
    assert first_cells("Commands") == [command.name for command in COMMANDS]


def test_the_table_of_risk_rules_is_the_table_in_the_code() -> None:
    assert first_cells("Risk rules") == list(RULES)


def test_the_table_of_strategies_is_the_table_in_the_code() -> None:
    assert first_cells("Strategies") == list(KERNELS)


def test_the_table_of_files_is_what_has_a_schema() -> None:
    assert sorted(first_cells("Configuration")) == sorted(name.replace(".schema", "") for name in SCHEMAS)


@pytest.mark.parametrize("name", SECRETS)
def test_every_secret_is_documented(name: str) -> None:
    assert f"`{name}`" in README


def test_the_readmes_make_verbs_exist() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for verb in ("setup", "demo", "test", "lint", "types", "check", "bench", "docs"):
        assert re.search(rf"^{verb}:.*## ", makefile, re.MULTILINE), f"make {verb} is missing"
    for verb in re.findall(r"^make (\w+)", README, re.MULTILINE):
        assert f"\n{verb}:" in makefile


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_between_documents_lead_somewhere(document: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)", document.read_text(encoding="utf-8")):
        if "://" not in target:
            assert (document.parent / target).exists(), f"{document.name} links to {target}"


def test_decisions_are_numbered_without_gaps_and_tell_what_was_rejected() -> None:
    decisions = sorted((ROOT / "docs" / "decisions").glob("*.md"))
    assert [path.name[:4] for path in decisions] == [
        f"{number:04}" for number in range(1, len(decisions) + 1)
    ]
    for path in decisions:
        text = path.read_text(encoding="utf-8")
        for heading in ("## Context", "## Decision", "## Consequences", "## Rejected"):
            assert heading in text, f"{path.name} has no {heading}"
