"""
The overfit gate: one verdict on a strategy and its market, with the evidence it rests on.

A strategy passes when every check passes. The checks do not have equal parts:

- ``out-of-sample`` is the test. Parameters are chosen on the past and traded on days that the choice has not
  seen, so no number of trials can bend it: markets without edge pass it in 5 % of all cases, as its level
  says. All other checks can only refuse, so the gate as a whole passes fewer.
- the others refuse what that test cannot see: a choice that luck explains, an optimum that is a needle,
  profits that twice the fees or a late order eat up, results that hang on a few trades or one path.

Their limits were chosen on markets of other seeds than those on which the gate is judged; see
``docs/validation.md``.
"""

from collections.abc import Callable, Iterator
from math import isinf, isnan

import msgspec
import numpy as np

from nautilus_bot.core.errors import DataError
from nautilus_bot.research.statistics.moments import Moments, moments_of
from nautilus_bot.research.statistics.overfitting import probability_of_overfitting
from nautilus_bot.research.statistics.resampling import bootstrap_trades, shuffle_trades
from nautilus_bot.research.statistics.sharpe import (
    deflated_sharpe,
    expected_max_sharpe,
    independent_trials,
    min_track_record,
    probabilistic_sharpe,
)
from nautilus_bot.research.validation.daily import YEAR_ROOT
from nautilus_bot.research.validation.robustness import (
    Plateau,
    Stress,
    measure_plateau,
    resampled_returns,
    stress,
    trade_returns,
)
from nautilus_bot.research.validation.search import Trials, run_trials
from nautilus_bot.research.validation.setting import Setting
from nautilus_bot.research.validation.space import Space, as_mapping, spread_sets
from nautilus_bot.research.validation.walk_forward import LEAST_TRADES, WalkForward, walk_forward
from nautilus_bot.research.validation.windows import Plan

LEAST_DAYS = 120
"""A shorter history says nothing about a year."""


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """
    What a strategy must reach.

    Parameters
    ----------
    outside_confidence : float
        Probability that the out-of-sample Sharpe ratio is above zero.
    outside_trades : int
        Trades out-of-sample.
    efficiency : float
        Out-of-sample over in-sample Sharpe ratio.
    deflated_confidence : float
        Probability that the chosen set is better than the luckiest of all trials.
    overfitting, loss : float
        Most probable overfitting, and loss after choosing on half of the days (CSCV).
    plateau : float
        Median Sharpe ratio of the neighbours over that of the chosen set.
    stressed_return_pct : float
        Return under each worse condition.
    bootstrap_loss, resampled_loss : float
        Most probable loss over trades and over candles drawn again.
    """

    outside_confidence: float = 0.95
    outside_trades: int = 30
    efficiency: float = 0.30
    deflated_confidence: float = 0.90
    overfitting: float = 0.50
    loss: float = 0.20
    plateau: float = 0.50
    stressed_return_pct: float = 0.0
    bootstrap_loss: float = 0.05
    resampled_loss: float = 0.25


class Effort(msgspec.Struct, frozen=True, kw_only=True):
    """
    How much is computed.

    Parameters
    ----------
    trials : int
        Parameter sets.
    windows : int
        Windows of the walk-forward over the second part of the history.
    train_ratio : float
        Part of the history before the first window.
    blocks : int
        Of CSCV.
    paths, draws : int
        Orders of trades, and resampled markets.
    block_days : int
        Mean length of a block of candles.
    seed : int
        Of everything that is drawn.
    """

    trials: int = 48
    windows: int = 10
    train_ratio: float = 0.3
    blocks: int = 16
    paths: int = 1_000
    draws: int = 20
    block_days: int = 5
    seed: int = 1


class Check(msgspec.Struct, frozen=True):
    """
    One piece of evidence.

    Parameters
    ----------
    name : str
        What was looked at.
    passed : bool
        Whether the limit is kept.
    observed, limit : float
        The figure and what it must reach (or not exceed).
    reads : str
        One sentence in words.
    """

    name: str
    passed: bool
    observed: float
    limit: float
    reads: str


