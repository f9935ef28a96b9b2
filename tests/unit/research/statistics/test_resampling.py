import numpy as np
import pytest

from nautilus_bot.core.errors import DataError
from nautilus_bot.research.statistics.resampling import block_rows, bootstrap_trades, shuffle_trades


def test_a_shuffle_changes_the_way_but_not_the_end():
    trades = np.array([0.1, -0.1, 0.05, -0.2, 0.3])
    paths = shuffle_trades(trades, 200, np.random.default_rng(1))
    assert paths.returns_pct == pytest.approx(100.0 * (np.prod(1.0 + trades) - 1.0))
    assert paths.drawdowns_pct.min() == pytest.approx(20.0)  # no order avoids the largest loss
    assert paths.drawdowns_pct.max() == pytest.approx(28.0)  # both losses in a row


def test_the_bootstrap_of_a_mean_is_as_wide_as_theory_says():
    rng = np.random.default_rng(2)
    trades = rng.standard_normal(400) * 1e-4
    paths = bootstrap_trades(trades, 3_000, rng)
    assert np.std(paths.returns_pct) == pytest.approx(100.0 * trades.std() * 20.0, rel=0.05)


def test_the_risk_of_loss_counts_the_paths_that_end_below_the_start():
    rng = np.random.default_rng(3)
    assert bootstrap_trades(np.array([0.01, 0.02]), 50, rng).loss_probability == 0.0
    assert bootstrap_trades(np.array([0.01, -0.01]), 2_000, rng).loss_probability == pytest.approx(
        0.75, abs=0.04
    )


def test_blocks_keep_what_stood_side_by_side():
    rows = block_rows(10_000, 50, np.random.default_rng(4))
    follows = (rows[1:] - rows[:-1]) % 10_000 == 1
    assert follows.mean() == pytest.approx(1.0 - 1.0 / 50.0, abs=0.005)
    assert rows.min() >= 0
    assert rows.max() < 10_000


def test_blocks_of_one_row_are_the_plain_bootstrap():
    rows = block_rows(10_000, 1, np.random.default_rng(5))
    assert len(np.unique(rows)) == pytest.approx(10_000 * (1 - np.exp(-1)), rel=0.02)


def test_a_block_without_rows_is_refused():
    with pytest.raises(DataError, match="at least one row"):
        block_rows(10, 0, np.random.default_rng(6))
