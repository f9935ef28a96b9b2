"""
Prove that no decision knows the future, and that a strategy that starts late soon decides like the others.

The proof does not trust the kernel to look only at what it is given: the one array that holds all bars is
changed in place, so a kernel that has got hold of it sees the changed future too, and its past decisions
change. The future is cut off (not a number) and altered (other prices, reversed); decisions up to that point
must stay the same to the last bit. The same is shown for simulated entries, risk rules included.
"""

from collections.abc import Callable, Iterator, Sequence

import msgspec
import numpy as np

from nautilus_bot.research.fast import trade_log
from nautilus_bot.research.fast.market import Floats, Ints
from nautilus_bot.research.validation.setting import NODE_WARMUP_BARS, Setting
from nautilus_bot.research.validation.space import ParameterSet
from strategies.kernels.contract import Kernel

TOLERANCE = 1e-9
"""Indicators may differ by this share after a late start."""


class Proof(msgspec.Struct, frozen=True, kw_only=True):
    """
    One property and how it was looked at.

    Parameters
    ----------
    name : str
        The property.
    passed : bool
        Whether no counterexample was found.
    compared : int
        Decisions compared.
    differing : int
        Of those, how many differ.
    reads : str
        One sentence; names the first counterexample.
    """

    name: str
    passed: bool
    compared: int
    differing: int
    reads: str


class LateStart(msgspec.Struct, frozen=True):
    """
    What starting only some bars earlier changes.

    Parameters
    ----------
    bars : int
        Bars fed before the decisions that are compared.
    compared, differing : int
        Decisions compared, and those with another side.
    deviation : float
        Largest relative deviation of an indicator at the last bar.
    """

    bars: int
    compared: int
    differing: int
    deviation: float


class Lookahead(msgspec.Struct, frozen=True, kw_only=True):
    """
    The whole analysis of one strategy.

    Parameters
    ----------
    passed : bool
        Whether every property was kept.
    bars, signals : int
        Bars looked at, and signals on them.
    proofs : tuple[Proof, ...]
        The properties.
    late_starts : tuple[LateStart, ...]
        Recursive analysis, fewest bars first; the last is what a live node starts with.
    """

    passed: bool
    bars: int
    signals: int
    proofs: tuple[Proof, ...]
    late_starts: tuple[LateStart, ...]


def analyse(setting: Setting, params: ParameterSet, *, cuts: int = 12, seed: int = 1) -> Lookahead:
    """
    Analyse a strategy on a market.

    Parameters
    ----------
    setting : Setting
        Strategy, market and conditions.
    params : ParameterSet
        Of its kernel.
    cuts : int, default 12
        Points in time at which the future is changed, half of them right behind a signal.
    seed : int, default 1
        Chooses them.
    """
    kernel, bars = setting.kernel, setting.market.bars.copy()
    decisions = decide(kernel, bars, params, len(bars))
    points = choose_cuts(decisions, cuts, seed)
    late = tuple(late_starts(kernel, bars, params, decisions))
    proofs = (
        *prove_kernel(kernel, bars, params, points),
        prove_trades(setting, params, points),
        prove_warmup(kernel, params, decisions),
        prove_late_start(late),
    )
    return Lookahead(
        passed=all(proof.passed for proof in proofs),
        bars=len(bars),
        signals=int(np.count_nonzero(decisions[:, 0])),
        proofs=proofs,
        late_starts=late,
    )


def decide(kernel: Kernel, bars: Floats, params: ParameterSet, stop: int, start: int = 0) -> Floats:
    """
    Return what a fresh kernel decides on the bars from ``start`` up to ``stop``.

    Returns
    -------
    Floats, shape (stop - start, 4)
        Side, confidence, stop and target.
    """
    state = kernel.new_state()
    rows = (tuple(bars[i].tolist()) for i in range(start, stop))
    return np.array([kernel.step(state, row, params) for row in rows]).reshape(-1, 4)


