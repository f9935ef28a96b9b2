"""The JSON Schemas accept what the loader accepts and refuse what it refuses."""

import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from nautilus_bot.config.schema import SCHEMAS, build_schema, stale_schemas, write_schemas

CONFIGS = Path(__file__).parents[3] / "configs"


@pytest.mark.parametrize("name", SCHEMAS)
def test_the_shipped_file_fits_its_schema(name: str) -> None:
    raw = json.loads((CONFIGS / name.replace(".schema", "")).read_text())
    Draft202012Validator(build_schema(SCHEMAS[name])).validate(raw)
    assert raw["$schema"] == f"./{name}"


@pytest.mark.parametrize("name", SCHEMAS)
def test_an_unknown_key_does_not_fit(name: str) -> None:
    raw = json.loads((CONFIGS / name.replace(".schema", "")).read_text())
    assert not Draft202012Validator(build_schema(SCHEMAS[name])).is_valid({**raw, "no_such_key": 1})


@pytest.mark.parametrize("name", SCHEMAS)
def test_every_key_is_described(name: str) -> None:
    schema = build_schema(SCHEMAS[name])
    for part in (schema, *schema.get("$defs", {}).values()):
        for key, value in part["properties"].items():
            assert key == "$schema" or value.get("description"), f"{part['title']}.{key} has no description"


def test_a_changed_schema_file_is_found_out(tmp_path: Path) -> None:
    write_schemas(tmp_path)
    assert stale_schemas(tmp_path) == ()
    (tmp_path / "backtest.schema.json").write_text("{}")
    (tmp_path / "risk_config.schema.json").unlink()
    assert stale_schemas(tmp_path) == ("backtest.schema.json", "risk_config.schema.json")
