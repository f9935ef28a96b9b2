"""
Build the chain of rules from the ``rules`` array of ``risk_config.json``.

This project's rules are always all there, in the order of ``RULES`` whatever the order of the file; one
that the file does not mention has its defaults. Third-party rules follow in the order of the file.
"""

from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Any

import msgspec

from nautilus_bot.core.errors import did_you_mean
from nautilus_bot.core.messages import RuleConfigured
from nautilus_bot.core.strict import Source, convert
from nautilus_bot.risk.rule import BaseRule, Rule, RuleConfig
from nautilus_bot.risk.rules.table import RULES

type NamedRule = tuple[str, Rule]


def load_rules(
    raw: Sequence[Mapping[str, Any]],
    source: str | Source,
    *,
    lift_next_day: bool | None = None,
    ts_event: int = 0,
) -> tuple[list[NamedRule], list[RuleConfigured]]:
    """
    Return the rules that are switched on, and what was configured, to be published at start.

    Parameters
    ----------
    raw : Sequence[Mapping]
        Entries ``{"rule": "throttle", "enabled": true, "secs": 30}``, or for a rule from elsewhere
        ``{"rule": "package.module:Class", "enabled": true, "config": {...}}``.
    source : str | Source
        File the entries come from, for error messages.
    lift_next_day : bool | None, default None
        Fills in what a configuration leaves to the mode, so that it is recorded; None leaves it open.
    ts_event : int, default 0
        Market time of the facts, ns UTC.

    Returns
    -------
    tuple[list[tuple[str, Rule]], list[RuleConfigured]]
        Name and rule in the order of the chain; one fact a rule, those switched off included.

    Raises
    ------
    ConfigError
        If a rule, a key or a value is wrong; names the file and the path.
    """
    place = source if isinstance(source, Source) else Source(source)
    chain: dict[str, tuple[type[BaseRule], RuleConfig]] = {
        name: (rule, rule.config_type()) for name, rule in RULES.items()
    }
    seen: set[str] = set()
    for index, entry in enumerate(raw):
        at = place.at("rules", index)
        name = _name(entry, at)
        if name in seen:
            raise at.at("rule").error(f"every rule must be given once, {name!r} is there twice")
        seen.add(name)
        chain[name] = _third_party(name, entry, at) if ":" in name else _built_in(name, entry, at)
    if lift_next_day is not None:
        chain = {
            n: (rule, config.in_mode(lift_next_day=lift_next_day)) for n, (rule, config) in chain.items()
        }
    rules: list[NamedRule] = [(n, rule(config)) for n, (rule, config) in chain.items() if config.enabled]
    return rules, [_fact(name, config, ts_event) for name, (_, config) in chain.items()]


def _name(entry: Mapping[str, Any], at: Source) -> str:
    if not isinstance(entry, Mapping):
        raise at.error(f"must be an object, was {entry!r}")
    name = entry.get("rule")
    if not isinstance(name, str):
        raise at.error("key 'rule' must name a rule, e.g. \"throttle\"")
    if ":" not in name and name not in RULES:
        hint = did_you_mean(name, RULES)
        raise at.at("rule").error(
            f"no rule {name!r}; {hint} A rule of your own is named 'package.module:Class'"
        )
    return name


def _built_in(name: str, entry: Mapping[str, Any], at: Source) -> tuple[type[BaseRule], RuleConfig]:
    rule = RULES[name]
    values = {key: value for key, value in entry.items() if key != "rule"}
    return rule, convert(values, rule.config_type, at)


def _third_party(name: str, entry: Mapping[str, Any], at: Source) -> tuple[type[BaseRule], RuleConfig]:
    for key in entry:
        if key not in ("rule", "enabled", "config"):
            raise at.at(key).error(f"unknown key; {did_you_mean(key, ('enabled', 'config'))}")
    rule = _imported(name, at.at("rule"))
    config = entry.get("config", {})
    if not isinstance(config, Mapping):
        raise at.at("config").error(f"must be an object, was {config!r}")
    enabled = entry.get("enabled", True)
    if not isinstance(enabled, bool):
        raise at.at("enabled").error(f"must be true or false, was {enabled!r}")
    return rule, convert({"enabled": enabled, **config}, rule.config_type, at.at("config"))


def _imported(name: str, at: Source) -> type[BaseRule]:
    module_name, _, class_name = name.partition(":")
    try:
        module = import_module(module_name)
    except ImportError as error:
        raise at.error(f"module {module_name!r} must be importable: {error}") from error
    rule: type[BaseRule] | None = getattr(module, class_name, None)
    if rule is None:
        classes = [n for n, value in vars(module).items() if isinstance(value, type)]
        raise at.error(f"no class {class_name!r} in {module_name}; {did_you_mean(class_name, classes)}")
    config_type = getattr(rule, "config_type", None)
    if not (isinstance(config_type, type) and issubclass(config_type, RuleConfig)):
        raise at.error(f"{class_name} must name its RuleConfig as 'config_type'")
    if not callable(getattr(rule, "check", None)):
        raise at.error(f"{class_name} must have a method 'check(request, context)'")
    return rule


def _fact(name: str, config: RuleConfig, ts_event: int) -> RuleConfigured:
    text = msgspec.json.encode(config).decode()
    return RuleConfigured(ts_event=ts_event, rule=name, enabled=config.enabled, config=text)
