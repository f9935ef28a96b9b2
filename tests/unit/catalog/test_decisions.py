"""Two honest runs of one configuration have one digest; any other decision changes it."""

import pytest
from nautilus_trader.core.uuid import UUID4
from nautilus_trader.execution.messages import CancelOrder
from nautilus_trader.model.identifiers import ClientOrderId, InstrumentId, StrategyId, TraderId

from catalog import codec
from catalog.decisions import decisions, decisions_digest
from catalog.store import EventStore
from nautilus_bot.core.messages import RiskVerdict, RuleCheck, Signal


def signal(session, **changes):
    fields = {
        "ts_event": 1, "signal_id": f"{session}-RSI-BTCUSDT-1", "strategy": "RSI", "strategy_id": "RSI-0",
        "instrument_id": "BTCUSDT-LINEAR.BYBIT", "side": "BUY", "confidence": 0.7, "price": "100",
        "stop": "99", "target": "102", "reason": "up",
    }  # fmt: skip
    return Signal(**{**fields, **changes})


def verdict(session, **changes):
    fields = {
        "ts_event": 1, "client_order_id": f"{session}-RSI-BTCUSDT-1-E",
        "signal_id": f"{session}-RSI-BTCUSDT-1", "strategy": "RSI",
        "strategy_id": "RSI-0", "instrument_id": "BTCUSDT-LINEAR.BYBIT", "approved": True,
        "role": "E", "checks": (RuleCheck("min_confidence", True, 0.6, 0.7, "ratio"),),
    }  # fmt: skip
    return RiskVerdict(**{**fields, **changes})


def cancel(session, **changes):
    fields = {
        "trader_id": TraderId("T-1"), "strategy_id": StrategyId("S-1"), "command_id": UUID4(), "ts_init": 5,
        "instrument_id": InstrumentId.from_str("BTCUSDT-LINEAR.BYBIT"), "venue_order_id": None,
        "client_order_id": ClientOrderId(f"{session}-RSI-BTCUSDT-1-S1"),
    }  # fmt: skip
    return CancelOrder(**{**fields, **changes})


def digest_of(root, session, messages, *, ts_init=1, ts_market=1):
    run = EventStore(root).new_run("backtest", "{}", durable=False, session=session)
    for message in messages:
        name, version, payload = codec.encode(message)
        run.journal.append(
            ts_init=ts_init, ts_market=ts_market, ts_publish=ts_init, topic="t", type=name, version=version,
            payload=payload,
        )  # fmt: skip
    run.end()
    return decisions_digest(run.folder)


def all_of(session, **changes):
    return [signal(session, **changes), verdict(session), cancel(session)]


def test_clocks_uuids_and_the_session_token_do_not_matter(tmp_path):
    assert digest_of(tmp_path, "AAAAAA", all_of("AAAAAA")) == digest_of(
        tmp_path, "BBBBBB", all_of("BBBBBB"), ts_init=9
    )


@pytest.mark.parametrize(
    "change",
    [{"side": "SELL"}, {"confidence": 0.7000001}, {"stop": "98"}, {"signal_id": "AAAAAA-RSI-BTCUSDT-2"}],
)
def test_any_decided_value_matters(tmp_path, change):
    assert digest_of(tmp_path, "AAAAAA", all_of("AAAAAA")) != digest_of(
        tmp_path, "AAAAAA", all_of("AAAAAA", **change)
    )


def test_order_and_market_time_matter(tmp_path):
    messages = all_of("A")
    plain = digest_of(tmp_path, "A", messages)
    assert plain != digest_of(tmp_path, "A", messages[::-1])
    assert plain != digest_of(tmp_path, "A", messages, ts_market=2)


def test_a_refusal_instead_of_an_approval_matters(tmp_path):
    refused = verdict("A", approved=False, rule="min_confidence")
    assert digest_of(tmp_path, "A", [verdict("A")]) != digest_of(tmp_path, "A", [refused])


def test_a_backtest_run_twice_decides_the_same(recorded, recorded_again):
    found = list(decisions(recorded.run.folder))
    assert {row[0] for row in found} == {"SubmitOrder", "CancelAllOrders", "OrderFilled"}
    assert found == list(decisions(recorded_again.run.folder))
    assert decisions_digest(recorded.run.folder) == decisions_digest(recorded_again.run.folder)
