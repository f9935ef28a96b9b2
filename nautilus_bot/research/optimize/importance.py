"""How much each parameter matters: the share of the metric that follows it."""

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np

from nautilus_bot.research.optimize.trials import Trial

FEWEST: Final = 20
"""Fewer trials than this say nothing."""
BINS: Final = 8


def importance_of(trials: Sequence[Trial]) -> Mapping[str, float]:
    """
    Return each parameter's share of the variation that single parameters explain, the largest first.

    Parameters
    ----------
    trials : Sequence[Trial]
        Of one study; only complete ones count.

    Returns
    -------
    Mapping[str, float]
        Shares that add up to 1, by name; empty with fewer than 20 complete trials or without any variation.

    Notes
    -----
    Correlation ratio (K. Pearson 1905): the variance of the mean of the leading metric over eight groups of
    equally many trials along the parameter, over its whole variance. What only pairs of parameters explain
    is not seen. Ranks of the metric are used, so that a few wild trials do not decide.
    """
    complete = [one for one in trials if one.state == "complete"]
    if len(complete) < FEWEST:
        return {}
    merit = np.argsort(np.argsort([one.values[0] for one in complete])).astype(np.float64)
    found = {}
    for name in complete[0].parameters:
        order = np.argsort([one.parameters[name] for one in complete], kind="stable")
        groups = np.array_split(merit[order], BINS)
        found[name] = sum(len(group) * float(np.mean(group) - np.mean(merit)) ** 2 for group in groups)
    total = sum(found.values())
    if total == 0.0:
        return {}
    return dict(sorted(((name, value / total) for name, value in found.items()), key=lambda item: -item[1]))
