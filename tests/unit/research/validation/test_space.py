import pytest

from nautilus_bot.core.errors import ConfigError, NotFound
from nautilus_bot.research.validation.space import Range, build_space, neighbours, spread_sets
from strategies.kernels.table import KERNELS

KERNEL = KERNELS["BollingerReversionStrategy"]


@pytest.mark.parametrize("name", KERNELS)
def test_sets_stay_within_the_strategys_own_bounds_and_repeat_with_the_seed(name):
    space = build_space(KERNELS[name])
    sets = spread_sets(space, 40, seed=3)
    assert sets == spread_sets(space, 40, seed=3) != spread_sets(space, 40, seed=4)
    for params in sets:
        for known, value in zip(KERNELS[name].parameters, params, strict=True):
            assert known.low <= value <= known.high
            assert not known.integer or value.is_integer()


def test_a_hypercube_reaches_every_tenth_of_every_range():
    space = (Range("a", 0.0, 1.0), Range("b", 5.0, 15.0))
    sets = spread_sets(space, 10, seed=1)
    assert sorted(int(a * 10) for a, _ in sets) == list(range(10))
    assert sorted(int(b - 5) for _, b in sets) == list(range(10))


def test_neighbours_differ_in_one_parameter_and_stay_inside():
    space = (Range("a", 0.0, 1.0), Range("n", 1.0, 5.0, 1.0))
    assert set(neighbours(space, (0.95, 3.0), 0.1)) == {(0.85, 3.0), (1.0, 3.0), (0.95, 2.0), (0.95, 4.0)}


def test_values_lie_on_the_steps_of_a_search_space():
    one = Range("a", 0.1, 2.0, 0.1)
    assert one.clip(0.31) == 0.3
    assert one.clip(9.0) == 2.0


def test_an_unknown_parameter_and_a_range_outside_are_refused():
    with pytest.raises(NotFound, match="did you mean 'bb_period'"):
        build_space(KERNEL, {"bb_periods": (5, 20)})
    with pytest.raises(ConfigError, match=r"must lie within 0\.5 and 4, found 1 to 9"):
        build_space(KERNEL, {"bb_dev": (1.0, 9.0)})


def test_a_search_without_trials_is_refused():
    with pytest.raises(ConfigError, match="at least one trial"):
        spread_sets((Range("a", 0.0, 1.0),), 0, seed=1)
