"""From a bot's configuration to what is validated: one setting and search space a strategy and symbol."""

from dataclasses import dataclass
from pathlib import Path

from nautilus_bot.config.bot import BotConfig
from nautilus_bot.research.fast.rule_setup import measure_market
from nautilus_bot.research.fast.rules import MarketMeasures
from nautilus_bot.research.optimize.session import build_session
from nautilus_bot.research.validation.setting import Setting
from nautilus_bot.research.validation.space import ParameterSet, Space, space_of


@dataclass(frozen=True, slots=True, eq=False)
class Subject:
    """
    One strategy on one symbol.

    Parameters
    ----------
    setting : Setting
        Strategy, market and conditions.
    space : Space
        Its search space.
    configured : ParameterSet
        The parameters that the strategies' file holds.
    symbol, interval, origin : str
        E.g. ``BTCUSDT``, ``15m``, and ``history`` or ``synthetic, seed N``.
    """

    setting: Setting
    space: Space
    configured: ParameterSet
    symbol: str
    interval: str
    origin: str


def load_subjects(config: BotConfig, folder: Path) -> tuple[Subject, ...]:
    """
    Load the market and return what there is to validate.

    Parameters
    ----------
    config : BotConfig
        Narrowed to strategies, symbols, timeframe and time range.
    folder : Path
        Of the configuration files, for the search spaces.

    Raises
    ------
    NotFound
        If there are no bars or no search space.
    ConfigError
        If a search space or rule is wrong.
    DataError
        If there are too few bars, or a file is damaged.
    """
    session = build_session(config, folder, held_out_pct=0.0)
    entries = {entry.strategy: entry for entry in config.strategies.enabled()}
    measured: dict[int, MarketMeasures] = {}
    subjects = []
    for leg in session.whole.legs:
        # strategies on the same bars share what the rules measure on them
        if id(leg.market) not in measured:
            measured[id(leg.market)] = measure_market(session.whole.rules, leg.market)
        setting = Setting(
            leg.strategy,
            leg.market,
            leg.limits,
            session.whole.rules,
            measured[id(leg.market)],
            session.whole.capital_usdt,
            session.whole.slippage_ticks,
        )
        entry = entries[leg.strategy]
        subjects.append(
            Subject(
                setting=setting,
                space=space_of(session.spaces[leg.strategy], setting.kernel),
                configured=tuple(float(entry.parameters[one.name]) for one in setting.kernel.parameters),
                symbol=leg.market.facts.symbol,
                interval=config.timeframe_of(entry),
                origin=session.market.origin,
            )
        )
    return tuple(subjects)
