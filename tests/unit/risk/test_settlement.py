"""What risk concludes from balances must follow from the journal alone: it has no repeated states."""

from decimal import Decimal

from nautilus_bot.core.clocks import NS_PER_SEC, MarketClock
from nautilus_bot.risk.context import SETTLE_NS, RiskContext

BTC = "BTCUSDT-LINEAR.BYBIT"


def traded() -> RiskContext:
    context = RiskContext(MarketClock())
    context.on_balance(10_000.0)
    context.on_mark(BTC, 50_000.0, 1 * NS_PER_SEC)
    context.on_fill("A-1", BTC, Decimal("0.1"), Decimal(50_000), Decimal(3))
    context.on_balance(9_997.0)
    context.on_mark(BTC, 50_000.0, 9 * NS_PER_SEC)
    return context


def test_a_state_that_is_published_again_leaves_no_trace():
    once, again = traded(), traded()
    again.on_balance(9_997.0)
    assert again.state() == once.state()
    for context in (once, again):
        context.on_mark(BTC, 51_000.0, 9 * NS_PER_SEC + 1)
    assert again.equity_usdt == once.equity_usdt == 10_097.0


def test_a_balance_that_changed_is_waited_for():
    context = traded()
    context.on_balance(9_990.0)
    context.on_mark(BTC, 51_000.0, 9 * NS_PER_SEC + 1)
    assert context.equity_usdt == 9_997.0
    context.on_mark(BTC, 51_000.0, 9 * NS_PER_SEC + SETTLE_NS)
    assert context.equity_usdt == 10_090.0
