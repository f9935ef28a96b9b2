"""
What-if settings: replace values of a run's recorded configuration by their dotted name.

``risk.rules.drawdown_halt.limit_pct=3``, ``backtest.capital_usdt=20000``,
``strategies.RSIEMAMomentumStrategy.parameters.stop_atr=3``: a list is entered by the name of its element, and
the list itself (``rules``, ``strategies``) may be left out. ``ALIASES`` are shorter names for what is asked
most.
"""

import json
from collections.abc import Sequence
from typing import Any, Final

import msgspec

from nautilus_bot.config.bot import BotConfig
from nautilus_bot.core.errors import ConfigError, did_you_mean
from nautilus_bot.core.strict import Source, convert

ALIASES: Final = {
    "risk.max_drawdown_pct": "risk.rules.drawdown_halt.limit_pct",
    "risk.max_daily_loss_pct": "risk.rules.daily_loss.limit_pct",
    "risk.min_confidence": "risk.rules.min_confidence.threshold",
    "risk.per_trade_pct": "risk.sizing.risk_pct_per_trade",
}
"""Short names, and what they stand for."""

_NAMES: Final = ("rule", "strategy")


def override(config: BotConfig, settings: Sequence[str]) -> BotConfig:
    """
    Return a configuration with some values replaced.

    Parameters
    ----------
    config : BotConfig
        As recorded.
    settings : Sequence[str]
        ``<dotted name>=<value>``; the value is read as JSON, and as a text when it is none.

    Raises
    ------
    ConfigError
        If a name leads nowhere, or the value cannot stand there.
    """
    raw = json.loads(msgspec.json.encode(config))
    for setting in settings:
        name, equals, text = setting.partition("=")
        if not equals:
            raise ConfigError(f"--set must be <dotted name>=<value>, was {setting!r}")
        steps = ALIASES.get(name, name).split(".")
        _replace(raw, steps, _parse(text), name)
    return convert(raw, BotConfig, Source("--set"))


def _replace(raw: Any, steps: list[str], value: object, name: str) -> None:
    for depth, step in enumerate(steps):
        place, key = _enter(raw, step, ".".join(steps[:depth]) or "the configuration", name)
        if depth == len(steps) - 1:
            place[key] = value
        raw = place[key]


def _enter(raw: Any, step: str, where: str, name: str) -> tuple[Any, Any]:
    """Return the container and the key that a step means."""
    if isinstance(raw, dict) and step in raw:
        return raw, step
    lists = [raw] if isinstance(raw, list) else [one for one in _children(raw) if isinstance(one, list)]
    for elements in lists:
        for index, element in enumerate(elements):
            if step in _names_of(element):
                return elements, index
    known = [*raw] if isinstance(raw, dict) else []
    known += [one for elements in lists for element in elements for one in _names_of(element)]
    hint = did_you_mean(step, known) if known else "it is no object"
    raise ConfigError(f"--set {name}: {where} has no {step!r}; {hint}")


def _children(raw: Any) -> list[Any]:
    return list(raw.values()) if isinstance(raw, dict) else []


def _names_of(element: Any) -> list[str]:
    return [element[key] for key in _NAMES if key in element] if isinstance(element, dict) else []


def _parse(text: str) -> object:
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        return text
