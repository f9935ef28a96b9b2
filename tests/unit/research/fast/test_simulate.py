"""The loop on bars made by hand, with a kernel that signals where it is told to."""

from decimal import Decimal

import numpy as np
import pytest

pytest.importorskip("numba", reason="the fast simulation needs the research extra")

from nautilus_bot.research.fast import trade_log as log
from nautilus_bot.research.fast.arrays import (
    CLOSES,
    COUNTERS,
    FIRST_REFUSAL,
    SIGNALS,
    THIN_FILLS,
    Record,
    Series,
    Terms,
)
from nautilus_bot.research.fast.compile import compile_function
from nautilus_bot.research.fast.exits import GAP, SIGNAL, STILL_OPEN, STOP, TARGET
from nautilus_bot.research.fast.market import build_sizing, build_venue
from nautilus_bot.research.fast.rule_setup import build_rules, measure_market
from nautilus_bot.research.fast.rules import REFUSALS
from nautilus_bot.research.fast.simulate import simulate
from nautilus_bot.risk.rules.table import RULES
from strategies.sizing import SizingLimits

NO_RULES = [{"rule": name, "enabled": False} for name in RULES]
QUIET = (100.0, 101.0, 99.0, 100.0)
LOSS = (100.0, 100.0, 90.0, 92.0)
HOUR_NS = 3_600 * 1_000_000_000


def scripted_step(state, bar, params):
    """Signal at up to two bars since the last reset: (bar, side) twice, then stop, target, confidence."""
    state[0] += 1.0
    first_bar, first_side, second_bar, second_side, stop_distance, target_distance, confidence = params
    side = 0.0
    if state[0] == first_bar:
        side = first_side
    if state[0] == second_bar:
        side = second_side
    if side == 0.0:
        return 0.0, 0.0, 0.0, 0.0
    return side, confidence, bar[3] - side * stop_distance, bar[3] + side * target_distance


@pytest.fixture(scope="module")
def loop():
    return compile_function(simulate, {"step": scripted_step})


@pytest.fixture
def play(loop, market):
    def play(bars, first=(1, 1), second=(0, 0), stop=5.0, target=10.0, confidence=0.9, **options):
        rules = options.pop("rules", NO_RULES)
        slippage = options.pop("slippage", 0)
        sizing = options.pop("sizing", SizingLimits(Decimal("0.5"), Decimal(3), Decimal("Infinity")))
        made = market(bars, **options)
        n = len(made)
        record = Record(
            np.empty((n + 1, log.TRADE_FIELDS), dtype=np.int64),
            np.empty(n + 1, dtype=np.int64),
            np.empty(n + 1),
            np.empty(n),
            np.zeros(COUNTERS, dtype=np.int64),
        )
        terms = Terms(
            build_venue(made.facts, slippage_ticks=slippage),
            build_sizing(made.facts, sizing, Decimal(10_000)),
            build_rules(rules, "Scripted", made.facts.symbol),
            10_000 * 10**8,
        )
        series = Series(
            made.ts,
            made.points,
            made.bars,
            made.funding_ts,
            made.funding_rates,
            made.interval_ns,
            measure_market(rules, made),
        )
        params = tuple(float(x) for x in (*first, *second, stop, target, confidence))
        count, balance = loop(series, np.zeros(1), params, terms, record)
        return record.trades[:count], balance, record

    return play


def refused(record):
    counts = record.counters[FIRST_REFUSAL:].tolist()
    return {name: count for name, count in zip(REFUSALS, counts, strict=True) if count}


def test_an_entry_fills_at_the_close_of_its_bar_and_its_exits_live_from_the_next(play):
    wild = (100.0, 130.0, 70.0, 100.0)
    trades, _, _ = play([wild, QUIET, (100.0, 112.0, 100.0, 111.0)])
    assert trades[0][log.ENTRY_BAR] == 0
    assert trades[0][log.ENTRY_POINTS] == 1_000
    assert trades[0][log.EXIT_BAR] == 2
    assert trades[0][log.REASON] == TARGET
    assert trades[0][log.EXIT_POINTS] == 1_100