class Evidence(msgspec.Struct, frozen=True, kw_only=True):
    """
    The figures behind the checks.

    Parameters
    ----------
    parameters : dict[str, float]
        The set that a search over the whole history chooses.
    sharpe, skewness, kurtosis : float
        Of its daily returns; the Sharpe ratio is annual.
    trials : int
        Parameter sets tried.
    independent_trials : float
        What they are worth after their correlation.
    expected_max_sharpe : float
        Annual Sharpe ratio of the luckiest of as many trials without edge.
    deflated_sharpe : float
        Probability of being better than that, luck alone making the trials differ.
    deflated_sharpe_observed : float
        The same with the variance that the trials' Sharpe ratios have here, as the paper has it; differences
        in edge and in costs count as luck then.
    min_track_record_days : float
        Days it takes to be 95 % sure of the out-of-sample Sharpe ratio.
    walk_forward : WalkForward
        Out-of-sample.
    overfitting_probability, overfitting_loss, overfitting_slope : float
        CSCV.
    plateau : Plateau
        Around the chosen set.
    stresses : tuple[Stress, ...]
        Under worse conditions.
    bootstrap_loss : float
        Share of draws of the trades that lose.
    drawdown_95_pct : float
        Drawdown that 95 % of all orders of the trades stay within.
    resampled_loss : float
        Share of resampled markets on which it loses.
    """

    parameters: dict[str, float]
    sharpe: float
    skewness: float
    kurtosis: float
    trials: int
    independent_trials: float
    expected_max_sharpe: float
    deflated_sharpe: float
    deflated_sharpe_observed: float
    min_track_record_days: float
    walk_forward: WalkForward
    overfitting_probability: float
    overfitting_loss: float
    overfitting_slope: float
    plateau: Plateau
    stresses: tuple[Stress, ...]
    bootstrap_loss: float
    drawdown_95_pct: float
    resampled_loss: float


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """
    Pass or fail.

    Parameters
    ----------
    passed : bool
        Whether every check passed.
    checks : tuple[Check, ...]
        In the order in which they are explained.
    evidence : Evidence | None
        None when no parameter set earned anything: there is nothing to examine then.
    """

    passed: bool
    checks: tuple[Check, ...]
    evidence: Evidence | None


def judge(
    setting: Setting,
    space: Space,
    *,
    effort: Effort | None = None,
    limits: Limits | None = None,
    on_step: Callable[[str], None] | None = None,
) -> Verdict:
    """
    Examine a strategy on a market.

    Parameters
    ----------
    setting : Setting
        Strategy, market and conditions.
    space : Space
        What a search may try.
    effort : Effort, optional
        How much is computed.
    limits : Limits, optional
        What must be reached.
    on_step : Callable[[str], None], optional
        Called with the name of each step before it is taken.

    Raises
    ------
    DataError
        If the history is too short.
    """
    effort, limits = effort or Effort(), limits or Limits()
    tell = on_step or _silent
    tell("searching")
    sets = spread_sets(space, effort.trials, effort.seed)
    trials = run_trials(setting, sets)
    plan = _plan(len(trials.days), effort)
    best = trials.best(LEAST_TRADES)
    if best is None:
        return Verdict(passed=False, checks=(_nothing_earned(trials),), evidence=None)
    tell("walking forward")
    forward = walk_forward(setting, space, sets, plan)
    tell("examining the choice")
    return decide(_gather(setting, space, effort, trials, best, forward), limits)


def decide(evidence: Evidence, limits: Limits) -> Verdict:
    """Return the verdict on some evidence: it passes when every check does."""
    checks = tuple(_checks(evidence, limits))
    return Verdict(passed=all(check.passed for check in checks), checks=checks, evidence=evidence)


def _silent(_step: str) -> None:
    """Tell nobody."""


def _plan(days: int, effort: Effort) -> Plan:
    if days < LEAST_DAYS:
        raise DataError(
            f"a validation needs {LEAST_DAYS} days of bars or more, found {days}; use a longer time range"
        )
    test = int(days * (1.0 - effort.train_ratio) / effort.windows)
    return Plan(mode="anchored", train_days=days - effort.windows * test, test_days=test)


def _nothing_earned(trials: Trials) -> Check:
    best = float(trials.sharpes().max())
    reads = f"none of {len(trials.sets)} parameter sets earned anything over the whole history"
    return Check("in-sample", False, best, 0.0, reads)


