"""A small deterministic search: simulate every parameter set, keep daily returns, name the best."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from nautilus_bot.research.fast.market import Floats, Ints
from nautilus_bot.research.validation.daily import annual_sharpe, daily_returns, day_ends, days_of
from nautilus_bot.research.validation.setting import Setting
from nautilus_bot.research.validation.space import ParameterSet


@dataclass(frozen=True, slots=True, eq=False)
class Trials:
    """
    What every parameter set came to on the same bars.

    Parameters
    ----------
    sets : tuple[ParameterSet, ...]
        The parameter sets.
    days : Ints, shape (n_days,)
        UTC days that have bars, since 1970.
    returns : Floats, shape (n_days, n_sets)
        Daily returns of each.
    trades : Ints, shape (n_sets,)
        Number of trades of each.
    """

    sets: tuple[ParameterSet, ...]
    days: Ints
    returns: Floats
    trades: Ints

    def sharpes(self) -> Floats:
        """Return the annualised Sharpe ratio of each set."""
        return np.array([annual_sharpe(column) for column in self.returns.T])

    def best(self, min_trades: int) -> int | None:
        """
        Return the number of the set with the highest Sharpe ratio, or None when none may be chosen.

        Parameters
        ----------
        min_trades : int
            A set with fewer trades is not a candidate; neither is one that loses.
        """
        sharpes = np.where(self.trades >= min_trades, self.sharpes(), -np.inf)
        best = int(sharpes.argmax())
        return best if sharpes[best] > 0.0 else None


def run_trials(setting: Setting, sets: Sequence[ParameterSet]) -> Trials:
    """
    Simulate parameter sets one after the other.

    Parameters
    ----------
    setting : Setting
        Strategy, market and conditions.
    sets : Sequence[ParameterSet]
        One or more.
    """
    simulation = setting.simulation()
    days = days_of(setting.market.ts)
    ends = day_ends(days)
    returns = np.empty((len(ends), len(sets)))
    trades = np.empty(len(sets), dtype=np.int64)
    for column, params in enumerate(sets):
        result = simulation.run(params)
        returns[:, column] = daily_returns(result.equity, ends, float(setting.capital_usdt))
        trades[column] = len(result.rows)
    return Trials(tuple(sets), days[ends], returns, trades)
