"""A path inside a bar makes exactly that bar."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nautilus_bot.market.paths import MIN_POINTS, bar_path


@st.composite
def any_bar(draw):
    low = draw(st.integers(1, 10**7))
    high = low + draw(st.integers(0, 10**5))
    inside = st.integers(low, high)
    return draw(inside), high, low, draw(inside)


lots = st.just(0) | st.integers(MIN_POINTS, 10**9)
points = st.integers(MIN_POINTS, 120)


@given(any_bar(), lots, points, st.integers())
def test_a_path_honours_open_high_low_close_and_volume(bar, volume, count, seed):
    path = bar_path(bar, volume, points=count, rng=Random(seed))
    prices = [point.ticks for point in path]
    assert (prices[0], max(prices), min(prices), prices[-1]) == bar
    assert sum(point.lots for point in path) == volume
    assert len(path) == (min(count, volume) if volume else count)
    assert all(point.lots > 0 for point in path) or not volume


@given(any_bar(), lots, points, st.integers())
def test_time_moves_forward_inside_the_bar(bar, volume, count, seed):
    fractions = [point.fraction for point in bar_path(bar, volume, points=count, rng=Random(seed))]
    assert all(0 <= fraction < 1 for fraction in fractions)
    assert fractions == sorted(set(fractions))


@given(any_bar(), lots, points, st.integers())
def test_the_same_seed_gives_the_same_path(bar, volume, count, seed):
    assert bar_path(bar, volume, points=count, rng=Random(seed)) == bar_path(
        bar, volume, points=count, rng=Random(seed)
    )


@pytest.mark.parametrize(
    ("bar", "volume", "count"),
    [((5, 4, 1, 2), 10, 10), ((2, 4, 3, 3), 10, 10), ((2, 4, 1, 3), 3, 10), ((2, 4, 1, 3), 9, 3)],
)
def test_an_impossible_bar_is_refused(bar, volume, count):
    with pytest.raises(ValueError, match=r"bar must|at least"):
        bar_path(bar, volume, points=count, rng=Random(1))