def choose_cuts(decisions: Floats, count: int, seed: int) -> list[int]:
    """Return numbers of bars to keep: half of them end with a signal, the others lie anywhere."""
    random = np.random.default_rng(seed)
    signals = np.flatnonzero(decisions[:, 0]) + 1
    signals = signals[signals < len(decisions)]
    behind = random.permutation(signals)[: count // 2]
    anywhere = random.integers(1, len(decisions), count - len(behind))
    return sorted({int(point) for point in (*behind, *anywhere)})


def prove_kernel(
    kernel: Kernel, bars: Floats, params: ParameterSet, points: Sequence[int]
) -> tuple[Proof, ...]:
    """
    Prove that a kernel repeats itself and does not know the future.

    Parameters
    ----------
    kernel : Kernel
        The kernel.
    bars : Floats, shape (n, 5)
        The only array of the bars; changed in place and restored.
    params : ParameterSet
        Of the kernel.
    points : Sequence[int]
        Where the future begins.
    """
    whole = decide(kernel, bars, params, len(bars))
    again = decide(kernel, bars, params, len(bars))
    return (
        _compare("repeatable", [(whole, again)], "the same bars give the same decisions"),
        _compare(
            "future cut off",
            list(_changed(kernel, bars, params, points, whole, _cut)),
            "bars that are not there yet change no decision",
        ),
        _compare(
            "future altered",
            list(_changed(kernel, bars, params, points, whole, _alter)),
            "other bars to come change no decision",
        ),
    )


def prove_trades(setting: Setting, params: ParameterSet, points: Sequence[int]) -> Proof:
    """Prove that simulated entries, with the risk rules, are the same when the market ends earlier."""
    whole = _entries(setting, params)
    pairs = []
    for point in points:
        # measured again, so that a risk rule that looks ahead is caught as well
        part = setting.on(setting.market.window(0, point), setting.rules)
        pairs.append((whole[whole[:, 0] < point].astype(float), _entries(part, params).astype(float)))
    return _compare("simulated trades", pairs, "a market that ends earlier has the same entries until then")


def prove_warmup(kernel: Kernel, params: ParameterSet, decisions: Floats) -> Proof:
    """Prove that no signal comes before the warm-up that the kernel states has passed."""
    promised = kernel.warmup_bars(params)
    early = np.flatnonzero(decisions[:promised, 0])
    found = np.flatnonzero(decisions[:, 0])
    first = f"the first signal comes at bar {found[0] + 1}" if len(found) else "there was no signal"
    return Proof(
        name="stated warm-up",
        passed=not len(early),
        compared=min(promised, len(decisions)),
        differing=len(early),
        reads=f"{first}; {promised} bars are stated as warm-up",
    )


def late_starts(kernel: Kernel, bars: Floats, params: ParameterSet, decisions: Floats) -> Iterator[LateStart]:
    """
    Yield what a start some bars before the last stretch changes there (recursive analysis).

    The stretch compared is the last quarter of the bars. Averages that never forget (EMA, Wilder) carry their
    start with them; how long is what this shows.
    """
    first = len(bars) - len(bars) // 4
    promised = kernel.warmup_bars(params)
    lengths = sorted(
        {one for one in (promised, 2 * promised, 4 * promised, NODE_WARMUP_BARS) if one <= first}
    )
    expected = _indicators(kernel, bars, params, 0, first + 1)
    for length in lengths:
        begin = first - length
        late = decide(kernel, bars, params, len(bars), begin)[length:]
        differs = late[:, 0] != decisions[first:, 0]
        found = _indicators(kernel, bars, params, begin, first + 1)
        scale = np.maximum(np.abs(expected), 1e-12)
        yield LateStart(
            length,
            len(late),
            int(differs.sum()),
            float(np.max(np.abs(found - expected) / scale, initial=0.0)),
        )


def prove_late_start(found: Sequence[LateStart]) -> Proof:
    """Prove that a node that starts with the history it fetches decides as if it had run for ever."""
    if not found or found[-1].bars < NODE_WARMUP_BARS:
        reads = f"not enough bars to start {NODE_WARMUP_BARS} before the last quarter; nothing was compared"
        return Proof(name="late start", passed=True, compared=0, differing=0, reads=reads)
    last = found[-1]
    reads = (
        f"after the {last.bars} bars that a node fetches, {last.differing} of {last.compared} decisions "
        f"differ and indicators by {last.deviation:.1e}"
    )
    return Proof(
        name="late start",
        passed=last.differing == 0 and last.deviation <= TOLERANCE,
        compared=last.compared,
        differing=last.differing,
        reads=reads,
    )


type _Change = Callable[[Floats, int], None]


def _cut(bars: Floats, point: int) -> None:
    bars[point:] = np.nan


def _alter(bars: Floats, point: int) -> None:
    bars[point:] = bars[point:][::-1] * 1.7


def _changed(
    kernel: Kernel,
    bars: Floats,
    params: ParameterSet,
    points: Sequence[int],
    whole: Floats,
    change: _Change,
) -> Iterator[tuple[Floats, Floats]]:
    """Yield the past decisions with the real future and with a changed one."""
    for point in points:
        future = bars[point:].copy()
        change(bars, point)
        try:
            yield whole[:point], decide(kernel, bars, params, point)
        finally:
            bars[point:] = future


def _entries(setting: Setting, params: ParameterSet) -> Ints:
    """Return bar, side, size, price, stop and target of each entry."""
    columns = [
        trade_log.ENTRY_BAR,
        trade_log.SIDE,
        trade_log.UNITS,
        trade_log.ENTRY_POINTS,
        trade_log.STOP_POINTS,
        trade_log.TARGET_POINTS,
    ]
    entries: Ints = setting.simulation().run(params).rows[:, columns]
    return entries


def _indicators(kernel: Kernel, bars: Floats, params: ParameterSet, start: int, stop: int) -> Floats:
    state = kernel.new_state()
    for i in range(start, stop):
        kernel.step(state, tuple(bars[i].tolist()), params)
    return np.array([state[slot] for _, slot in kernel.indicators])


def _compare(name: str, pairs: Sequence[tuple[Floats, Floats]], promise: str) -> Proof:
    compared = differing = 0
    first = ""
    for expected, found in pairs:
        compared += max(len(expected), len(found))
        common = min(len(expected), len(found))
        rows = np.flatnonzero(np.any(expected[:common] != found[:common], axis=1))
        wrong = len(rows) + abs(len(expected) - len(found))
        if wrong and not first:
            at = int(rows[0]) if len(rows) else common
            first = (
                f"; first at row {at + 1} when the future begins behind row {max(len(expected), len(found))}"
            )
        differing += wrong
    reads = (
        f"{promise}: {compared:,} compared"
        if not differing
        else f"{differing:,} of {compared:,} differ{first}"
    )
    return Proof(name=name, passed=differing == 0, compared=compared, differing=differing, reads=reads)
