import numpy as np
import pytest

from nautilus_bot.core.errors import DataError
from nautilus_bot.research.statistics.overfitting import probability_of_overfitting


def test_two_blocks_by_hand():
    # trial 0 shines in the first block and loses in the second, trial 1 does the reverse: whichever is
    # chosen on one half is the worse one on the other
    returns = np.array([[0.02, -0.01], [0.01, -0.02], [-0.02, 0.01], [-0.01, 0.02]])
    found = probability_of_overfitting(returns, blocks=2)
    assert len(found.logits) == 2
    assert found.probability == 1.0
    assert found.loss_probability == 1.0
    assert found.logits == pytest.approx([np.log(0.5)] * 2)  # rank 1 of 2: 1/3 against 2/3
    assert found.inside == pytest.approx([3.0, 3.0])  # mean 0.015, deviation 0.005
    assert found.outside == pytest.approx([-3.0, -3.0])


def test_sixteen_blocks_make_the_papers_12870_splits():
    rng = np.random.default_rng(1)
    assert len(probability_of_overfitting(rng.standard_normal((320, 4))).logits) == 12_870


def test_choosing_among_noises_is_a_coin_toss():
    rng = np.random.default_rng(2)
    found = [
        probability_of_overfitting(rng.standard_normal((400, 20)), blocks=10).probability for _ in range(60)
    ]
    assert np.mean(found) == pytest.approx(0.5, abs=0.06)


def test_a_trial_that_is_truly_better_is_no_overfit():
    rng = np.random.default_rng(3)
    returns = rng.standard_normal((400, 20))
    returns[:, 7] += 0.4
    found = probability_of_overfitting(returns, blocks=10)
    assert found.probability < 0.01
    assert found.loss_probability < 0.01


def test_trials_that_balance_out_over_the_whole_are_overfit_by_construction():
    # the means over all periods are equal, so what is best on one half must be worst on the other
    rng = np.random.default_rng(4)
    returns = rng.standard_normal((400, 20))
    returns -= returns.mean(axis=0)
    found = probability_of_overfitting(returns, blocks=10)
    assert found.probability > 0.95
    assert found.slope < -0.5


def test_trials_that_do_nothing_tie_and_count_against_the_selection():
    assert probability_of_overfitting(np.zeros((40, 5)), blocks=4).probability == 1.0


@pytest.mark.parametrize("shape", [(100, 1), (20, 5)])
def test_too_little_to_split_is_said(shape):
    with pytest.raises(DataError, match="CSCV needs at least 2 trials and 2 periods"):
        probability_of_overfitting(np.zeros(shape))