def test_balance_is_capital_plus_profit_less_fees_plus_funding(play):
    trades, balance, _ = play(
        [QUIET, QUIET, (100.0, 100.0, 90.0, 92.0)], funding=[(1.5, "0.0001"), (40.0, "0.5")]
    )
    row = trades[0]
    assert row[log.REASON] == STOP
    assert row[log.FUNDING] < 0
    assert balance == 10**12 + row[log.PROFIT] - row[log.ENTRY_FEE] - row[log.EXIT_FEE] + row[log.FUNDING]


def test_the_stop_loses_no_more_than_the_risk_of_a_trade(play):
    trades, _, _ = play([QUIET, (100.0, 100.0, 90.0, 92.0)])
    assert -0.5 * 10**10 <= trades[0][log.PROFIT] <= -0.49 * 10**10


def test_a_target_pays_the_makers_fee_and_a_stop_the_takers(play):
    at_target, _, _ = play([QUIET, (100.0, 111.0, 100.0, 110.0)])
    at_stop, _, _ = play([QUIET, (100.0, 100.0, 94.0, 95.0)])
    assert at_target[0][log.EXIT_FEE] / (110 * at_target[0][log.UNITS] * 10**5) == pytest.approx(0.0002)
    assert at_stop[0][log.EXIT_FEE] / (95 * at_stop[0][log.UNITS] * 10**5) == pytest.approx(0.00055)


def test_an_opposite_signal_closes_at_the_close_and_does_not_reverse(play):
    trades, _, record = play([QUIET, QUIET, (100.0, 102.0, 99.0, 101.0), QUIET], second=(3, -1))
    assert len(trades) == 1
    assert trades[0][log.EXIT_BAR] == 2
    assert trades[0][log.EXIT_POINTS] == 1_010
    assert trades[0][log.REASON] == SIGNAL
    assert record.counters[CLOSES] == 1
    assert record.counters[SIGNALS] == 1


def test_a_signal_in_the_positions_own_direction_is_ignored(play):
    trades, _, record = play([QUIET, QUIET, QUIET, QUIET], second=(3, 1))
    assert len(trades) == 1
    assert trades[0][log.REASON] == STILL_OPEN
    assert record.counters[SIGNALS] == 1


def test_a_signal_on_the_bar_of_an_exit_may_enter(play):
    trades, _, _ = play([QUIET, QUIET, (100.0, 100.0, 90.0, 92.0), QUIET], second=(3, -1))
    assert [row[log.ENTRY_BAR] for row in trades] == [0, 2]
    assert trades[1][log.SIDE] == -1


def test_a_gap_resets_the_kernel_and_closes_at_the_first_close_after_it(play):
    trades, _, _ = play([QUIET] * 3 + [(100.0, 101.0, 99.0, 99.5)] + [QUIET] * 3, missing=(2,))
    assert trades[0][log.REASON] == GAP
    assert trades[0][log.EXIT_BAR] == 2
    assert trades[0][log.EXIT_POINTS] == 995
    assert len(trades) == 1  # the kernel began anew there, but a close and an entry do not share a bar


def test_a_stop_may_fill_on_the_first_bar_after_a_gap(play):
    trades, _, _ = play([QUIET] * 3 + [(80.0, 101.0, 79.0, 99.5)], missing=(2,))
    assert trades[0][log.REASON] == STOP
    assert trades[0][log.EXIT_POINTS] == 800


def test_slippage_worsens_entry_and_exit_by_its_ticks(play):
    trades, _, _ = play([QUIET, (100.0, 100.0, 90.0, 92.0)], slippage=3)
    assert trades[0][log.ENTRY_POINTS] == 1_003
    assert trades[0][log.EXIT_POINTS] == 950 - 3


def test_a_short_mirrors_a_long(play):
    trades, balance, _ = play([QUIET, (100.0, 101.0, 89.0, 90.0)], first=(1, -1))
    assert trades[0][log.SIDE] == -1
    assert trades[0][log.REASON] == TARGET
    assert balance > 10**12


