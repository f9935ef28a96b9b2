"""Search spaces hold every parameter within its bounds, or say in one line what is wrong."""

import json
from pathlib import Path

import pytest

from nautilus_bot.core.errors import ConfigError, NotFound
from nautilus_bot.core.strict import Source
from nautilus_bot.research.optimize.space import Range, build_space, distributions_of, load_space
from strategies.kernels.table import KERNELS

CONFIGS = Path(__file__).parents[4] / "configs"
STRATEGY = "VolatilityBreakoutStrategy"


def raw(**changes):
    parameters = json.loads((CONFIGS / "search_spaces" / f"{STRATEGY}.json").read_text())["parameters"]
    return {"strategy": STRATEGY, "parameters": parameters | changes}


def refusal(**changes):
    with pytest.raises(ConfigError) as caught:
        build_space(raw(**changes), STRATEGY, Source("space.json"))
    assert caught.value.exit_code == 4
    return str(caught.value)


def test_the_six_spaces_have_5_9_8_8_8_and_7_parameters():
    spaces = [load_space(CONFIGS, name) for name in KERNELS]
    assert [len(space.parameters) for space in spaces] == [5, 9, 8, 8, 8, 7]
    for space in spaces:
        assert list(space.parameters) == [one.name for one in KERNELS[space.strategy].parameters]


def test_an_unknown_parameter_is_refused_with_the_closest_name():
    assert refusal(lookbak={"low": 5, "high": 9}) == (
        "space.json: $.parameters.lookbak: VolatilityBreakoutStrategy has no such parameter; "
        "did you mean 'lookback'?"
    )


def test_a_range_beyond_the_strategys_own_bounds_is_refused():
    assert refusal(lookback={"low": 5, "high": 500}) == (
        "space.json: $.parameters.lookback.high: must be within the strategy's own bounds, 5 to 96 bars, "
        "was 500"
    )


def test_an_empty_range_is_refused():
    assert refusal(multiplier={"low": 3.0, "high": 2.0}) == (
        "space.json: $.parameters.multiplier: low must not be above high, was 3 above 2"
    )


def test_a_step_that_does_not_fit_the_range_is_refused():
    assert "must divide the range 1 to 2 into whole steps, was 0.3" in refusal(
        multiplier={"low": 1.0, "high": 2.0, "step": 0.3}
    )
    assert "$.parameters.multiplier.step: must be > 0" in refusal(
        multiplier={"low": 1.0, "high": 2.0, "step": 0.0}
    )


def test_a_half_bar_is_refused():
    assert "$.parameters.lookback.low: must be a whole number, was 5.5" in refusal(
        lookback={"low": 5.5, "high": 9}
    )


def test_a_missing_parameter_and_another_strategys_file_are_refused():
    less = raw()
    del less["parameters"]["stop_atr"]
    with pytest.raises(ConfigError, match="'stop_atr' is missing"):
        build_space(less, STRATEGY, Source("space.json"))
    with pytest.raises(ConfigError, match="must be 'BollingerReversionStrategy', was"):
        build_space(raw(), "BollingerReversionStrategy", Source("space.json"))


def test_an_unknown_strategy_is_not_found():
    with pytest.raises(NotFound, match="did you mean 'VolatilityBreakoutStrategy'"):
        load_space(CONFIGS, "VolatilityBreakout")


def test_a_range_knows_the_values_on_its_grid():
    grid = Range(low=1.0, high=2.0, step=0.1)
    assert grid.holds(1.3)
    assert not grid.holds(1.35)
    assert not grid.holds(2.1)


def test_several_strategies_have_their_own_names_and_weights():
    spaces = {name: load_space(CONFIGS, name) for name in list(KERNELS)[:2]}
    names = list(distributions_of(spaces, weighted=True))
    assert names[0] == "VolatilityBreakoutStrategy.lookback"
    assert len(names) == 5 + 9 + 2
    assert "RSIEMAMomentumStrategy.weight" in names
