"""From a bot's configuration to what a search runs on."""

from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Final

import msgspec
from nautilus_trader.model.data import BarType

from nautilus_bot.config.bot import BotConfig
from nautilus_bot.config.strategies import StrategiesConfig
from nautilus_bot.core.errors import ConfigError
from nautilus_bot.node.compose import build_node_spec, build_simulation
from nautilus_bot.node.modes import MODES
from nautilus_bot.node.spec import StrategySpec
from nautilus_bot.research.backtest.market import BacktestMarket, load_market
from nautilus_bot.research.fast.market import Market
from nautilus_bot.research.fast.parity import load_market as load_series
from nautilus_bot.research.fast.parity import sizing_limits
from nautilus_bot.research.optimize.objective import WEIGHT, Leg, Objective, notional_of
from nautilus_bot.research.optimize.space import SearchSpace, load_space

SESSION: Final = "OPT"
SLICES: Final = 4


class Session(msgspec.Struct, frozen=True, kw_only=True):
    """
    A search's market and strategies.

    Parameters
    ----------
    config : BotConfig
        Narrowed to what is searched.
    market : BacktestMarket
        Where the bars are, and what identifies them.
    whole, train, held_out : Objective
        On all bars, on those that are searched, and on those kept back; ``held_out`` is None when none are.
    spaces : dict[str, SearchSpace]
        By class name.
    present : dict[str, float]
        The parameters that the strategies' file holds, named as in the search.
    """

    config: BotConfig
    market: BacktestMarket
    whole: Objective
    train: Objective
    held_out: Objective | None
    spaces: dict[str, SearchSpace]
    present: dict[str, float]

    @property
    def weighted(self) -> bool:
        """Whether several strategies are searched as one portfolio."""
        return self.whole.weighted

    def with_parameters(self, parameters: Mapping[str, float]) -> BotConfig:
        """Return the configuration in which the strategies have these parameters, and weights if any."""
        return configure(self.config, parameters, weighted=self.weighted)


def build_session(config: BotConfig, folder: Path, *, held_out_pct: float = 25.0) -> Session:
    """
    Load everything that a search needs.

    Parameters
    ----------
    config : BotConfig
        Narrowed to the strategies, symbols, timeframe and time range of the search. Several strategies are
        searched as one portfolio.
    folder : Path
        Of the configuration files, for the search spaces.
    held_out_pct : float, default 25
        Last part of the time that the search does not see, percent.

    Raises
    ------
    NotFound
        If there are no bars or no search space.
    ConfigError
        If a search space or rule is wrong, or a strategy decides on forming bars.
    DataError
        If there are too few bars.
    """
    if not 0.0 <= held_out_pct < 90.0:
        raise ConfigError(f"the held-out part must be 0 to 90 %, was {held_out_pct:g}")
    names = [entry.strategy for entry in config.strategies.enabled()]
    if len(set(names)) != len(names):
        raise ConfigError(f"a search takes each strategy once, found {', '.join(names)}")
    spaces = {name: load_space(folder, name) for name in names}
    spec = build_node_spec(config, MODES["backtest"], SESSION)
    market = load_market(config.backtest, [BarType.from_str(name) for name in _bar_types(spec.strategies)])
    simulation = build_simulation(
        config,
        spec,
        data_catalog=Path(market.data_catalog),
        start_ns=market.start_ns,
        end_ns=market.end_ns,
        funding=market.funding,
    )
    present = {query.identifier for query in market.queries}
    series: dict[str, Market] = {}
    legs = []
    for one in spec.strategies:
        if one.bar_type not in present:
            continue
        if one.bar_type not in series:
            series[one.bar_type] = load_series(one, simulation)
        legs.append(Leg(one.strategy, series[one.bar_type], sizing_limits(one)))
    whole = Objective(
        tuple(legs),
        spec.rules,
        Decimal(simulation.capital_usdt),
        simulation.slippage_ticks,
        SLICES,
        len(names) > 1,
    ).checked()
    end = market.end_ns - int((market.end_ns - market.start_ns) * held_out_pct / 100.0)
    return Session(
        config=config,
        market=market,
        whole=whole,
        train=whole.within(0, end) if held_out_pct else whole,
        held_out=whole.within(end, market.end_ns) if held_out_pct else None,
        spaces=spaces,
        present=_present(config, whole.weighted),
    )


def configure(config: BotConfig, parameters: Mapping[str, float], *, weighted: bool) -> BotConfig:
    """
    Return the configuration in which the strategies have certain parameters.

    Parameters
    ----------
    config : BotConfig
        The configuration.
    parameters : Mapping[str, float]
        As a search names them.
    weighted : bool
        Whether names begin with the strategy, and weights bound each strategy's notional.
    """
    entries, limits = [], dict(config.risk.sizing.max_notional_usdt_by_strategy)
    for entry in config.strategies.strategies:
        prefix = f"{entry.strategy}." if weighted else ""
        own = {name: parameters.get(prefix + name, value) for name, value in entry.parameters.items()}
        weight = parameters.get(prefix + WEIGHT, 1.0) if weighted else 1.0
        entries.append(msgspec.structs.replace(entry, parameters=own, enabled=entry.enabled and weight > 0.0))
        if 0.0 < weight < 1.0:
            share = notional_of(
                weight,
                Decimal(str(config.risk.sizing.leverage_cap)),
                Decimal(str(config.backtest.capital_usdt)),
            )
            limits[entry.strategy] = min(float(share), limits.get(entry.strategy, float("inf")))
    sizing = msgspec.structs.replace(config.risk.sizing, max_notional_usdt_by_strategy=limits)
    return msgspec.structs.replace(
        config,
        strategies=StrategiesConfig(strategies=tuple(entries)),
        risk=msgspec.structs.replace(config.risk, sizing=sizing),
    )


def _bar_types(specs: tuple[StrategySpec, ...]) -> list[str]:
    return list(dict.fromkeys(one.bar_type for one in specs))


def _present(config: BotConfig, weighted: bool) -> dict[str, float]:
    found: dict[str, float] = {}
    for entry in config.strategies.enabled():
        prefix = f"{entry.strategy}." if weighted else ""
        found |= {prefix + name: float(value) for name, value in entry.parameters.items()}
        if weighted:
            found[prefix + WEIGHT] = 1.0
    return found
