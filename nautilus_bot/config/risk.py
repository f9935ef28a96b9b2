"""``risk_config.json``: sizing, and the limits of the rules."""

from typing import Any

import msgspec

from nautilus_bot.config.fields import Percent, PositiveFloat


class SizingConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """
    How large an entry is.

    Parameters
    ----------
    risk_pct_per_trade : float, default 0.5
        Part of equity that is lost when the stop is hit, percent.
    leverage_cap : float, default 3
        Largest notional of an entry as a multiple of equity.
    max_notional_usdt_by_strategy, max_notional_usdt_by_symbol : dict[str, float]
        Largest notional of an entry, USDT, by class name and by symbol; those left out have no such limit.
    """

    risk_pct_per_trade: Percent = 0.5
    leverage_cap: PositiveFloat = 3.0
    max_notional_usdt_by_strategy: dict[str, PositiveFloat] = {}
    max_notional_usdt_by_symbol: dict[str, PositiveFloat] = {}


class RiskConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """
    Configuration of the risk gate.

    Parameters
    ----------
    sizing : SizingConfig
        How large an entry is.
    rules : tuple[dict, ...]
        ``{"rule": name, ...}`` is a rule of this project with its own keys; these are asked in the order of
        their table, and one that is left out has its defaults. ``{"rule": "module:Class", "config": {...}}``
        is anyone else's; these follow in the order of the file. Each rule owns its struct, and
        ``nautilus_bot.risk.loader`` turns the objects into rules.
    """

    sizing: SizingConfig = SizingConfig()
    rules: tuple[dict[str, Any], ...]
