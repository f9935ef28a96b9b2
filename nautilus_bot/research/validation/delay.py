"""A kernel whose decisions arrive one bar late, with stop and target moved along with the price."""

from dataclasses import replace
from functools import cache
from types import FunctionType
from typing import Any

from strategies.kernels.contract import FloatSequence, Kernel, Ohlcv

PENDING = 5
"""Slots behind the kernel's own: side, confidence, distances of stop and target, close of the decision."""


def inner(_state: Any, _bar: Any, _params: Any) -> tuple[float, float, float, float]:
    """Stand for the kernel's own ``step``."""
    raise AssertionError("a kernel's step takes this place when it is delayed")


def delayed_step(state: Any, bar: Ohlcv, params: FloatSequence) -> tuple[float, float, float, float]:
    """Decide now, answer with the decision of the bar before."""
    own = len(state) - PENDING
    side, confidence, stop, target = state[own], state[own + 1], state[own + 2], state[own + 3]
    moved = bar[3] - state[own + 4]
    found = inner(state[:own], bar, params)
    state[own] = found[0]
    state[own + 1] = found[1]
    state[own + 2] = found[2]
    state[own + 3] = found[3]
    state[own + 4] = bar[3]
    if side == 0.0:
        return 0.0, 0.0, 0.0, 0.0
    return side, confidence, stop + moved, target + moved


@cache
def delayed(kernel: Kernel) -> Kernel:
    """
    Return a kernel that decides as another does, one bar later.

    Parameters
    ----------
    kernel : Kernel
        The kernel; its state must be a numpy array, whose slices are views.
    """
    scope = {**delayed_step.__globals__, "inner": kernel.step}
    step = FunctionType(delayed_step.__code__, scope, "delayed_step")
    step.__annotations__ = dict(delayed_step.__annotations__)
    step.__qualname__ = f"delayed_{kernel.name}"
    step.__module__ = __name__
    return replace(
        kernel, name=f"{kernel.name}, one bar late", step=step, state_size=kernel.state_size + PENDING
    )
