"""From ``risk_config.json`` and a market to the numbers that the compiled rules read."""

from collections.abc import Mapping, Sequence
from math import inf, sqrt
from typing import Any, cast

import msgspec
import numpy as np

from nautilus_bot.core.clocks import NS_PER_SEC
from nautilus_bot.core.errors import ConfigError, did_you_mean
from nautilus_bot.research.fast.market import Floats, Ints, Market
from nautilus_bot.research.fast.rules import MarketMeasures, Rules
from nautilus_bot.risk.returns import ReturnsBook, ReturnSeries, covariances
from nautilus_bot.risk.rule import RuleConfig
from nautilus_bot.risk.rules.cooldown import CooldownConfig
from nautilus_bot.risk.rules.daily_loss import DailyLossConfig
from nautilus_bot.risk.rules.drawdown_halt import DrawdownHaltConfig
from nautilus_bot.risk.rules.exposure import ExposureConfig
from nautilus_bot.risk.rules.hourly_cap import HourlyCapConfig
from nautilus_bot.risk.rules.max_position import MaxPositionConfig
from nautilus_bot.risk.rules.min_confidence import MinConfidenceConfig
from nautilus_bot.risk.rules.portfolio_var import PortfolioVarConfig
from nautilus_bot.risk.rules.table import RULES
from nautilus_bot.risk.rules.throttle import ThrottleConfig
from nautilus_bot.risk.rules.trading_state import TradingStateConfig
from nautilus_bot.risk.rules.volatility import HOURS_PER_DAY, MEASURES, VolatilityConfig
from nautilus_bot.risk.value_at_risk import NORMAL_QUANTILES, daily_returns

type RawRules = Sequence[Mapping[str, Any]]


def build_rules(raw: RawRules, strategy: str, symbol: str) -> Rules:
    """
    Return the limits that hold for one strategy in one symbol.

    Parameters
    ----------
    raw : RawRules
        The ``rules`` array of ``risk_config.json``; a rule that it does not mention has its defaults.
    strategy : str
        Class name.
    symbol : str
        E.g. ``BTCUSDT``.

    Raises
    ------
    ConfigError
        If a rule is not one that the simulation knows, or a value is out of range.
    """
    configs = _configs(raw)
    state = configs["trading_state"]
    confidence = _on(configs, MinConfidenceConfig, "min_confidence")
    throttle = _on(configs, ThrottleConfig, "throttle")
    caps = _on(configs, HourlyCapConfig, "hourly_cap")
    position = _on(configs, MaxPositionConfig, "max_position")
    exposure = _on(configs, ExposureConfig, "exposure")
    drawdown = _on(configs, DrawdownHaltConfig, "drawdown_halt")
    daily = _on(configs, DailyLossConfig, "daily_loss")
    risk = _on(configs, PortfolioVarConfig, "portfolio_var")
    secs = throttle.secs_by_strategy.get(strategy, throttle.secs) if throttle else 0.0
    return Rules(
        obeys_halts=cast(TradingStateConfig, state).enabled,
        min_confidence=_least_confidence(confidence, strategy) if confidence else 0.0,
        pause_ns=int(secs * NS_PER_SEC),
        hourly_cap=min(caps.per_strategy, caps.total) if caps else 0,
        position_pct=_least(position.symbol_pct, position.strategy_pct) if position else inf,
        position_usdt=_position_usdt(position, strategy, symbol) if position else inf,
        gross=exposure.gross if exposure else inf,
        net=exposure.net if exposure else inf,
        drawdown_pct=drawdown.limit_pct if drawdown else inf,
        daily_loss_pct=daily.limit_pct if daily else inf,
        drawdown_lifts=drawdown is not None and drawdown.resume != "operator",
        var_limit_pct=risk.limit_pct if risk else inf,
        var_quantile=NORMAL_QUANTILES[risk.confidence_pct] if risk and risk.method != "historical" else 0.0,
        var_historical=risk is not None and risk.method != "parametric",
        var_needs_history=risk is not None and risk.on_missing_history == "refuse",
    )


