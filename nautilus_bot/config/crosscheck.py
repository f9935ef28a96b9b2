"""What no file can check alone: that the names and numbers of one agree with those of another."""

from collections.abc import Iterable, Sequence
from decimal import Decimal

import msgspec

from nautilus_bot.config.backtest import BacktestConfig
from nautilus_bot.config.risk import RiskConfig, SizingConfig
from nautilus_bot.config.strategies import StrategiesConfig, StrategyEntry
from nautilus_bot.config.venue import LiveConfig, VenueConfig
from nautilus_bot.core.errors import ConfigError, NotFound, did_you_mean
from nautilus_bot.core.strict import Source
from nautilus_bot.market.instruments import facts_of
from nautilus_bot.risk.loader import load_rules
from strategies.kernels.contract import Parameter
from strategies.kernels.table import KERNELS


def check_venue(venue: VenueConfig, source: Source) -> None:
    """Refuse an empty symbol list, too much leverage, and a simulated venue that would dial out."""
    _not_empty(venue.symbols, source.at("symbols"))
    for symbol in venue.symbols:
        _check_leverage(venue.leverage, symbol, source.at("leverage"))
    for name in venue.strangers():
        raise source.at("addresses", name).error(
            "an address of the simulated environment must be on loopback (127.0.0.1), "
            f"was {getattr(venue.addresses, name)!r}"
        )


def _check_leverage(leverage: int, symbol: str, place: Source) -> None:
    """Refuse more than the instrument allows, where our table knows it; the start asks the venue itself."""
    try:
        most = Decimal(facts_of(symbol).max_leverage)
    except NotFound:
        return
    if leverage > most:
        raise place.error(f"must be at most {most:f}, which is what {symbol} allows, was {leverage}")


def check_session(backtest: BacktestConfig, venue: VenueConfig, source: Source) -> None:
    """Refuse symbols and timeframes that the venue's file does not list, and a wrong time range."""
    _not_empty(backtest.symbols, source.at("symbols"))
    _known_symbols(backtest.symbols, venue, source.at("symbols"))
    if backtest.timeframe is not None:
        _known(backtest.timeframe, venue.timeframes, "timeframe", source.at("timeframe"))
    try:
        backtest.period()
    except ConfigError as error:
        raise source.at("timerange").error(str(error)) from error


def check_strategies(config: StrategiesConfig, venue: VenueConfig, source: Source) -> None:
    """Refuse strategies, symbols, timeframes and parameters that do not exist, and values out of bounds."""
    seen: set[tuple[str, str]] = set()
    for index, entry in enumerate(config.strategies):
        place = source.at("strategies", index)
        _known(entry.strategy, KERNELS, "strategy", place.at("strategy"))
        _known_symbols(entry.symbols, venue, place.at("symbols"))
        _known(entry.timeframe, venue.timeframes, "timeframe", place.at("timeframe"))
        _check_parameters(entry, place.at("parameters"))
        if (entry.strategy, entry.timeframe) in seen:
            raise place.error(f"{entry.strategy} on {entry.timeframe} must be listed once, was listed twice")
        seen.add((entry.strategy, entry.timeframe))
        _trades_a_symbol_once(entry, config.strategies[:index], place)


def _trades_a_symbol_once(entry: StrategyEntry, before: Sequence[StrategyEntry], place: Source) -> None:
    """Signal and order ids name strategy and symbol, not the timeframe: two instances would share them."""
    for index, other in enumerate(before):
        if other.strategy != entry.strategy or not (other.enabled and entry.enabled):
            continue
        # an entry that names none trades all symbols of the session
        shared = sorted(set(other.symbols or entry.symbols) & set(entry.symbols or other.symbols))
        if shared or not (other.symbols or entry.symbols):
            traded = ", ".join(shared) or "all symbols"
            raise place.at("symbols").error(
                f"{entry.strategy} may trade a symbol on one timeframe only; "
                f"$.strategies[{index}] trades {traded} on {other.timeframe}, this one on {entry.timeframe}: "
                "their orders would have the same ids. Name each symbol in one of the two only, or set "
                '"enabled": false in one'
            )


def check_live(live: LiveConfig, venue: VenueConfig, strategies: StrategiesConfig, source: Source) -> None:
    """Refuse live trading without a step, and steps that shrink or name what does not exist."""
    place = source.at("live")
    names = [entry.strategy for entry in strategies.strategies]
    largest = 0.0
    for index, step in enumerate(live.steps):
        spot = place.at("steps", index)
        if step.capital_cap_usdt < largest:
            raise spot.at("capital_cap_usdt").error(
                f"must not be below the step before ({largest:g}), was {step.capital_cap_usdt:g}"
            )
        largest = step.capital_cap_usdt
        _known_symbols(step.symbols, venue, spot.at("symbols"))
        for number, name in enumerate(step.strategies):
            _known(name, names, "strategy", spot.at("strategies", number))
    if live.step or live.enabled:
        _known(live.step, [step.name for step in live.steps], "step", place.at("step"))


def check_sizing(
    sizing: SizingConfig, venue: VenueConfig, strategies: StrategiesConfig, source: Source
) -> None:
    """Refuse limits of strategies and symbols that do not exist, and entries that no margin would cover."""
    place = source.at("sizing")
    if sizing.leverage_cap > venue.leverage:
        raise place.at("leverage_cap").error(
            f"must be at most the leverage at the venue ({venue.leverage}, $.leverage of its file), "
            f"was {sizing.leverage_cap:g}: no margin would cover such an entry; lower it or raise that one"
        )
    names = [entry.strategy for entry in strategies.strategies]
    for name in sizing.max_notional_usdt_by_strategy:
        _known(name, names, "strategy", place.at("max_notional_usdt_by_strategy", name))
    for symbol in sizing.max_notional_usdt_by_symbol:
        _known(symbol, venue.symbols, "symbol", place.at("max_notional_usdt_by_symbol", symbol))


def check_rules(risk: RiskConfig, source: Source) -> None:
    """Refuse rules, keys and limits that the rules themselves do not accept."""
    load_rules(risk.rules, source)


def with_all_parameters(entry: StrategyEntry) -> StrategyEntry:
    """Return the entry with every parameter of its kernel, in the order in which the kernel reads them."""
    parameters = {**KERNELS[entry.strategy].defaults(), **entry.parameters}
    return msgspec.structs.replace(entry, parameters=parameters)


def _check_parameters(entry: StrategyEntry, place: Source) -> None:
    known = {parameter.name: parameter for parameter in KERNELS[entry.strategy].parameters}
    for name, value in entry.parameters.items():
        _known(name, known, "parameter", place.at(name))
        _check_bounds(value, known[name], place.at(name))


def _check_bounds(value: float, parameter: Parameter, place: Source) -> None:
    if not parameter.low <= value <= parameter.high:
        unit = f" {parameter.unit}" if parameter.unit else ""
        raise place.error(f"must be from {parameter.low:g} to {parameter.high:g}{unit}, was {value:g}")
    if parameter.integer and value != int(value):
        raise place.error(f"must be a whole number, was {value:g}")


def _known_symbols(symbols: Iterable[str], venue: VenueConfig, place: Source) -> None:
    for index, symbol in enumerate(symbols):
        _known(symbol, venue.symbols, "symbol", place.at(index))


def _known(name: str, known: Iterable[str], kind: str, place: Source) -> None:
    words = tuple(known)
    if name not in words:
        raise place.error(f"no {kind} {name!r}; {did_you_mean(name, words)}")


def _not_empty(values: tuple[str, ...], place: Source) -> None:
    if not values:
        raise place.error("must name at least one symbol, was empty")
