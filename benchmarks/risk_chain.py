"""
What the chain of risk rules costs: per rule, per entry, and per mark.

Run ``python -m benchmarks.risk_chain``. Two accounts: nothing else open, and three other positions open.
"""

from collections.abc import Callable
from decimal import Decimal
from random import Random
from time import perf_counter_ns

from nautilus_bot.core.clocks import MarketClock
from nautilus_bot.core.messages import Signal
from nautilus_bot.risk.context import RiskContext
from nautilus_bot.risk.loader import load_rules
from nautilus_bot.risk.rule import OrderRequest

HOUR = 3_600 * 10**9
MINUTE = 60 * 10**9
SYMBOLS = [f"{name}USDT-LINEAR.BYBIT" for name in ("BTC", "ETH", "SOL", "ADA", "DOT", "LINK")]
ROUNDS = 20_000


def per_call_us(call: Callable[[], object]) -> float:
    best = float("inf")
    for _ in range(5):
        begun = perf_counter_ns()
        for _ in range(ROUNDS // 5):
            call()
        best = min(best, (perf_counter_ns() - begun) / (ROUNDS // 5))
    return best / 1_000


def build_context(open_positions: int) -> RiskContext:
    random = Random(7)
    context = RiskContext(MarketClock())
    context.on_balance(10_000.0)
    for hour in range(800):
        for symbol in SYMBOLS:
            price = context.marks.get(symbol, 100.0) * (1 + random.gauss(0, 0.004))
            context.on_mark(symbol, price, hour * HOUR + HOUR)
    for symbol in SYMBOLS[1 : 1 + open_positions]:
        context.on_fill("Beta-B", symbol, Decimal(10), Decimal(100), Decimal(0))
    return context


def build_request(context: RiskContext) -> OrderRequest:
    signal = Signal(
        ts_event=1,
        signal_id="T-A-BTCUSDT-1",
        strategy="Alpha",
        strategy_id="Alpha-A",
        instrument_id=SYMBOLS[0],
        side="BUY",
        confidence=0.9,
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
        instrument_id=SYMBOLS[0],
        role="E",
        sign=1,
        quantity=Decimal(10),
        price=Decimal(100),
        signal=signal,
        reducing=False,
    )


def main() -> None:
    rules, _ = load_rules([{"rule": "cooldown", "enabled": True}], "benchmark")
    contexts = [build_context(0), build_context(3)]
    requests = [build_request(context) for context in contexts]
    print(f"{'us per check':<16}{'alone':>8}{'3 open':>8}")
    totals = [0.0, 0.0]
    for name, rule in rules:
        costs = [
            per_call_us(lambda rule=rule, c=c, r=r: rule.check(r, c))
            for c, r in zip(contexts, requests, strict=True)
        ]
        totals = [total + cost for total, cost in zip(totals, costs, strict=True)]
        print(f"{name:<16}{costs[0]:>8.2f}{costs[1]:>8.2f}")
    print(f"{'all rules':<16}{totals[0]:>8.2f}{totals[1]:>8.2f}")
    watchers = [rule.watch for name, rule in rules if name in ("drawdown_halt", "daily_loss")]
    for label, context in zip(("no position", "3 positions"), contexts, strict=True):
        times = iter(range(context.clock.now_ns, context.clock.now_ns + 10**9 * ROUNDS * 2, MINUTE // 60))

        def mark(context: RiskContext = context, times=times) -> None:
            context.on_mark(SYMBOLS[1], 101.0, next(times))
            for watch in watchers:
                watch(context)

        print(f"a mark with {label}: {per_call_us(mark):.2f} us")


if __name__ == "__main__":
    main()
