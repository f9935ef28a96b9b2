"""A looser limit never refuses what a tighter one approved, and ledgers conserve what was filled."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nautilus_bot.core.clocks import MarketClock
from nautilus_bot.core.messages import RiskVerdict, Signal
from nautilus_bot.risk.context import RiskContext
from nautilus_bot.risk.reservations import Reservation
from nautilus_bot.risk.rule import OrderRequest
from nautilus_bot.risk.rules.table import RULES

HOUR = 3_600 * 10**9
START = 20_000 * 24 * HOUR
BTC, ETH = "BTCUSDT-LINEAR.BYBIT", "ETHUSDT-LINEAR.BYBIT"
HISTORY = 100

# rule, key, whether a larger value is looser, range of the key, and what else makes it measure
LIMITS = [
    ("min_confidence", "threshold", False, (0.0, 1.0), {}),
    ("throttle", "secs", False, (0.0, 10_000.0), {}),
    ("volatility", "limit_pct", True, (0.01, 100.0), {}),
    ("max_position", "symbol_usdt", True, (1.0, 1e6), {"symbol_pct": None, "strategy_pct": None}),
    ("max_position", "strategy_usdt", True, (1.0, 1e6), {"symbol_pct": None, "strategy_pct": None}),
    ("exposure", "gross", True, (0.01, 50.0), {"net": 1e9}),
    ("exposure", "net", True, (0.01, 50.0), {"gross": 1e9}),
    ("drawdown_halt", "limit_pct", True, (0.01, 100.0), {}),
    ("daily_loss", "limit_pct", True, (0.01, 100.0), {}),
    ("correlation", "limit", True, (-1.0, 1.0), {}),
    ("portfolio_var", "limit_pct", True, (0.01, 100.0), {"min_history_hours": 48}),
]

moves = st.lists(st.floats(-8.0, 8.0), min_size=HISTORY, max_size=HISTORY)
quantities = st.decimals("0.01", "500", places=2)


def traded(btc, eth, held, in_flight) -> RiskContext:
    context = RiskContext(MarketClock())
    context.on_balance(10_000.0)
    context.on_mark(BTC, 100.0, START)
    context.on_mark(ETH, 10.0, START)
    context.on_fill("Beta-B", ETH, held, Decimal(10), Decimal(0))
    context.reservations.reserve("x", Reservation("Beta-B", BTC, "E", 1, in_flight, Decimal(100)))
    for hour, (one, two) in enumerate(zip(btc, eth, strict=True), start=1):
        context.on_mark(BTC, context.marks[BTC] * (1 + one / 100), START + hour * HOUR)
        context.on_mark(ETH, context.marks[ETH] * (1 + two / 100), START + hour * HOUR)
    return context


def entry(context, sign, quantity, confidence) -> OrderRequest:
    signal = Signal(
        ts_event=1,
        signal_id="T-A-BTCUSDT-2",
        strategy="Alpha",
        strategy_id="Alpha-A",
        instrument_id=BTC,
        side="BUY" if sign > 0 else "SELL",
        confidence=confidence,
        price="100",
        stop="90",
        target="120",
        reason="",
    )
    return OrderRequest(
        ts=context.clock.now_ns,
        client_order_id="T-A-BTCUSDT-2-E",
        strategy="Alpha",
        strategy_id="Alpha-A",
        instrument_id=BTC,
        role="E",
        sign=sign,
        quantity=quantity,
        price=Decimal(str(context.marks[BTC])),
        signal=signal,
        reducing=False,
    )


def earlier(request, secs) -> RiskVerdict:
    return RiskVerdict(
        ts_event=request.ts - int(secs * 1e9),
        client_order_id="T-A-BTCUSDT-1-E",
        signal_id="T-A-BTCUSDT-1",
        strategy="Alpha",
        strategy_id="Alpha-A",
        instrument_id=BTC,
        approved=True,
        role="E",
    )


@pytest.mark.parametrize(("name", "key", "larger_is_looser", "bounds", "others"), LIMITS)
@given(
    btc=moves,
    eth=moves,
    held=quantities,
    order=st.tuples(st.sampled_from([-1, 1]), quantities, st.floats(0.0, 1.0)),
    limits=st.tuples(st.floats(0.0, 1.0), st.floats(0.0, 1.0)),
    secs=st.floats(0.0, 5_000.0),
)
def test_a_looser_limit_never_refuses_what_a_tighter_one_approved(
    name, key, larger_is_looser, bounds, others, btc, eth, held, order, limits, secs
):
    context = traded(btc, eth, held, order[1])
    request = entry(context, *order)
    low, high = bounds
    values = sorted((low + part * (high - low) for part in limits), reverse=not larger_is_looser)
    verdicts = []
    for value in values:
        rule = RULES[name](RULES[name].config_type(**{key: value, **others}))
        rule.observe(earlier(request, secs))
        verdicts.append(rule.check(request, context))
    tight, loose = verdicts
    assert loose.approved or not tight.approved
    assert tight.unit == loose.unit


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["A-1", "B-2", "C-3"]),
            st.decimals("-50", "50", places=3).filter(bool),
            st.decimals("1", "500", places=2),
        ),
        max_size=40,
    ),
    st.decimals("1", "500", places=2),
)
def test_ledgers_sum_to_the_venue_and_profit_to_cash_flow(fills, mark):
    context = RiskContext(MarketClock())
    context.on_balance(10_000.0)
    context.on_mark(BTC, float(mark), START)
    for strategy_id, quantity, price in fills:
        context.on_fill(strategy_id, BTC, quantity, price, Decimal(0))
    net = sum((quantity for _, quantity, _ in fills), Decimal(0))
    cash = -sum((quantity * price for _, quantity, price in fills), Decimal(0))
    realized = sum((p.realized_usdt for p in context.ledgers.of_instrument(BTC)), Decimal(0))
    assert context.ledgers.net(BTC) == net
    assert float(realized) + context.unrealized_usdt() == pytest.approx(float(cash + net * mark), abs=1e-6)
