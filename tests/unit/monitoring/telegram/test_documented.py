"""What is told, what may be asked and what is configured stands in ``docs/telegram.md``."""

import re
from pathlib import Path

import pytest

from monitoring.telegram.commands import COMMANDS
from monitoring.telegram.kinds import KINDS
from monitoring.telegram.policy import Noise
from nautilus_bot.config.alerts import AlertConfig

TEXT = (Path(__file__).parents[4] / "docs" / "telegram.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", [kind.name for kind in KINDS])
def test_every_kind_is_in_the_table_with_its_level_of_noise(name: str) -> None:
    told = TEXT.partition("## What is told")[2].splitlines()
    row = next(line for line in told if re.match(rf"\| [^|]*`{name}`", line))
    level = getattr(Noise(), name, "always on")
    assert row.split("|")[3].strip() == level


@pytest.mark.parametrize("name", [command.name for command in COMMANDS])
def test_every_command_is_in_the_table(name: str) -> None:
    assert re.search(rf"^\| .*`/{name}[ `]", TEXT, re.MULTILINE)


@pytest.mark.parametrize("name", AlertConfig.__struct_fields__)
def test_every_key_is_in_the_table(name: str) -> None:
    assert f"\n| `{name}` |" in TEXT
