"""What makes two searches the same study: a resumed or shared one must agree in all of it."""

from hashlib import sha256
from typing import Any, Final

import msgspec
import optuna
from optuna.distributions import BaseDistribution, distribution_to_json

from nautilus_bot.core.errors import ConfigError
from nautilus_bot.research.fast.compile import source_digest
from nautilus_bot.research.fast.simulate import simulate
from nautilus_bot.research.optimize.objective import Objective
from nautilus_bot.research.optimize.study import UNLIMITED, StudySettings
from strategies.kernels.table import KERNELS

KEY: Final = "nautilus_bot"
"""User attribute of Optuna's study that holds the fingerprint."""
DIRECTION: Final = optuna.study.StudyDirection.MAXIMIZE

type Fingerprint = dict[str, Any]


def build_fingerprint(
    objective: Objective,
    distributions: dict[str, BaseDistribution],
    settings: StudySettings,
    content_hashes: dict[str, str],
) -> Fingerprint:
    """
    Return everything that a trial's values depend on, as JSON values.

    Parameters
    ----------
    objective : Objective
        Strategies, markets, rules, capital.
    distributions : dict[str, BaseDistribution]
        The search space.
    settings : StudySettings
        Metrics, seed, batch, constraints; the number of trials and of processes does not matter.
    content_hashes : dict[str, str]
        Of the bars, by bar type.
    """
    legs = [
        [
            leg.strategy,
            leg.market.facts.symbol,
            int(leg.market.ts[0]),
            int(leg.market.ts[-1]),
            str(leg.limits),
        ]
        for leg in objective.legs
    ]
    drawdown = settings.max_drawdown_pct
    return {
        "strategies and bars": legs,
        "market data": content_hashes,
        "funding": _digest([leg.market.funding_rates.tolist() for leg in objective.legs]),
        "risk rules": _digest(list(objective.rules)),
        "capital": str(objective.capital_usdt),
        "slippage": objective.slippage_ticks,
        "slices": objective.slices,
        "search space": {name: distribution_to_json(one) for name, one in distributions.items()},
        "metrics": list(settings.metrics),
        "seed": settings.seed,
        "batch": settings.batch,
        "pruning": settings.prunes,
        "min trades": settings.min_trades,
        "max drawdown": None if drawdown == UNLIMITED else drawdown,
        "simulation code": {
            name: source_digest(simulate, {"step": KERNELS[name].step}) for name in objective.strategies
        },
    }


def adopt(study: optuna.Study, wanted: Fingerprint, where: str) -> None:
    """
    Mark an empty study as ours, or check that a study is the one that is asked for.

    Parameters
    ----------
    study : optuna.Study
        As it stands in a storage.
    wanted : Fingerprint
        Of the search that is asked for.
    where : str
        Name and storage of the study, for the message.

    Raises
    ------
    ConfigError
        If it belongs to another program or to another search.
    """
    kept = study.user_attrs.get(KEY)
    if kept is None and not study.get_trials(deepcopy=False):
        study.set_user_attr(KEY, wanted)
        return
    if kept is None:
        raise ConfigError(
            f"{where} must be a study of this bot, but another program made it; choose another --study"
        )
    different = [name for name in wanted if kept.get(name) != _plain(wanted[name])]
    if different:
        raise ConfigError(
            f"{where} can only go on as it began, but it differs in {', '.join(different)}; "
            "choose another --study, or ask for what it began with"
        )


def _digest(value: object) -> str:
    return sha256(msgspec.json.encode(value)).hexdigest()[:16]


def _plain(value: object) -> object:
    return msgspec.json.decode(msgspec.json.encode(value))
