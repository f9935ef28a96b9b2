"""What every risk rule of the table promises, whatever it checks."""

import copy
from decimal import Decimal
from pathlib import Path

import pytest

from nautilus_bot.core.clocks import MarketClock
from nautilus_bot.core.messages import RiskVerdict, Signal, TradingHalted
from nautilus_bot.risk.context import RiskContext
from nautilus_bot.risk.rule import BaseRule, OrderRequest, RuleConfig, Verdict
from nautilus_bot.risk.rules.table import RULES

HOUR = 3_600 * 10**9
START = 20_000 * 24 * HOUR
BTC, ETH = "BTCUSDT-LINEAR.BYBIT", "ETHUSDT-LINEAR.BYBIT"
DOCS = Path(__file__).parents[2] / "docs" / "risk.md"


def calm_context() -> RiskContext:
    """300 hours of quiet prices, no position, no breaker."""
    context = RiskContext(MarketClock())
    context.on_balance(10_000.0)
    for hour in range(301):
        wave = 0.1 * ((hour * 7) % 5)
        context.on_mark(BTC, 100.0 + wave, START + hour * HOUR)
        context.on_mark(ETH, 10.0 - 0.1 * wave, START + hour * HOUR)
    return context


def stormy_context() -> RiskContext:
    """An account that every rule about the market or the account has a reason to refuse."""
    context = RiskContext(MarketClock())
    context.on_balance(10_000.0)
    for hour in range(301):
        swing = 1.0 + 0.2 * (hour % 2)
        context.on_mark(BTC, 100.0 * swing, START + hour * HOUR)
        context.on_mark(ETH, 10.0 * swing, START + hour * HOUR)
    context.on_fill("Alpha-A", BTC, Decimal(400), Decimal(100), Decimal(0))
    context.on_fill("Beta-B", ETH, Decimal(4_000), Decimal(10), Decimal(0))
    context.on_mark(BTC, 80.0, START + 301 * HOUR)
    context.on_fill("Alpha-A", BTC, Decimal(-1), Decimal(90), Decimal(0), role="S")
    context.breakers.apply(TradingHalted(ts_event=1, rule="drawdown_halt", reason="fell"))
    return context


def entry(context: RiskContext, confidence: float) -> OrderRequest:
    signal = Signal(
        ts_event=1,
        signal_id="T-A-BTCUSDT-1",
        strategy="Alpha",
        strategy_id="Alpha-A",
        instrument_id=BTC,
        side="BUY",
        confidence=confidence,
        price="100",
        stop="90",
        target="120",
        reason="",
    )
    return OrderRequest(
        ts=context.clock.now_ns,
        client_order_id="T-A-BTCUSDT-1-E",
        strategy="Alpha",
        strategy_id="Alpha-A",
        instrument_id=BTC,
        role="E",
        sign=1,
        quantity=Decimal(1),
        price=Decimal(100),
        signal=signal,
        reducing=False,
    )


def approved_before(request: OrderRequest) -> RiskVerdict:
    return RiskVerdict(
        ts_event=request.ts,
        client_order_id=request.client_order_id,
        signal_id="T-A-BTCUSDT-1",
        strategy=request.strategy,
        strategy_id=request.strategy_id,
        instrument_id=request.instrument_id,
        approved=True,
        role="E",
    )


def built(name: str) -> BaseRule:
    rule = RULES[name]
    return rule(rule.config_type())


def refusal_of(name: str) -> tuple[Verdict, RiskContext, OrderRequest, BaseRule]:
    """Return a rule's refusal where all there is speaks against the entry."""
    context, rule = stormy_context(), built(name)
    request = entry(context, confidence=0.1)
    for _ in range(3):
        rule.observe(approved_before(request))
    return rule.check(request, context), context, request, rule


@pytest.fixture(params=list(RULES))
def name(request) -> str:
    return request.param


def test_its_configuration_has_valid_defaults(name):
    config = RULES[name].config_type()
    assert isinstance(config, RuleConfig)


def test_the_documentation_has_its_row_with_every_key(name):
    (row,) = [line for line in DOCS.read_text().splitlines() if line.startswith(f"| `{name}`")]
    keys = [key for key in RULES[name].config_type.__struct_fields__ if key != "enabled"]
    assert [key for key in keys if f"`{key}`" not in row] == []


def test_it_approves_a_plain_entry_in_a_calm_market_with_limit_and_unit(name):
    context = calm_context()
    verdict = built(name).check(entry(context, confidence=0.9), context)
    assert verdict.approved
    assert verdict.limit is not None
    assert verdict.unit


def test_it_refuses_with_reason_limit_observed_and_unit(name):
    verdict, *_ = refusal_of(name)
    assert not verdict.approved
    assert verdict.reason
    assert verdict.unit
    assert verdict.limit is not None
    assert verdict.observed is not None


def test_a_check_changes_nothing_and_answers_the_same_again(name):
    verdict, context, request, rule = refusal_of(name)
    before = copy.deepcopy(
        (context.marks, context.holdings, context.stop_fills, vars(context.breakers), context.exposures())
    )
    equity = (context.equity_usdt, context.peak_usdt, context.day_start_usdt, context.clock.now_ns)
    assert rule.check(request, context) == verdict
    assert before == (
        context.marks,
        context.holdings,
        context.stop_fills,
        vars(context.breakers),
        context.exposures(),
    )
    assert equity == (context.equity_usdt, context.peak_usdt, context.day_start_usdt, context.clock.now_ns)


def test_it_is_not_shown_orders_that_reduce_risk(name):
    assert RULES[name].asks_reducing is False


def test_the_same_verdicts_bring_its_memory_back(name):
    verdict, context, request, _ = refusal_of(name)
    restored = built(name)
    for _ in range(3):
        restored.observe(approved_before(request))
    assert restored.check(request, context) == verdict
