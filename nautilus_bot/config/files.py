"""Read one JSON file: strictly, so that nothing in it goes unnoticed."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NoReturn

from nautilus_bot.config.overrides import apply_overrides
from nautilus_bot.config.secrets import refuse_secrets
from nautilus_bot.core.errors import ConfigError, NotFound
from nautilus_bot.core.strict import Source, convert

SCHEMA_KEY = "$schema"


def load_file[T](path: Path, type_: type[T], name: str, environ: Mapping[str, str]) -> tuple[T, Source]:
    """
    Read a configuration file, lay the environment over it and convert it.

    Parameters
    ----------
    path : Path
        The JSON file.
    type_ : type[T]
        The struct it holds.
    name : str
        Its name in environment variables, e.g. ``BACKTEST``.
    environ : Mapping[str, str]
        The environment.

    Returns
    -------
    tuple[T, Source]
        The struct, and where it stands for errors found later.

    Raises
    ------
    NotFound
        If there is no such file.
    ConfigError
        Naming file and JSON path, or line and column where the file is not JSON.
    """
    raw = read_json(path)
    if isinstance(raw, dict):
        raw.pop(SCHEMA_KEY, None)
    refuse_secrets(raw, Source(str(path)), environ)
    values, overrides = apply_overrides(raw, name, environ)
    source = Source(str(path), overrides=overrides)
    return convert(values, type_, source), source


def read_json(path: Path) -> Any:
    """
    Return what a JSON file holds.

    Raises
    ------
    NotFound
        If there is no such file.
    ConfigError
        If it cannot be read, is not JSON, holds NaN or Infinity, or one key twice.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise NotFound(f"{path}: a configuration file must exist here, none was found") from error
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: a configuration file must be readable UTF-8 text: {error}") from error
    try:
        return json.loads(
            text,
            object_pairs_hook=lambda pairs: _unique(pairs, path),
            parse_constant=lambda word: _refuse_constant(word, path),
        )
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise ConfigError(f"{path}: must be JSON, {where}: {error.msg.lower()}") from error


def _unique(pairs: list[tuple[str, Any]], path: Path) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for key, value in pairs:
        if key in values:
            raise ConfigError(f"{path}: a key must stand once in an object, {key!r} was found twice")
        values[key] = value
    return values


def _refuse_constant(word: str, path: Path) -> NoReturn:
    raise ConfigError(f"{path}: a number must be finite, was {word}")
