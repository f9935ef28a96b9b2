"""
Environment variables that replace values of the files, by name.

``BOT_<FILE>__<KEY>[__<KEY>...]``: the file is one of ``FILES``, keys are in upper case, a number is a place
in a list. ``BOT_BACKTEST__CAPITAL_USDT=20000``, ``BOT_RISK__RULES__1__ENABLED=false``. The value is read as
JSON, and as a text when it is none.
"""

import json
from collections.abc import Mapping
from typing import Any, Final

from nautilus_bot.core.errors import ConfigError, did_you_mean
from nautilus_bot.core.strict import Source

PREFIX: Final = "BOT_"
FILES: Final = ("BACKTEST", "VENUE", "STRATEGIES", "RISK", "ALERTS")


def check_names(environ: Mapping[str, str]) -> None:
    """
    Refuse a variable that is meant for a file there is not.

    Raises
    ------
    ConfigError
        Naming the variable and the closest file.
    """
    for name in environ:
        head, separator, _ = name.removeprefix(PREFIX).partition("__")
        if name.startswith(PREFIX) and separator and head not in FILES:
            hint = did_you_mean(head, FILES)
            raise ConfigError(f"environment variable {name}: {head!r} is no configuration file; {hint}")


def apply_overrides(raw: Any, file: str, environ: Mapping[str, str]) -> tuple[Any, dict[str, str]]:
    """
    Lay the variables of one file over its raw values.

    Parameters
    ----------
    raw : Any
        Raw JSON values; left as they are.
    file : str
        One of ``FILES``.
    environ : Mapping[str, str]
        The environment.

    Returns
    -------
    tuple[Any, dict[str, str]]
        The new values, and the variable by the JSON path that it set.

    Raises
    ------
    ConfigError
        If a variable points into a list where there is no such place.
    """
    prefix = f"{PREFIX}{file}__"
    used: dict[str, str] = {}
    for name in sorted(environ):
        if name.startswith(prefix):
            steps = name.removeprefix(prefix).split("__")
            raw, path = _replace(raw, steps, _parse(environ[name]), name, Source(file))
            used[path] = name
    return raw, used


def _parse(text: str) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        return text


def _replace(raw: Any, steps: list[str], value: Any, name: str, place: Source) -> tuple[Any, str]:
    if not steps:
        return value, place.path
    head, *rest = steps
    if isinstance(raw, list):
        if not head.isdecimal() or int(head) >= len(raw):
            raise ConfigError(
                f"environment variable {name}: {place.path} has {len(raw)} places, {head!r} is none of them"
            )
        index = int(head)
        inner, path = _replace(raw[index], rest, value, name, place.at(index))
        return [*raw[:index], inner, *raw[index + 1 :]], path
    branch = raw if isinstance(raw, dict) else {}
    # class names and symbols are not lower case: an existing key in any case comes first
    key = next((known for known in branch if known.lower() == head.lower()), head.lower())
    inner, path = _replace(branch.get(key), rest, value, name, place.at(key))
    return {**branch, key: inner}, path