def measure_market(raw: RawRules, market: Market) -> MarketMeasures:
    """
    Return what ``volatility`` and ``portfolio_var`` know at each bar.

    It depends on the market alone, so it is measured once for all parameter sets.

    Parameters
    ----------
    raw : RawRules
        As in ``build_rules``.
    market : Market
        The bars.

    Raises
    ------
    ConfigError
        As ``build_rules``.
    """
    configs = _configs(raw)
    volatility = _on(configs, VolatilityConfig, "volatility")
    risk = _on(configs, PortfolioVarConfig, "portfolio_var")
    n = len(market)
    measures = MarketMeasures(
        np.ones(n, np.int8), np.zeros(n, np.int8), np.zeros(n), np.zeros(n), np.zeros(n)
    )
    if volatility is None and risk is None:
        return measures
    starts, hours = _hours(market)
    finished, returns = _hourly_returns(market, starts, hours)
    for start, stop, hour in zip(starts, [*starts[1:], n], hours, strict=True):
        bars, last = slice(start, stop), np.searchsorted(finished, hour)
        if volatility is not None:
            first = np.searchsorted(finished, hour - volatility.window_hours)
            measures.calm[bars] = _is_calm(returns[first:last].tolist(), volatility)
        if risk is not None:
            first = np.searchsorted(finished, hour - risk.window_hours)
            _measure_risk(returns[first:last], risk, measures, bars)
    return measures


def _hours(market: Market) -> tuple[list[int], list[int]]:
    """Return the first bar of each hour and that hour's number."""
    hours = (market.ts - 1) // ReturnsBook.sample_ns
    starts = np.flatnonzero(np.diff(hours, prepend=hours[0] - 1))
    return starts.tolist(), hours[starts].tolist()


def _hourly_returns(market: Market, starts: list[int], hours: list[int]) -> tuple[Ints, Floats]:
    """Return number and return of each finished hour, as the gate's own series makes them."""
    series = ReturnSeries(capacity=len(market) + 1)
    closes = market.marks()
    for start, stop, hour in zip(starts, [*starts[1:], len(market)], hours, strict=True):
        series.turn(hour, float(closes[start]))
        series.last_price = float(closes[stop - 1])
    found = series.by_bucket
    return np.array(list(found), dtype=np.int64), np.array(list(found.values()), dtype=np.float64)


def _is_calm(window: list[float], config: VolatilityConfig) -> bool:
    if len(window) < config.min_history_hours:
        return config.on_missing_history == "approve"
    return 100.0 * MEASURES[config.measure](window) * sqrt(HOURS_PER_DAY) <= config.limit_pct


def _measure_risk(window: Floats, config: PortfolioVarConfig, into: MarketMeasures, bars: slice) -> None:
    """Note the quantiles of daily returns and the variance of hourly ones, as ``ReturnSample`` has them."""
    if len(window) < config.min_history_hours:
        return
    daily = np.sort(daily_returns(window))
    rank = len(daily) * (100 - config.confidence_pct) // 100
    hourly = window.tolist()
    into.var_known[bars] = 1
    into.var_low[bars] = daily[rank]
    into.var_high[bars] = daily[len(daily) - 1 - rank]
    into.var_variance[bars] = covariances((hourly,))[0][0]


def _configs(raw: RawRules) -> dict[str, RuleConfig]:
    """Return the configuration of every rule by name."""
    configs: dict[str, RuleConfig] = {name: _config_type(name)() for name in RULES}
    for entry in raw:
        name = str(entry.get("rule"))
        if name not in RULES:
            raise ConfigError(
                f"the fast simulation knows the rules of this project, found {name!r}; "
                f"{did_you_mean(name, RULES)}; confirm strategies under other rules on the node"
            )
        values = {key: value for key, value in entry.items() if key != "rule"}
        try:
            configs[name] = msgspec.convert(values, _config_type(name))
        except msgspec.ValidationError as e:
            raise ConfigError(f"rule {name}: {e}") from e
    if cast(CooldownConfig, configs["cooldown"]).enabled:
        raise ConfigError(
            "the fast simulation has no cooldown rule, found it switched on; switch it off for the search "
            "and confirm on the node"
        )
    return configs


def _config_type(name: str) -> type[RuleConfig]:
    return RULES[name].config_type


def _on[T: RuleConfig](configs: Mapping[str, RuleConfig], kind: type[T], name: str) -> T | None:
    """Return a rule's configuration, or None when it is switched off."""
    config = configs[name]
    assert isinstance(config, kind), f"{name} is configured by {type(config).__name__}"
    return config if config.enabled else None


def _least_confidence(config: MinConfidenceConfig, strategy: str) -> float:
    """Return what a signal must state for the rule's calibrated threshold to be reached."""
    return config.load_calibration().threshold_for(strategy, config.threshold)


def _least(*limits: float | None) -> float:
    return min((limit for limit in limits if limit is not None), default=inf)


def _position_usdt(config: MaxPositionConfig, strategy: str, symbol: str) -> float:
    return _least(
        config.symbol_usdt,
        config.strategy_usdt,
        config.usdt_by_symbol.get(symbol),
        config.usdt_by_strategy.get(strategy),
    )
