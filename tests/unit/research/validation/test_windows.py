import pytest

from nautilus_bot.core.errors import ConfigError, DataError
from nautilus_bot.research.validation.windows import Plan, Window, cut_windows


def test_rolling_windows_keep_their_length_and_end_with_the_data():
    plan = Plan(mode="rolling", train_days=10, test_days=5, purge_days=2, embargo_days=1)
    assert cut_windows(plan, 27) == (
        Window(2, 10, 13, 17),
        Window(7, 15, 18, 22),
        Window(12, 20, 23, 27),
    )


def test_anchored_windows_begin_with_the_first_day():
    plan = Plan(mode="anchored", train_days=10, test_days=5, purge_days=0)
    assert cut_windows(plan, 20) == (Window(0, 10, 10, 15), Window(0, 15, 15, 20))


@pytest.mark.parametrize("mode", ["rolling", "anchored"])
def test_no_out_of_sample_day_is_ever_chosen_on_before(mode):
    plan = Plan(mode=mode, train_days=30, test_days=7, purge_days=3, embargo_days=2)
    windows = cut_windows(plan, 100)
    for one in windows:
        assert one.train_stop + 3 + 2 == one.test_start
    tested = [day for one in windows for day in range(one.test_start, one.test_stop)]
    assert len(tested) == len(set(tested))


def test_too_few_days_for_two_windows_are_one_clear_error():
    with pytest.raises(DataError, match="needs 240 days for 2 windows, found 239") as raised:
        cut_windows(Plan(), 239)
    assert raised.value.exit_code == 4


@pytest.mark.parametrize(
    "wrong", [{"purge_days": -1}, {"train_days": 3, "purge_days": 2}, {"test_days": 4, "embargo_days": 3}]
)
def test_lengths_that_leave_nothing_are_refused(wrong):
    with pytest.raises(ConfigError):
        Plan(**wrong)
