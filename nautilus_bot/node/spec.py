"""What a node is to run: plain values, composed from the configuration, the same in every mode."""

from typing import Any

import msgspec
from nautilus_trader.model.data import BarType

from nautilus_bot.core.errors import NotFound, did_you_mean
from nautilus_bot.node.modes import Mode
from strategies.base import SignalStrategy
from strategies.config import SignalStrategyConfig
from strategies.qa_inject import QAInjectStrategy
from strategies.table import STRATEGIES


class Sizing(msgspec.Struct, frozen=True, kw_only=True):
    """
    How entries are sized.

    Parameters
    ----------
    risk_pct_per_trade : str, default "0.5"
        Part of the wallet balance that a stop may lose, percent.
    leverage_cap : str, default "3"
        Largest entry notional as a multiple of the wallet balance.
    max_notional_usdt : str, default "Infinity"
        Largest entry notional, USDT.
    capital_cap_usdt : str, default "Infinity"
        Wallet balance that sizing counts at most, USDT.
    disaster_stop_pct : float, default 20.0
        Distance of the venue's own position stop, percent, in modes that send one.
    """

    risk_pct_per_trade: str = "0.5"
    leverage_cap: str = "3"
    max_notional_usdt: str = "Infinity"
    capital_cap_usdt: str = "Infinity"
    disaster_stop_pct: float = 20.0


class StrategySpec(msgspec.Struct, frozen=True, kw_only=True):
    """
    One strategy on one instrument and timeframe.

    Parameters
    ----------
    strategy : str
        Class name in ``strategies.table.STRATEGIES``.
    bar_type : str
        E.g. ``BTCUSDT-LINEAR.BYBIT-15-MINUTE-LAST-EXTERNAL``.
    parameters : dict[str, float]
        Kernel parameters by name; missing ones take their default.
    sizing : Sizing
        How its entries are sized.
    peek_secs : float, default 0.0
        Evaluate the forming bar this often; 0 for bar close only.
    """

    strategy: str
    bar_type: str
    parameters: dict[str, float] = {}
    sizing: Sizing = Sizing()
    peek_secs: float = 0.0


class NodeSpec(msgspec.Struct, frozen=True, kw_only=True):
    """
    Everything that ``wire`` needs besides the kernel and the journal.

    Parameters
    ----------
    mode : Mode
        The row of the mode table.
    session : str
        Token that makes the session's ids unique.
    strategies : tuple[StrategySpec, ...]
        What trades.
    rules : tuple[dict[str, Any], ...]
        The ``rules`` array of ``risk_config.json``.
    rules_source : str
        Where they come from, for error messages.
    injectable : tuple[str, ...], default ()
        Bar types on which a ``QAInjectStrategy`` waits for injected signals.
    """

    mode: Mode
    session: str
    strategies: tuple[StrategySpec, ...]
    rules: tuple[dict[str, Any], ...] = ()
    rules_source: str = "risk_config.json"
    injectable: tuple[str, ...] = ()


def build_strategies(spec: NodeSpec) -> list[SignalStrategy]:
    """Construct all strategies of a node, those that wait for injected signals last."""
    ready = [build_strategy(one, spec.mode, spec.session) for one in spec.strategies]
    for name in spec.injectable:
        injected = StrategySpec(strategy=QAInjectStrategy.__name__, bar_type=name)
        ready.append(
            QAInjectStrategy(build_strategy_config(injected, spec.mode, spec.session, QAInjectStrategy))
        )
    return ready


def build_strategy(spec: StrategySpec, mode: Mode, session: str) -> SignalStrategy:
    """
    Construct a strategy.

    Raises
    ------
    NotFound
        If there is no strategy of that name.
    """
    strategy = STRATEGIES.get(spec.strategy)
    if strategy is None:
        raise NotFound(f"no strategy {spec.strategy!r}; {did_you_mean(spec.strategy, STRATEGIES)}")
    return strategy(build_strategy_config(spec, mode, session, strategy))


def build_strategy_config(
    spec: StrategySpec, mode: Mode, session: str, strategy: type[SignalStrategy]
) -> SignalStrategyConfig:
    """Return Nautilus's configuration of one strategy in one mode."""
    bar_type = BarType.from_str(spec.bar_type)
    symbol = bar_type.instrument_id.symbol.value.partition("-")[0]
    minutes = int(bar_type.spec.timedelta.total_seconds()) // 60
    parameters = strategy.kernel.defaults() | spec.parameters
    return SignalStrategyConfig(
        order_id_tag=f"{strategy.tag}_{symbol}_{minutes}m",
        bar_type=bar_type,
        parameters=tuple(float(parameters[p.name]) for p in strategy.kernel.parameters),
        session=session,
        risk_pct_per_trade=spec.sizing.risk_pct_per_trade,
        leverage_cap=spec.sizing.leverage_cap,
        max_notional_usdt=spec.sizing.max_notional_usdt,
        capital_cap_usdt=spec.sizing.capital_cap_usdt,
        exits_linked_by_venue=mode.exits_linked_by_venue,
        disaster_stop_pct=spec.sizing.disaster_stop_pct if mode.disaster_stop else 0.0,
        peek_secs=spec.peek_secs,
        warmup_bars=mode.warmup_bars,
        log_events=False,
        log_commands=False,
    )