def test_equity_holds_the_open_profit(play):
    _, _, record = play([QUIET, (100.0, 105.0, 100.0, 104.0), QUIET])
    assert record.equity[0] == 10_000.0
    assert record.equity[1] > 10_000.0 > record.equity[2]


def test_funding_is_paid_only_by_a_position_that_stood_over_the_settlement(play):
    trades, balance, _ = play([QUIET] * 4, first=(3, 1), funding=[(1.5, "0.01")])
    assert trades[0][log.FUNDING] == 0
    assert balance == 10**12 - trades[0][log.ENTRY_FEE]


def test_an_entry_below_the_venues_minimum_is_refused_by_sizing(play):
    tiny = SizingLimits(Decimal("0.0001"), Decimal(3), Decimal("Infinity"))
    trades, balance, record = play([QUIET] * 3, sizing=tiny)
    assert len(trades) == 0
    assert balance == 10**12
    assert refused(record) == {"sizing": 1}


def test_a_fill_that_a_bars_volume_is_too_thin_for_is_counted(play):
    _, _, plenty = play([QUIET, LOSS, QUIET])
    _, _, thin = play([QUIET, LOSS, QUIET], volume=39.0)
    assert plenty.counters[THIN_FILLS] == 0
    assert thin.counters[THIN_FILLS] == 2


def rules_with(**change):
    return [
        {"rule": name, **change[name]} if name in change else {"rule": name, "enabled": False}
        for name in RULES
    ]


@pytest.mark.parametrize(
    ("rule", "config", "by", "options"),
    [
        ("min_confidence", {"threshold": 0.95}, "min_confidence", {}),
        ("max_position", {"strategy_usdt": 100.0}, "max_position", {}),
        ("max_position", {"symbol_pct": 1.0}, "max_position", {}),
        ("exposure", {"net": 0.01}, "exposure", {}),
        ("exposure", {"gross": 0.01}, "exposure", {}),
        ("volatility", {"on_missing_history": "refuse"}, "volatility", {}),
        ("portfolio_var", {"on_missing_history": "refuse"}, "portfolio_var", {}),
    ],
)
def test_a_rule_refuses_an_entry_and_is_counted(play, rule, config, by, options):
    trades, balance, record = play([QUIET] * 3, rules=rules_with(**{rule: config}), **options)
    assert len(trades) == 0
    assert balance == 10**12
    assert refused(record) == {by: 1}


@pytest.mark.parametrize(
    ("rule", "config"), [("throttle", {"secs": 8_000.0}), ("hourly_cap", {"per_strategy": 1})]
)
def test_rules_on_the_pace_of_entries_refuse_the_second(play, rule, config):
    half_hour = HOUR_NS // 2
    bars = [QUIET, LOSS, QUIET]
    trades, _, record = play(bars, second=(2, 1), rules=rules_with(**{rule: config}), interval_ns=half_hour)
    assert len(trades) == 1
    assert refused(record) == {rule: 1}


@pytest.mark.parametrize(
    ("rule", "config"), [("drawdown_halt", {"limit_pct": 0.4}), ("daily_loss", {"limit_pct": 0.4})]
)
def test_a_halt_refuses_entries_until_the_next_utc_day(play, rule, config):
    rules = rules_with(**{rule: config, "trading_state": {}})
    same_day, _, record = play([QUIET, LOSS, QUIET, QUIET], second=(4, 1), rules=rules)
    assert len(same_day) == 1
    assert refused(record) == {"trading_state": 1}
    next_day, _, record = play([QUIET, LOSS] + [QUIET] * 26, second=(26, 1), rules=rules)
    assert len(next_day) == 2
    assert refused(record) == {}


def test_a_drawdown_halt_that_waits_for_the_operator_never_ends(play):
    rules = rules_with(drawdown_halt={"limit_pct": 0.4, "resume": "operator"}, trading_state={})
    trades, _, record = play([QUIET, LOSS] + [QUIET] * 60, second=(50, 1), rules=rules)
    assert len(trades) == 1
    assert refused(record) == {"trading_state": 1}