def _gather(
    setting: Setting, space: Space, effort: Effort, trials: Trials, best: int, forward: WalkForward
) -> Evidence:
    chosen, moments = trials.sets[best], moments_of(trials.returns[:, best])
    independent = independent_trials(trials.returns)
    luck = 1.0 / (moments.periods - 1)
    observed = float(np.var(trials.sharpes() / YEAR_ROOT, ddof=1))
    overfitting = probability_of_overfitting(trials.returns, effort.blocks)
    random = np.random.default_rng(effort.seed)
    trades = trade_returns(setting.simulation().run(chosen), float(setting.capital_usdt))
    bars_per_day = len(setting.market) // len(trials.days)
    resampled = resampled_returns(setting, chosen, effort.draws, effort.block_days * bars_per_day, random)
    shuffled = shuffle_trades(trades, effort.paths, random)
    return Evidence(
        parameters=as_mapping(space, chosen),
        sharpe=moments.sharpe * YEAR_ROOT,
        skewness=moments.skewness,
        kurtosis=moments.kurtosis,
        trials=len(trials.sets),
        independent_trials=independent,
        expected_max_sharpe=expected_max_sharpe(independent, luck) * YEAR_ROOT,
        deflated_sharpe=deflated_sharpe(moments, independent, luck),
        deflated_sharpe_observed=deflated_sharpe(moments, independent, observed),
        min_track_record_days=min_track_record(_outside(forward)),
        walk_forward=forward,
        overfitting_probability=overfitting.probability,
        overfitting_loss=overfitting.loss_probability,
        overfitting_slope=overfitting.slope,
        plateau=measure_plateau(setting, space, chosen),
        stresses=stress(setting, chosen),
        bootstrap_loss=bootstrap_trades(trades, effort.paths, random).loss_probability,
        drawdown_95_pct=float(np.quantile(shuffled.drawdowns_pct, 0.95)),
        resampled_loss=float(np.mean(resampled <= 0.0)),
    )


def _outside(forward: WalkForward) -> Moments:
    return moments_of(np.array(forward.returns))


def _checks(found: Evidence, limits: Limits) -> Iterator[Check]:
    forward = found.walk_forward
    sure = probabilistic_sharpe(_outside(forward))
    yield _at_least(
        "out-of-sample",
        sure,
        limits.outside_confidence,
        f"{100 * sure:.1f} % sure of an edge: Sharpe {forward.outside.sharpe:.2f} over "
        f"{forward.outside.days} days that no choice has seen; {_needed(found.min_track_record_days)}",
    )
    yield _at_least(
        "trades",
        forward.outside.trades,
        limits.outside_trades,
        f"{forward.outside.trades} trades out-of-sample",
    )
    kept = 0.0 if isnan(forward.efficiency) else forward.efficiency
    yield _at_least(
        "degradation",
        kept,
        limits.efficiency,
        f"{100 * kept:.0f} % of the in-sample Sharpe ratio ({forward.inside_sharpe:.2f}) is left "
        "out-of-sample",
    )
    yield _at_least(
        "deflated Sharpe",
        found.deflated_sharpe,
        limits.deflated_confidence,
        f"Sharpe {found.sharpe:.2f}, where the luckiest of {found.trials} trials (worth "
        f"{found.independent_trials:.0f}) would have {found.expected_max_sharpe:.2f}",
    )
    yield from _choice_checks(found, limits)
    yield from _robustness_checks(found, limits)


def _needed(days: float) -> str:
    if isinf(days):
        return "no number of days would prove it"
    return f"95 % would take {days:,.0f} days"


def _choice_checks(found: Evidence, limits: Limits) -> Iterator[Check]:
    yield _at_most(
        "overfitting",
        found.overfitting_probability,
        limits.overfitting,
        f"the best on half of the days is in the lower half on the others in "
        f"{100 * found.overfitting_probability:.0f} % of all splits",
    )
    yield _at_most(
        "loss after choice",
        found.overfitting_loss,
        limits.loss,
        f"it loses money there in {100 * found.overfitting_loss:.0f} % of all splits",
    )
    kept = found.plateau.kept_ratio
    yield _at_least(
        "plateau",
        kept,
        limits.plateau,
        f"parameters a step aside keep {100 * kept:.0f} % of the Sharpe ratio ({found.plateau.centre:.2f})",
    )


def _robustness_checks(found: Evidence, limits: Limits) -> Iterator[Check]:
    for one in found.stresses[1:]:
        reads = f"return {one.return_pct:+.1f} %, Sharpe {one.sharpe:.2f}"
        yield Check(
            one.name,
            one.return_pct > limits.stressed_return_pct,
            one.return_pct,
            limits.stressed_return_pct,
            reads,
        )
    yield _at_most(
        "trades drawn again",
        found.bootstrap_loss,
        limits.bootstrap_loss,
        f"{100 * found.bootstrap_loss:.1f} % of the draws lose; the drawdown stays within "
        f"{found.drawdown_95_pct:.1f} % in 95 % of all orders",
    )
    yield _at_most(
        "candles drawn again",
        found.resampled_loss,
        limits.resampled_loss,
        f"it loses on {100 * found.resampled_loss:.0f} % of the markets made of blocks of this one",
    )


def _at_least(name: str, observed: float, limit: float, reads: str) -> Check:
    return Check(name, observed >= limit, float(observed), float(limit), reads)


def _at_most(name: str, observed: float, limit: float, reads: str) -> Check:
    return Check(name, observed <= limit, float(observed), float(limit), reads)
