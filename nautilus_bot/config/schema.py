"""JSON Schemas for editors, generated from the structs and written beside the files."""

import re
from pathlib import Path
from typing import Any, Final

import msgspec

from nautilus_bot.config.alerts import AlertConfig
from nautilus_bot.config.backtest import BacktestConfig
from nautilus_bot.config.files import SCHEMA_KEY
from nautilus_bot.config.risk import RiskConfig
from nautilus_bot.config.strategies import StrategiesConfig
from nautilus_bot.config.venue import VenueConfig
from nautilus_bot.risk.rules.table import RULES

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
SCHEMAS: Final[dict[str, type[msgspec.Struct]]] = {
    "backtest.schema.json": BacktestConfig,
    "bybit_x_config.schema.json": VenueConfig,
    "strategies_config_72h.schema.json": StrategiesConfig,
    "risk_config.schema.json": RiskConfig,
    "alert_config.schema.json": AlertConfig,
}
"""The struct that each schema file describes."""

_THIRD_PARTY: Final[dict[str, Any]] = {
    "title": "Third-party rule",
    "type": "object",
    "properties": {
        "rule": {"type": "string", "pattern": "^[^:]+:[^:]+$", "description": "module:Class"},
        "enabled": {"type": "boolean", "default": True},
        "config": {"type": "object"},
    },
    "required": ["rule"],
    "additionalProperties": False,
}
_PARAMETER: Final = re.compile(r"^    (\w[\w, ]*) : .*\n((?:^        .*\n?)+)", re.MULTILINE)


def build_schema(struct: type[msgspec.Struct]) -> dict[str, Any]:
    """
    Return the JSON Schema of a configuration file.

    Parameters
    ----------
    struct : type[msgspec.Struct]
        A value of ``SCHEMAS``; its docstrings become the descriptions that an editor shows.
    """
    (root,), definitions = msgspec.json.schema_components([struct], ref_template="#/$defs/{name}")
    for part in _structs(struct):
        _describe(definitions[part.__name__], part.__doc__ or "")
    if struct is RiskConfig:
        definitions["RiskConfig"]["properties"]["rules"]["items"] = _any_rule()
    own = definitions.pop(root["$ref"].rpartition("/")[2])
    own["properties"] = {SCHEMA_KEY: {"type": "string"}, **own["properties"]}
    return {SCHEMA_KEY: DIALECT, **own, **({"$defs": definitions} if definitions else {})}


def schema_text(struct: type[msgspec.Struct]) -> str:
    """Return the text of a schema file."""
    return msgspec.json.format(msgspec.json.encode(_whole(build_schema(struct))), indent=2).decode() + "\n"


def stale_schemas(folder: Path) -> tuple[str, ...]:
    """Return the names of schema files in a folder that are missing or out of date."""
    return tuple(
        name
        for name, struct in SCHEMAS.items()
        if not (folder / name).is_file() or (folder / name).read_text(encoding="utf-8") != schema_text(struct)
    )


def write_schemas(folder: Path) -> tuple[Path, ...]:
    """Write every schema file into a folder and return their paths."""
    for name, struct in SCHEMAS.items():
        (folder / name).write_text(schema_text(struct), encoding="utf-8")
    return tuple(folder / name for name in SCHEMAS)


def _whole(value: Any) -> Any:
    # typing keeps one of two equal annotations, Meta(ge=0) or Meta(ge=0.0), whichever was imported first
    if isinstance(value, dict):
        return {key: _whole(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_whole(item) for item in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _any_rule() -> dict[str, Any]:
    return {"anyOf": [*(_rule(name, rule.config_type) for name, rule in RULES.items()), _THIRD_PARTY]}


def _rule(name: str, config: type[msgspec.Struct]) -> dict[str, Any]:
    (root,), definitions = msgspec.json.schema_components([config], ref_template="#/$defs/{name}")
    schema: dict[str, Any] = definitions[root["$ref"].rpartition("/")[2]]
    _describe(schema, config.__doc__ or "")
    schema["properties"] = {"rule": {"const": name}, **schema["properties"]}
    schema["required"] = ["rule", *schema.get("required", ())]
    return schema


def _structs(struct: type[msgspec.Struct]) -> tuple[type[msgspec.Struct], ...]:
    found: dict[type[msgspec.Struct], None] = {struct: None}
    for field in msgspec.inspect.type_info(struct).fields:  # type: ignore[attr-defined]
        for part in _parts(field.type):
            found.update(dict.fromkeys(_structs(part)))
    return tuple(found)


def _parts(info: msgspec.inspect.Type) -> tuple[type[msgspec.Struct], ...]:
    if isinstance(info, msgspec.inspect.StructType):
        return (info.cls,)
    item = getattr(info, "item_type", None)
    return _parts(item) if item is not None else ()


def _describe(definition: dict[str, Any], docstring: str) -> None:
    # NumPy docstrings name several fields that share one text: ``a, b : str``
    summary = docstring.strip().partition("\n")[0]
    definition["description"] = summary
    properties = definition.get("properties", {})
    for names, text in _PARAMETER.findall(docstring):
        for name in names.split(", "):
            if name in properties:
                properties[name] = {"description": " ".join(text.split()), **properties[name]}
