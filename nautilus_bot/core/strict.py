"""
Turn raw JSON values into structs, or say which file, which path and what must hold.

Every part that owns a configuration struct converts it here, so that all errors read alike::

    configs/risk_config.json: $.rules[0].limit: must be > 0, was -1
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

import msgspec
from msgspec import inspect

from nautilus_bot.core.errors import ConfigError, did_you_mean

_STEP: Final = re.compile(r"\.([^.\[\]]+)|\[(\d+|\.\.\.)\]")
_LOCATED: Final = re.compile(r"(?P<what>.*?)(?: - at `(?P<path>.*)`)?", re.DOTALL)
_BOUND: Final = re.compile(r"Expected `(?:int|float)` (>=|<=|>|<) (\S+)")
_PATTERN: Final = re.compile(r"Expected `str` matching regex '(.*)'")
_TYPE: Final = re.compile(r"Expected `([^`]+)`, got")
_KEY: Final = re.compile(r"Object (contains unknown|missing required) field `([^`]+)`")
_WORDS: Final = {
    "int": "a whole number",
    "float": "a number",
    "str": "a text",
    "bool": "true or false",
    "array": "a list",
    "object": "an object",
    "null": "null",
}
_FITTING: Final[dict[type, tuple[type, ...]]] = {
    inspect.FloatType: (int, float),
    inspect.IntType: (int,),
    inspect.StrType: (str,),
    inspect.BoolType: (bool,),
}


@dataclass(frozen=True, slots=True)
class Source:
    """
    Where a raw value came from.

    Parameters
    ----------
    file : str
        As the user named it.
    path : str
        JSON path of the value in that file, ``$`` for all of it.
    overrides : Mapping[str, str]
        Environment variable by the JSON path whose value it replaced.
    """

    file: str
    path: str = "$"
    overrides: Mapping[str, str] = field(default_factory=dict)

    def at(self, *steps: str | int) -> "Source":
        """Return the place below this one: a key or a list index a step."""
        below = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in steps)
        return replace(self, path=self.path + below)

    def error(self, message: str) -> ConfigError:
        """Return an error that starts with this place, or with the variable that set the value."""
        variable = self.overrides.get(self.path)
        if variable is not None:
            return ConfigError(f"environment variable {variable}: {message}")
        return ConfigError(f"{self.file}: {self.path}: {message}")


def convert[T](raw: object, type_: type[T], source: Source) -> T:
    """
    Return raw JSON values as a struct.

    Parameters
    ----------
    raw : object
        What ``json.loads`` returned.
    type_ : type[T]
        A msgspec struct; give it ``forbid_unknown_fields=True``.
    source : Source
        Where ``raw`` stands.

    Raises
    ------
    ConfigError
        Naming file, path, what must hold and what was found.
    """
    try:
        return msgspec.convert(raw, type_)
    except msgspec.ValidationError as error:
        raise _translate(str(error), raw, type_, source) from error


def _translate(text: str, raw: object, type_: type, source: Source) -> ConfigError:
    match = _LOCATED.fullmatch(text)
    what, path = (match["what"], match["path"] or "$") if match else (text, "$")
    steps, value, info = _follow(path, raw, inspect.type_info(type_))
    place = source.at(*steps)
    if key := _KEY.match(what):
        known = [item.encode_name for item in getattr(info, "fields", ())]
        if key[1].startswith("missing"):
            return place.error(f"key {key[2]!r} is missing")
        return place.at(key[2]).error(f"unknown key; {did_you_mean(key[2], known)}")
    return place.error(f"{_must_hold(what, value, info)}, was {json.dumps(value, default=str)}")


def _must_hold(what: str, value: object, info: object) -> str:
    if bound := _BOUND.match(what):
        return f"must be {bound[1]} {bound[2].removesuffix('.0')}"
    if expected := _TYPE.match(what):
        return "must be " + " or ".join(_WORDS.get(word, word) for word in expected[1].split(" | "))
    if pattern := _PATTERN.match(what):
        return f"must match {pattern[1]}"
    choices = list(_choices(info))
    if choices and what.startswith("Invalid enum value"):
        hint = f" ({did_you_mean(value, choices)})" if isinstance(value, str) else ""
        return f"must be one of {', '.join(choices)}{hint}"
    return what.replace("Expected", "must be a").replace("`", "")


def _choices(info: object) -> Iterator[str]:
    if isinstance(info, inspect.LiteralType):
        yield from (str(value) for value in info.values)
    elif isinstance(info, inspect.UnionType):
        for part in info.types:
            yield from _choices(part)


def _follow(path: str, raw: object, info: Any) -> tuple[list[str | int], Any, Any]:
    steps: list[str | int] = []
    value: Any = raw
    for key, index in _STEP.findall(path):
        info = _container(info, value)
        if key:
            info = next(item.type for item in info.fields if item.encode_name == key)
            step: str | int = key
        elif index == "...":
            info = info.value_type
            step = _first_misfit(value, info)
        else:
            info = _item_type(info, int(index))
            step = int(index)
        steps.append(step)
        value = value[step]
    return steps, value, _container(info, value)


def _container(info: Any, value: object) -> Any:
    # of ``X | None`` only the part that can hold the value is of interest
    if isinstance(info, inspect.Metadata):
        return _container(info.type, value)
    if isinstance(info, inspect.UnionType) and isinstance(value, dict | list):
        return next(part for part in info.types if not isinstance(part, inspect.NoneType))
    return info


def _item_type(info: Any, index: int) -> Any:
    return info.item_types[index] if isinstance(info, inspect.TupleType) else info.item_type


def _first_misfit(values: dict[str, object], info: Any) -> str:
    # msgspec names a dict's offending value only as ``[...]``
    fitting = _FITTING.get(type(info), (object,))
    for key, value in values.items():
        is_number_for_bool = isinstance(value, bool) and bool not in fitting and object not in fitting
        if is_number_for_bool or not isinstance(value, fitting):
            return key
    return next(iter(values))
