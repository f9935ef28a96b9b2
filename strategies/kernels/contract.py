"""
What a decision kernel is: the one contract between live strategies, research and explanations.

A kernel is a pure function ``step(state, bar, params) -> (side, confidence, stop, target)``:

- ``state`` is a fixed-size sequence of floats that ``step`` advances in place. The live strategy passes a
  ``list[float]`` (fast in Python), the compiled simulation a ``float64[:]``; both are only indexed.
- ``bar`` is ``(open, high, low, close, volume)``; ``params`` is a tuple of floats in the order of ``PARAMS``.
- ``side`` is 1.0 (buy), -1.0 (sell) or 0.0; ``confidence`` is in [0, 1]; ``stop`` and ``target`` are prices
  (0.0 when there is no signal).

Only ``+ - * /``, ``sqrt``, comparisons, ``min``/``max``/``abs`` on two floats, loops and running sums are
used: they round alike in CPython and in numba's compiled code. No ``**``, ``exp``, ``log``, numpy, closures.

Conditions carry margins: a margin of zero or more means met, a negative one says by how much it was missed.
``step`` writes them into state slots on every call, long and short, and signals exactly when all margins of
one direction are met. In the warm-up, and while the ATR is zero, margins cannot be known: all are -1. Slot 0
counts the bars seen. ``why`` and ``why-not`` only read those slots.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

type FloatSequence = Sequence[float]
type MutableFloats = list[float]
type Ohlcv = tuple[float, float, float, float, float]


class Decision(NamedTuple):
    """What a kernel says of one bar; the field order is that of the tuple ``step`` returns."""

    side: float
    confidence: float
    stop: float
    target: float


@dataclass(frozen=True, slots=True)
class Parameter:
    """
    One parameter that the optimiser may move.

    Parameters
    ----------
    name : str
        Key in the strategies config and in the search space.
    default : float
        Value of the shipped configuration.
    low, high : float
        Bounds that a configuration must respect, both included.
    integer : bool
        Whether only whole numbers make sense (periods).
    unit : str
        E.g. ``bars``, ``ATR``, ``ratio``, ``points``.
    doc : str
        One sentence for the docs.
    """

    name: str
    default: float
    low: float
    high: float
    integer: bool
    unit: str
    doc: str


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition of a signal and the state slots of its margins."""

    name: str
    long_slot: int
    short_slot: int
    unit: str


@dataclass(frozen=True, slots=True)
class Kernel:
    """
    A decision kernel with all that its drivers need to know.

    Parameters
    ----------
    name : str
        Short name, e.g. ``rsi_ema``.
    step : Callable
        The decision function.
    state_size : int
        Number of floats in the state; a fresh state is all zeros.
    parameters : tuple[Parameter, ...]
        In the order in which ``step`` reads them.
    indicators : tuple[tuple[str, int], ...]
        Name and state slot of each number worth showing.
    conditions : tuple[Condition, ...]
        In the order in which a person would check them.
    warmup_bars : Callable[[FloatSequence], int]
        Bars before the first possible signal, given the parameters.
    """

    name: str
    step: Callable[..., tuple[float, float, float, float]]
    state_size: int
    parameters: tuple[Parameter, ...]
    indicators: tuple[tuple[str, int], ...]
    conditions: tuple[Condition, ...]
    warmup_bars: Callable[[FloatSequence], int]

    def new_state(self) -> MutableFloats:
        """Return a fresh state: all zeros."""
        return [0.0] * self.state_size

    def defaults(self) -> dict[str, float]:
        """Return the default parameters by name."""
        return {parameter.name: parameter.default for parameter in self.parameters}

    def peek(
        self, state: MutableFloats, forming: Ohlcv, params: FloatSequence
    ) -> tuple[MutableFloats, Decision]:
        """
        Evaluate an unfinished bar without changing the state.

        Returns
        -------
        tuple[MutableFloats, Decision]
            The state as it would be, for its indicators and margins, and the decision.
        """
        copy = list(state)
        return copy, Decision(*self.step(copy, forming, params))
