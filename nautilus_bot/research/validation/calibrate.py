"""Fit confidence to outcomes on the first part of history, and judge the fit on the rest."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal

import msgspec
import numpy as np

from nautilus_bot.core.errors import DataError
from nautilus_bot.research.fast import trade_log
from nautilus_bot.research.fast.market import Floats, Ints
from nautilus_bot.research.statistics.calibration import (
    Bin,
    Knots,
    brier_score,
    calibration_error,
    fit_constant,
    fit_isotonic,
    fit_platt,
    reliability,
)
from nautilus_bot.research.validation.load import Subject
from nautilus_bot.research.validation.setting import Setting
from nautilus_bot.research.validation.space import ParameterSet
from nautilus_bot.risk.calibration import Mapping

type Method = Literal["auto", "isotonic", "platt", "constant"]
type Fit = Callable[[Floats, Floats], Knots]

LEAST_POOL: Final = 50
"""Signals behind each step of an isotonic mapping."""

FOLDS: Final = 5
"""Stretches of time, each forecast by a fit on the others, by which ``auto`` chooses."""

LEAST_SIGNALS: Final = 40
"""Fewer outcomes in either part say nothing."""

UNASKED: Final = "min_confidence"
"""The rule that must not choose which signals are looked at."""


@dataclass(frozen=True, slots=True, eq=False)
class Outcomes:
    """
    Signals that were traded, oldest first.

    Parameters
    ----------
    ts : Ints, shape (n,)
        When each was entered, ns UTC.
    confidence : Floats, shape (n,)
        What the strategy said.
    won : Floats, shape (n,)
        1 where the trade earned money after fees and funding, else 0.
    earned : Floats, shape (n,)
        How much, USDT.
    """

    ts: Ints
    confidence: Floats
    won: Floats
    earned: Floats


class Judgement(msgspec.Struct, frozen=True, kw_only=True):
    """
    How good forecasts are on signals that nothing was fitted on.

    Parameters
    ----------
    brier : float
        Brier score.
    error : float
        Mean distance between forecast and outcome (ECE).
    curve : tuple[Bin, ...]
        Reliability.
    """

    brier: float
    error: float
    curve: tuple[Bin, ...]


class StrategyCalibration(msgspec.Struct, frozen=True, kw_only=True):
    """
    The calibration of one strategy.

    Parameters
    ----------
    strategy : str
        Class name.
    mapping : Mapping
        For the file.
    fitted, judged : int
        Signals in-sample and out-of-sample.
    base_rate : float
        Share of signals in-sample that earned money: what a forecast without any skill says.
    break_even : float
        Share of winners at which the in-sample trades would have come to nothing.
    raw, calibrated, constant : Judgement
        Out-of-sample: confidence as it is, mapped, and the base rate for every signal.
    improves : bool
        Whether the mapped confidence has a lower Brier score out-of-sample than the raw one.
    """

    strategy: str
    mapping: Mapping
    fitted: int
    judged: int
    base_rate: float
    break_even: float
    raw: Judgement
    calibrated: Judgement
    constant: Judgement
    improves: bool


def observe(setting: Setting, params: ParameterSet) -> Outcomes:
    """
    Trade every signal, however weak, and note what became of it.

    Parameters
    ----------
    setting : Setting
        Strategy, market and conditions; the rule on confidence is switched off.
    params : ParameterSet
        Of the kernel.
    """
    kept = tuple(one for one in setting.rules if one.get("rule") != UNASKED)
    unasked = replace(setting, rules=(*kept, {"rule": UNASKED, "enabled": False}))
    result = unasked.simulation().run(params)
    finished = result.rows[:, trade_log.EXIT_BAR] >= 0
    rows = result.rows[finished]
    costs = rows[:, trade_log.ENTRY_FEE] + rows[:, trade_log.EXIT_FEE]
    earned = (rows[:, trade_log.PROFIT] - costs + rows[:, trade_log.FUNDING]) / 1e8
    return Outcomes(
        setting.market.ts[rows[:, trade_log.ENTRY_BAR]],
        result.confidences[finished],
        (earned > 0.0).astype(np.float64),
        earned,
    )


def calibrate(
    strategy: str, outcomes: Sequence[Outcomes], *, method: Method = "auto", fit_ratio: float = 0.6
) -> StrategyCalibration:
    """
    Fit a strategy's confidence to its outcomes in-sample and judge it out-of-sample.

    Parameters
    ----------
    strategy : str
        Class name.
    outcomes : Sequence[Outcomes]
        By symbol; they are put together in order of time.
    method : {"auto", "isotonic", "platt", "constant"}, default "auto"
        ``auto`` is the one that forecasts best across stretches of the in-sample time; the base rate for all
        signals (``constant``) when confidence carries no information.
    fit_ratio : float, default 0.6
        First part of the signals that is fitted on.

    Raises
    ------
    DataError
        If one of the parts has too few signals.
    """
    ts, confidence, won, earned = _by_time(outcomes)
    # at a border in time, so that no moment lies on both sides
    border = ts[int(fit_ratio * len(ts))] if len(ts) else 0
    inside, outside = ts < border, ts >= border
    if min(inside.sum(), outside.sum()) < LEAST_SIGNALS:
        raise DataError(
            f"a calibration of {strategy} needs {LEAST_SIGNALS} traded signals in-sample and out-of-sample, "
            f"found {inside.sum()} and {outside.sum()}; use a longer time range or more symbols"
        )
    used, knots = _fit(confidence[inside], won[inside], method)
    rate = float(won[inside].mean())
    raw = _judge(confidence[outside], won[outside])
    mapped = _judge(knots(confidence[outside]), won[outside])
    return StrategyCalibration(
        strategy=strategy,
        mapping=Mapping(
            confidence=tuple(knots.forecast.tolist()),
            probability=tuple(knots.probability.tolist()),
            signals=int(inside.sum()),
            method=used,
        ),
        fitted=int(inside.sum()),
        judged=int(outside.sum()),
        base_rate=rate,
        break_even=_break_even(earned[inside]),
        raw=raw,
        calibrated=mapped,
        constant=_judge(np.full(int(outside.sum()), rate), won[outside]),
        improves=mapped.brier < raw.brier,
    )


def calibrate_all(
    subjects: Sequence[Subject], *, method: Method = "auto", fit_ratio: float = 0.6
) -> tuple[StrategyCalibration, ...]:
    """
    Calibrate each strategy over all of its symbols.

    Parameters
    ----------
    subjects : Sequence[Subject]
        Strategies on symbols.
    method, fit_ratio
        As in ``calibrate``.

    Raises
    ------
    DataError
        If a strategy has too few signals.
    """
    found: dict[str, list[Outcomes]] = {}
    for one in subjects:
        found.setdefault(one.setting.strategy, []).append(observe(one.setting, one.configured))
    return tuple(
        calibrate(name, outcomes, method=method, fit_ratio=fit_ratio) for name, outcomes in found.items()
    )


def _by_time(outcomes: Sequence[Outcomes]) -> tuple[Ints, Floats, Floats, Floats]:
    ts = np.concatenate([one.ts for one in outcomes])
    order = np.argsort(ts, kind="stable")
    confidence = np.concatenate([one.confidence for one in outcomes])
    won = np.concatenate([one.won for one in outcomes])
    earned = np.concatenate([one.earned for one in outcomes])
    return ts[order], confidence[order], won[order], earned[order]


def _fit(confidence: Floats, won: Floats, method: Method) -> tuple[str, Knots]:
    if method == "auto":
        chosen = min(FITS, key=lambda name: _forecast_error(FITS[name], confidence, won))
    else:
        chosen = method
    return chosen, FITS[chosen](confidence, won)


def _forecast_error(fit: Fit, confidence: Floats, won: Floats) -> float:
    """Return the Brier score of forecasts by fits on other stretches of time."""
    fold = np.arange(len(won)) * FOLDS // len(won)
    errors = [
        brier_score(fit(confidence[fold != one], won[fold != one])(confidence[fold == one]), won[fold == one])
        for one in range(FOLDS)
    ]
    return float(np.mean(errors))


def _fit_steps(confidence: Floats, won: Floats) -> Knots:
    return fit_isotonic(confidence, won, LEAST_POOL)


FITS: Final[dict[str, Fit]] = {"constant": fit_constant, "platt": fit_platt, "isotonic": _fit_steps}
"""From the fewest numbers to the most: of two that forecast alike, the simpler one is taken."""


def _judge(forecasts: Floats, won: Floats) -> Judgement:
    curve = reliability(forecasts, won)
    return Judgement(brier=brier_score(forecasts, won), error=calibration_error(curve), curve=curve)


def _break_even(earned: Floats) -> float:
    """Return the share of winners at which mean win and mean loss balance; 0 or 1 where one is missing."""
    wins, losses = earned[earned > 0.0], -earned[earned <= 0.0]
    if not len(losses):
        return 0.0
    if not len(wins):
        return 1.0
    return float(losses.mean() / (wins.mean() + losses.mean()))
