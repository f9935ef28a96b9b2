"""Search spaces: which parameters may move, how far, and in which steps."""

from collections.abc import Mapping
from math import floor, isfinite
from pathlib import Path
from typing import Final

import msgspec
from optuna.distributions import BaseDistribution, FloatDistribution, IntDistribution

from nautilus_bot.config.files import SCHEMA_KEY, read_json
from nautilus_bot.core.errors import ConfigError, NotFound, did_you_mean
from nautilus_bot.core.strict import Source, convert
from nautilus_bot.research.optimize.objective import WEIGHT
from strategies.kernels.contract import Parameter
from strategies.kernels.table import KERNELS

FOLDER: Final = "search_spaces"
"""Where the files stand, beside the other configuration files."""
TOLERANCE: Final = 1e-9
"""How far a range may be from a whole number of its steps."""


class Range(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """
    Values that one parameter may take.

    Parameters
    ----------
    low, high : float
        Bounds, both included, in the parameter's unit.
    step : float | None, default None
        Distance between two values, from ``low`` on; null is any value (1 for a whole number).
    """

    low: float
    high: float
    step: float | None = None

    def distribution(self, whole: bool) -> BaseDistribution:
        """Return the same for Optuna; a parameter that is a whole number steps by at least one."""
        if whole:
            return IntDistribution(int(self.low), int(self.high), step=int(self.step or 1))
        return FloatDistribution(self.low, self.high, step=self.step)

    def holds(self, value: float) -> bool:
        """Say whether a value is one that the search can take."""
        if not self.low <= value <= self.high:
            return False
        steps = (value - self.low) / self.step if self.step else 0.0
        return abs(steps - round(steps)) < TOLERANCE * max(1.0, abs(steps))


class SpaceFile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """
    A file of ``configs/search_spaces``.

    Parameters
    ----------
    strategy : str
        Class name.
    parameters : dict[str, Range]
        Every parameter of the strategy's kernel, by name.
    """

    strategy: str
    parameters: dict[str, Range]


class SearchSpace(msgspec.Struct, frozen=True, kw_only=True):
    """
    A checked search space.

    Parameters
    ----------
    strategy : str
        Class name.
    parameters : dict[str, Range]
        In the order of the kernel.
    """

    strategy: str
    parameters: dict[str, Range]

    def distributions(self, prefix: str = "") -> dict[str, BaseDistribution]:
        """Return Optuna's distribution of each parameter, by its name after a prefix."""
        whole = {one.name: one.integer for one in KERNELS[self.strategy].parameters}
        return {prefix + name: one.distribution(whole[name]) for name, one in self.parameters.items()}

    def holds(self, parameters: Mapping[str, float]) -> bool:
        """Say whether a set of parameters lies on the search's grid."""
        return all(one.holds(parameters[name]) for name, one in self.parameters.items())


def load_space(folder: Path, strategy: str) -> SearchSpace:
    """
    Read and check the search space of a strategy.

    Parameters
    ----------
    folder : Path
        The folder of the configuration files.
    strategy : str
        Class name; its file is ``search_spaces/<strategy>.json``.

    Raises
    ------
    NotFound
        If the strategy or its file does not exist.
    ConfigError
        Naming file and JSON path: an unknown or missing parameter, a range that is empty or leaves the
        strategy's own bounds, a step that does not fit.
    """
    if strategy not in KERNELS:
        raise NotFound(f"no strategy {strategy!r}; {did_you_mean(strategy, KERNELS)}")
    path = folder / FOLDER / f"{strategy}.json"
    raw = read_json(path)
    if isinstance(raw, dict):
        raw.pop(SCHEMA_KEY, None)
    return build_space(raw, strategy, Source(str(path)))


def build_space(raw: object, strategy: str, source: Source) -> SearchSpace:
    """
    Check a search space that was read from somewhere.

    Parameters
    ----------
    raw : object
        JSON values of a ``SpaceFile``.
    strategy : str
        The strategy it must be for.
    source : Source
        Where it stands.

    Raises
    ------
    ConfigError
        As ``load_space``.
    """
    file = convert(raw, SpaceFile, source)
    if file.strategy != strategy:
        raise source.at("strategy").error(f"must be {strategy!r}, was {file.strategy!r}")
    known = {one.name: one for one in KERNELS[strategy].parameters}
    place = source.at("parameters")
    for name, one in file.parameters.items():
        if name not in known:
            raise place.at(name).error(f"{strategy} has no such parameter; {did_you_mean(name, known)}")
        _check_range(one, known[name], place.at(name))
    for name in known:
        if name not in file.parameters:
            raise place.error(f"must hold every parameter of {strategy}, {name!r} is missing")
    return SearchSpace(strategy=strategy, parameters={name: file.parameters[name] for name in known})


def _check_range(one: Range, parameter: Parameter, place: Source) -> None:
    unit = f" {parameter.unit}" if parameter.unit else ""
    for end in ("low", "high"):
        value = getattr(one, end)
        if not parameter.low <= value <= parameter.high:
            raise place.at(end).error(
                f"must be within the strategy's own bounds, {parameter.low:g} to {parameter.high:g}{unit}, "
                f"was {value:g}"
            )
        if parameter.integer and value != int(value):
            raise place.at(end).error(f"must be a whole number, was {value:g}")
    if one.low > one.high:
        raise place.error(f"low must not be above high, was {one.low:g} above {one.high:g}")
    if one.step is not None:
        _check_step(one, one.step, parameter, place.at("step"))


def _check_step(one: Range, step: float, parameter: Parameter, place: Source) -> None:
    if not (isfinite(step) and step > 0):
        raise place.error(f"must be > 0, was {step:g}")
    if parameter.integer and step != int(step):
        raise place.error(f"must be a whole number, was {step:g}")
    steps = (one.high - one.low) / step
    if abs(steps - floor(steps + 0.5)) > TOLERANCE * max(1.0, steps):
        raise place.error(f"must divide the range {one.low:g} to {one.high:g} into whole steps, was {step:g}")


def distributions_of(spaces: Mapping[str, SearchSpace], weighted: bool) -> dict[str, BaseDistribution]:
    """
    Return the distributions of a study over one or several strategies.

    Parameters
    ----------
    spaces : Mapping[str, SearchSpace]
        By class name.
    weighted : bool
        Whether each strategy also has a weight; names are then ``<strategy>.<parameter>``.
    """
    if not weighted:
        if len(spaces) != 1:
            raise ConfigError(f"a search without weights must have one strategy, has {len(spaces)}")
        return next(iter(spaces.values())).distributions()
    found: dict[str, BaseDistribution] = {}
    for name, space in spaces.items():
        found |= space.distributions(f"{name}.")
        found[f"{name}.{WEIGHT}"] = WEIGHTS
    return found


WEIGHTS: Final = FloatDistribution(0.0, 1.0, step=0.05)
"""Share of the account's leverage that a strategy's entries may use; 0 switches it off."""
