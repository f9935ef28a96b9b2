"""From the configuration to what a node runs: one way for backtest, replay, paper and live."""

from collections.abc import Mapping
from decimal import Decimal
from math import inf
from pathlib import Path
from typing import Any

from nautilus_trader.model.data import BarType

from nautilus_bot.config.bot import BotConfig
from nautilus_bot.config.strategies import StrategiesConfig, StrategyEntry
from nautilus_bot.config.venue import TransitionStep
from nautilus_bot.core.clocks import NS_PER_SEC
from nautilus_bot.core.errors import ConfigError, did_you_mean
from nautilus_bot.market.intervals import bar_length_ns, bar_type
from nautilus_bot.node.backtest import Simulation
from nautilus_bot.node.modes import Mode
from nautilus_bot.node.spec import NodeSpec, Sizing, StrategySpec

THROTTLE = "throttle"
MAX_TICKS_PER_BAR = 60
TRANSITION = "nautilus_bot.risk.rules.transition:Transition"
SIMULATED = ("backtest", "replay")

type FundingRates = dict[str, tuple[tuple[int, str], ...]]


def build_node_spec(config: BotConfig, mode: Mode, session: str) -> NodeSpec:
    """
    Return what a node runs in one mode: every enabled strategy on each of its symbols, and the rules.

    Parameters
    ----------
    config : BotConfig
        As loaded, every kernel parameter filled in.
    mode : Mode
        A row of ``MODES``.
    session : str
        Token that makes the session's ids unique.

    Raises
    ------
    ConfigError
        If no strategy is left to run.
    """
    strategies = tuple(
        _build_strategy_spec(config, mode, entry, symbol)
        for entry in config.strategies.enabled()
        for symbol in config.symbols_of(entry)
    )
    if not strategies:
        raise ConfigError(
            f"{config.files['strategies']}: at least one strategy must be enabled on a symbol of the session "
            f"({', '.join(config.backtest.symbols)}), none is"
        )
    return NodeSpec(
        mode=mode,
        session=session,
        strategies=strategies,
        rules=(*_with_pauses(config.risk.rules, config.strategies), *_transition(config, mode)),
        rules_source=config.files["risk"],
        injectable=_injectable(config, mode, strategies),
    )


def step_in_force(config: BotConfig) -> TransitionStep:
    """
    Return the step on the way to live that is in force.

    Raises
    ------
    ConfigError
        If none is named, or the name is unknown.
    """
    live = config.venue.live
    for step in live.steps:
        if step.name == live.step:
            return step
    hint = did_you_mean(live.step, [one.name for one in live.steps])
    raise ConfigError(f"{config.files['venue']}: $.live.step: must name a step, was {live.step!r}; {hint}")


def live_capital_usdt(config: BotConfig) -> float:
    """Return the capital that live trading may stand on: the step's cap within the overall one."""
    return min(step_in_force(config).capital_cap_usdt, config.venue.live.capital_cap_usdt)


def _transition(config: BotConfig, mode: Mode) -> tuple[dict[str, Any], ...]:
    if mode.name != "live":
        return ()
    step = step_in_force(config)
    limits = {
        "step": step.name,
        "capital_cap_usdt": live_capital_usdt(config),
        "leverage_cap": float(config.risk.sizing.leverage_cap),
        "symbols": list(step.symbols),
        "strategies": list(step.strategies),
    }
    return ({"rule": TRANSITION, "config": limits},)


def _injectable(config: BotConfig, mode: Mode, strategies: tuple[StrategySpec, ...]) -> tuple[str, ...]:
    """Return one bar type a symbol to inject signals on; never where real money trades."""
    if mode.name != "paper" and not (mode.name == "live" and config.venue.environment == "simulated"):
        return ()
    by_symbol: dict[str, str] = {}
    for one in strategies:
        by_symbol.setdefault(one.bar_type.partition("-")[0], one.bar_type)
    return tuple(by_symbol.values())


