"""The min_confidence rule with a mapping file: gate and fast simulation mean the same threshold."""

from decimal import Decimal
from math import inf

import msgspec
import pytest

from nautilus_bot.core.errors import ConfigError, NotFound
from nautilus_bot.core.messages import Signal
from nautilus_bot.risk.calibration import Calibration, Mapping, load_calibration
from nautilus_bot.risk.loader import load_rules
from nautilus_bot.risk.rule import OrderRequest

MAPPING = Mapping(confidence=(0.5, 0.7, 0.9), probability=(0.4, 0.5, 0.7), signals=900, method="isotonic")


@pytest.fixture
def path(tmp_path):
    file = tmp_path / "calibration.json"
    file.write_bytes(msgspec.json.encode(Calibration(strategies={"Alpha": MAPPING})))
    return file


@pytest.mark.parametrize(
    ("confidence", "odds"),
    [(0.2, 0.4), (0.5, 0.4), (0.6, 0.45), (0.7, 0.5), (0.8, 0.6), (0.9, 0.7), (1.0, 0.7)],
)
def test_odds_lie_on_the_lines_between_the_knots(confidence, odds):
    assert MAPPING.odds(confidence) == pytest.approx(odds)


@pytest.mark.parametrize("wanted", [0.41, 0.45, 0.5, 0.6, 0.7])
def test_the_confidence_for_some_odds_is_the_lowest_that_has_them(wanted):
    needed = MAPPING.confidence_for(wanted)
    assert MAPPING.odds(needed) == pytest.approx(wanted)
    assert MAPPING.odds(needed - 0.01) < wanted


def test_odds_below_all_are_always_reached_and_above_all_never():
    assert MAPPING.confidence_for(0.3) == 0.0
    assert MAPPING.confidence_for(0.71) == inf


def test_a_strategy_that_is_not_in_the_file_keeps_its_confidence(path):
    found = load_calibration(path)
    assert found.threshold_for("Beta", 0.6) == 0.6
    assert found.odds_of("Beta", 0.77) == 0.77


def test_the_rule_compares_odds_instead_of_confidence(path, request_of):
    ((_, rule),) = [
        one
        for one in load_rules([{"rule": "min_confidence", "calibration": str(path)}], "risk_config.json")[0]
        if one[0] == "min_confidence"
    ]
    # stated 0.75 would pass the plain rule; its odds are 0.55
    verdict = rule.check(request_of(0.75), None)
    assert not verdict.approved
    assert verdict.observed == pytest.approx(0.55)
    assert verdict.reason == "confidence 0.55 < 0.60"
    assert rule.check(request_of(0.85), None).approved


@pytest.fixture
def request_of():
    def build(confidence):
        signal = Signal(
            ts_event=1,
            signal_id="T-A-BTCUSDT-1",
            strategy="Alpha",
            strategy_id="Alpha-A",
            instrument_id="BTCUSDT-LINEAR.BYBIT",
            side="BUY",
            confidence=confidence,
            price="100",
            stop="90",
            target="120",
            reason="",
        )
        return OrderRequest(
            ts=1,
            client_order_id="T-A-BTCUSDT-1-E",
            strategy="Alpha",
            strategy_id="Alpha-A",
            instrument_id="BTCUSDT-LINEAR.BYBIT",
            role="E",
            sign=1,
            quantity=Decimal(1),
            price=Decimal(100),
            signal=signal,
            reducing=False,
        )

    return build


def test_a_missing_or_damaged_file_is_one_clear_error(tmp_path):
    entry = {"rule": "min_confidence", "calibration": str(tmp_path / "none.json")}
    with pytest.raises(NotFound, match=r"none\.json does not exist; write it"):
        load_rules([entry], "risk_config.json")
    damaged = tmp_path / "damaged.json"
    damaged.write_text('{"strategies": {"Alpha": {"confidence": [0.5, 0.4], "probability": [0.1, 0.2]}}}')
    with pytest.raises(ConfigError, match=r"damaged\.json: must be a calibration"):
        load_calibration(damaged)


@pytest.mark.parametrize(
    ("knots", "odds", "wrong"),
    [
        ((0.5, 0.5), (0.1, 0.2), "confidence must rise"),
        ((0.5, 0.6), (0.2, 0.1), "must not fall"),
        ((0.5,), (0.2, 0.3), "same length"),
        ((), (), "at least one"),
        ((0.5, 0.6), (0.2, 1.1), "within 0 and 1"),
    ],
)
def test_knots_that_are_no_mapping_are_refused(knots, odds, wrong):
    with pytest.raises(ValueError, match=wrong):
        Mapping(confidence=knots, probability=odds, signals=1, method="isotonic")
