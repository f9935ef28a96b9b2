import pytest

from nautilus_bot.research.fast.exits import NOTHING, STOP, TARGET, first_hit

# each row: stop and target, then open, high and low of the bar, then what ends the position at which price
LONG = [
    (90, 110, (100, 105, 95), NOTHING, 0),
    (90, 110, (100, 110, 95), TARGET, 110),
    (90, 110, (100, 105, 90), STOP, 90),
    (90, 110, (100, 115, 85), TARGET, 110),  # the high comes before the low
    (90, 110, (88, 95, 80), STOP, 88),  # opened beyond the stop
    (90, 110, (90, 95, 90), STOP, 90),
    (90, 110, (120, 125, 119), TARGET, 110),  # a limit fills never better
    (90, 110, (85, 120, 80), STOP, 85),
]
SHORT = [
    (110, 90, (100, 105, 95), NOTHING, 0),
    (110, 90, (100, 105, 90), TARGET, 90),
    (110, 90, (100, 110, 95), STOP, 110),
    (110, 90, (100, 115, 85), STOP, 110),
    (110, 90, (112, 120, 105), STOP, 112),
    (110, 90, (80, 85, 75), TARGET, 90),
]


@pytest.mark.parametrize(("stop", "target", "bar", "what", "price"), LONG)
def test_a_long_position_is_ended_by_what_the_bar_hits_first(stop, target, bar, what, price):
    assert first_hit(1, stop, target, *bar) == (what, price)


@pytest.mark.parametrize(("stop", "target", "bar", "what", "price"), SHORT)
def test_a_short_position_is_ended_by_what_the_bar_hits_first(stop, target, bar, what, price):
    assert first_hit(-1, stop, target, *bar) == (what, price)