def build_simulation(
    config: BotConfig,
    spec: NodeSpec,
    *,
    data_catalog: Path,
    start_ns: int,
    end_ns: int,
    funding: FundingRates,
) -> Simulation:
    """
    Return market and exchange of a backtest.

    Parameters
    ----------
    config : BotConfig
        Capital, slippage and latency.
    spec : NodeSpec
        Whose bar types are streamed.
    data_catalog : Path
        Folder of Nautilus's data catalog.
    start_ns, end_ns : int
        First and last closing time, ns UTC, both included.
    funding : FundingRates
        Settlement times and rates by instrument id; empty for none.

    Raises
    ------
    ConfigError
        If the slippage is more than the exchange can simulate.
    """
    backtest = config.backtest
    if backtest.slippage_ticks > 1:
        raise ConfigError(
            f"{config.files['backtest']}: $.slippage_ticks: must be 0 or 1, was {backtest.slippage_ticks}"
        )
    return Simulation(
        data_catalog=str(data_catalog),
        bar_types=tuple(dict.fromkeys(one.bar_type for one in spec.strategies)),
        start_ns=start_ns,
        end_ns=end_ns,
        capital_usdt=_decimal_text(backtest.capital_usdt),
        slippage_ticks=backtest.slippage_ticks,
        latency_ms=backtest.latency_ms,
        leverage=config.venue.leverage,
        funding=funding,
        ticks_per_bar=_ticks_per_bar(spec),
    )


def _ticks_per_bar(spec: NodeSpec) -> int:
    """Return how many ticks a bar needs so that every look at the forming bar sees a new one."""
    wanted = [
        bar_length_ns(BarType.from_str(one.bar_type)) / NS_PER_SEC / one.peek_secs
        for one in spec.strategies
        if one.peek_secs
    ]
    return min(MAX_TICKS_PER_BAR, int(max(wanted))) if wanted else 0


def _build_strategy_spec(config: BotConfig, mode: Mode, entry: StrategyEntry, symbol: str) -> StrategySpec:
    timeframe = config.timeframe_of(entry) if mode.name in SIMULATED else entry.timeframe
    return StrategySpec(
        strategy=entry.strategy,
        bar_type=str(bar_type(symbol, timeframe)),
        parameters=entry.parameters,
        sizing=_build_sizing(config, mode, entry.strategy, symbol),
        peek_secs=entry.peek_secs if entry.evaluation == "peek" else 0.0,
    )


def _build_sizing(config: BotConfig, mode: Mode, strategy: str, symbol: str) -> Sizing:
    sizing = config.risk.sizing
    largest = min(
        sizing.max_notional_usdt_by_strategy.get(strategy, inf),
        sizing.max_notional_usdt_by_symbol.get(symbol, inf),
    )
    return Sizing(
        risk_pct_per_trade=_decimal_text(sizing.risk_pct_per_trade),
        leverage_cap=_decimal_text(sizing.leverage_cap),
        max_notional_usdt="Infinity" if largest == inf else _decimal_text(largest),
        capital_cap_usdt=_decimal_text(live_capital_usdt(config)) if mode.name == "live" else "Infinity",
    )


def _with_pauses(
    rules: tuple[dict[str, Any], ...], strategies: StrategiesConfig
) -> tuple[dict[str, Any], ...]:
    """Hand the strategies' own pauses to the throttle rule; the rule's file has the last word."""
    pauses = {
        one.strategy: one.throttle_secs for one in strategies.enabled() if one.throttle_secs is not None
    }
    if not pauses:
        return rules
    if not any(rule.get("rule") == THROTTLE for rule in rules):
        return (*rules, _with_own_pauses({"rule": THROTTLE}, pauses))
    return tuple(_with_own_pauses(rule, pauses) if rule.get("rule") == THROTTLE else rule for rule in rules)


def _with_own_pauses(rule: Mapping[str, Any], pauses: Mapping[str, float]) -> dict[str, Any]:
    own = rule.get("secs_by_strategy", {})
    # what is no object is left for the rule's own check to refuse
    merged = {**pauses, **own} if isinstance(own, Mapping) else own
    return {**rule, "secs_by_strategy": merged}


def _decimal_text(value: float) -> str:
    return format(Decimal(str(value)), "f")
