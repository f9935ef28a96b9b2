"""Search spaces, and parameter sets spread evenly over them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import qmc

from nautilus_bot.core.errors import ConfigError, NotFound, did_you_mean
from nautilus_bot.research.optimize.space import SearchSpace
from strategies.kernels.contract import Kernel

type ParameterSet = tuple[float, ...]

NARROW, WIDE = 0.5, 2.0
"""A range that is not given reaches from half to twice the default, within the strategy's own bounds."""


@dataclass(frozen=True, slots=True)
class Range:
    """
    What one parameter may be.

    Parameters
    ----------
    name : str
        As in the kernel.
    low, high : float
        Both included.
    step : float, default 0
        Distance between two values, from ``low`` on; 0 for any value.
    """

    name: str
    low: float
    high: float
    step: float = 0.0

    def at(self, share: float) -> float:
        """Return the value at a share (0-1) of the way from low to high."""
        return self.clip(self.low + share * (self.high - self.low))

    def clip(self, value: float) -> float:
        """Return the nearest value that the parameter may have."""
        if self.step:
            # rounded as its decimal is written: 0.1 + 2 * 0.1 would not be the 0.3 of a configuration
            value = round(self.low + round((value - self.low) / self.step) * self.step, 10)
        return float(min(self.high, max(self.low, value)))


type Space = tuple[Range, ...]


def build_space(kernel: Kernel, ranges: Mapping[str, tuple[float, float]] | None = None) -> Space:
    """
    Return the search space of a kernel, in the order of its parameters.

    Parameters
    ----------
    kernel : Kernel
        Whose parameters.
    ranges : Mapping[str, tuple[float, float]], optional
        Low and high by name; a parameter that is left out goes from half to twice its default.

    Raises
    ------
    NotFound
        If a name is not one of the kernel's parameters.
    ConfigError
        If a range is upside down or leaves the strategy's own bounds.
    """
    given = dict(ranges or {})
    names = [one.name for one in kernel.parameters]
    for name in given:
        if name not in names:
            raise NotFound(f"no parameter {name!r} of {kernel.name}; {did_you_mean(name, names)}")
    space = []
    for one in kernel.parameters:
        usual = (max(one.low, NARROW * one.default), min(one.high, WIDE * one.default))
        low, high = given.get(one.name, usual)
        if not one.low <= low <= high <= one.high:
            raise ConfigError(
                f"the range of {kernel.name}.{one.name} must lie within {one.low:g} and {one.high:g}, "
                f"found {low:g} to {high:g}"
            )
        if one.integer:
            low, high = float(np.ceil(low)), float(np.floor(high))
        space.append(Range(one.name, low, high, 1.0 if one.integer else 0.0))
    return tuple(space)


def space_of(searched: SearchSpace, kernel: Kernel) -> Space:
    """Return the ranges of a file in ``configs/search_spaces``."""
    return tuple(
        Range(one.name, given.low, given.high, given.step or (1.0 if one.integer else 0.0))
        for one in kernel.parameters
        for given in (searched.parameters[one.name],)
    )


def spread_sets(space: Space, count: int, seed: int) -> tuple[ParameterSet, ...]:
    """
    Return parameter sets that cover a space evenly; the same seed gives the same sets.

    Parameters
    ----------
    space : Space
        The ranges.
    count : int
        Number of sets, one or more.
    seed : int
        Of the Latin hypercube.

    Raises
    ------
    ConfigError
        If no set is asked for.

    Notes
    -----
    Latin hypercube: M. D. McKay, R. J. Beckman and W. J. Conover, Technometrics 21 (1979).
    """
    if count < 1:
        raise ConfigError(f"a search must have at least one trial, {count} were asked for")
    shares = qmc.LatinHypercube(len(space), rng=np.random.default_rng(seed)).random(count)
    return tuple(tuple(one.at(share) for one, share in zip(space, row, strict=True)) for row in shares)


def neighbours(space: Space, centre: ParameterSet, reach: float) -> tuple[ParameterSet, ...]:
    """
    Return the sets that differ from a centre in one parameter, by a share of its range up and down.

    Parameters
    ----------
    space : Space
        The ranges; a neighbour is kept within them.
    centre : ParameterSet
        The set in the middle.
    reach : float
        Share of the range, e.g. 0.1; a parameter with steps moves by at least one.

    Returns
    -------
    tuple[ParameterSet, ...]
        Without the centre itself and without repetitions.
    """
    found: dict[ParameterSet, None] = {}
    for index, one in enumerate(space):
        distance = reach * (one.high - one.low)
        distance = max(one.step, distance)
        for value in (one.clip(centre[index] - distance), one.clip(centre[index] + distance)):
            found[(*centre[:index], value, *centre[index + 1 :])] = None
    found.pop(centre, None)
    return tuple(found)


def as_mapping(space: Space, chosen: Sequence[float]) -> dict[str, float]:
    """Return a parameter set by name."""
    return {one.name: value for one, value in zip(space, chosen, strict=True)}
