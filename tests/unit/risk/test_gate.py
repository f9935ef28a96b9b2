"""The gate on a real engine: what it lets through, what it denies, and what it cannot be talked into."""

from collections.abc import Callable
from decimal import Decimal

import pytest
from nautilus_trader.backtest.config import BacktestEngineConfig
from nautilus_trader.backtest.engine import BacktestEngine
from nautilus_trader.config import LoggingConfig, StrategyConfig
from nautilus_trader.model.currencies import USDT
from nautilus_trader.model.data import Bar, BarType, TradeTick
from nautilus_trader.model.enums import (
    AccountType,
    AggressorSide,
    OmsType,
    OrderSide,
    OrderStatus,
    TriggerType,
)
from nautilus_trader.model.events import OrderDenied, OrderModifyRejected
from nautilus_trader.model.identifiers import ClientOrderId, TradeId, Venue
from nautilus_trader.model.objects import Money
from nautilus_trader.trading.strategy import Strategy

from nautilus_bot.core.clocks import MarketClock
from nautilus_bot.core.errors import JournalHalted
from nautilus_bot.core.messages import RiskVerdict, Signal, TradingHalted
from nautilus_bot.core.protocols import NoTap
from nautilus_bot.market.instruments import build_instrument
from nautilus_bot.risk.context import RiskContext
from nautilus_bot.risk.gate import RiskGate
from nautilus_bot.risk.loader import load_rules
from nautilus_bot.risk.rule import BaseRule, RuleConfig, approved
from nautilus_bot.risk.watch import MarketWatch

# Nautilus's engine asks pandas for the time in a way that pandas 3 warns about
pytestmark = pytest.mark.filterwarnings("ignore:Timestamp.utcnow")

MINUTE = 60 * 10**9
BTC = build_instrument("BTCUSDT")
BARS = BarType.from_str(f"{BTC.id}-1-MINUTE-LAST-EXTERNAL")

type Step = Callable[["Scripted"], None]


class Scripted(Strategy):
    """Run one step of a script a bar, and keep every order event."""

    def __init__(self, steps: list[Step]) -> None:
        super().__init__(StrategyConfig(strategy_id="Scripted", order_id_tag="S"))
        self.steps = steps
        self.events: list = []

    def on_start(self) -> None:
        self.subscribe_bars(BARS)

    def on_bar(self, bar: Bar) -> None:
        if self.steps:
            self.steps.pop(0)(self)

    def on_order_event(self, event) -> None:
        self.events.append(event)

    def of(self, kind: type) -> list:
        return [event for event in self.events if type(event) is kind]

    def enter(self, *, confidence: float = 0.9, quantity: str = "0.100", count: int = 1) -> None:
        signal = Signal(
            ts_event=1,
            signal_id=f"T-S-BTCUSDT-{count}",
            strategy="Scripted",
            strategy_id=self.id.value,
            instrument_id=BTC.id.value,
            side="BUY",
            confidence=confidence,
            price="1000",
            stop="900",
            target="1200",
            reason="test",
        )
        order = self.order_factory.market(
            BTC.id,
            OrderSide.BUY,
            BTC.make_qty(Decimal(quantity)),
            tags=[signal.signal_id],
            client_order_id=ClientOrderId(f"{signal.signal_id}-E"),
        )
        self.submit_order(order, params={"signal": signal})

    def protect(self, quantity: str, *, suffix: str = "S1") -> None:
        order = self.order_factory.stop_market(
            BTC.id,
            OrderSide.SELL,
            BTC.make_qty(Decimal(quantity)),
            BTC.make_price(900),
            tags=["T-S-BTCUSDT-1"],
            client_order_id=ClientOrderId(f"T-S-BTCUSDT-1-{suffix}"),
        )
        self.submit_order(order)

    def status(self, suffix: str) -> OrderStatus:
        return self.cache.order(ClientOrderId(f"T-S-BTCUSDT-1-{suffix}")).status


class Bench:
    """One engine with the gate installed, ten flat bars, and everything that risk published."""

    def __init__(self, rules=None, tap=None, on_context: Callable[[RiskContext], None] | None = None) -> None:
        self.engine = BacktestEngine(BacktestEngineConfig(logging=LoggingConfig(bypass_logging=True)))
        self.engine.add_venue(
            venue=Venue("BYBIT"),
            oms_type=OmsType.NETTING,
            account_type=AccountType.MARGIN,
            base_currency=USDT,
            starting_balances=[Money(10_000, USDT)],
            default_leverage=Decimal(10),
        )
        self.engine.add_instrument(BTC)
        price, size = BTC.make_price(1000), BTC.make_qty(Decimal(50))
        self.engine.add_data(
            [Bar(BARS, price, price, price, price, size, i * MINUTE, i * MINUTE) for i in range(1, 11)]
        )
        kernel = self.engine.kernel
        self.context = RiskContext(MarketClock())
        chain = load_rules([], "none")[0] if rules is None else rules
        self.verdicts: list[RiskVerdict] = []
        self.facts: list = []
        kernel.msgbus.subscribe("events.risk.*", self.verdicts.append)
        kernel.msgbus.subscribe("events.trading.*", self.facts.append)
        MarketWatch(kernel.msgbus, self.context, chain).install()
        RiskGate(kernel, chain, self.context, tap or NoTap()).install()
        if on_context is not None:
            on_context(self.context)

    def run(self, *steps: Step) -> Scripted:
        strategy = Scripted(list(steps))
        self.engine.add_strategy(strategy)
        self.engine.run()
        return strategy


@pytest.fixture
def bench():
    benches = []

    def build(**kwargs) -> Bench:
        benches.append(Bench(**kwargs))
        return benches[-1]

    yield build
    for one in benches:
        one.engine.dispose()


def halted(context: RiskContext) -> None:
    context.breakers.apply(TradingHalted(ts_event=1, reason="by hand", author="operator"))


def test_an_entry_that_all_rules_approve_fills_and_every_rule_is_on_record(bench):
    one = bench()
    strategy = one.run(lambda s: s.enter())
    assert strategy.status("E") == OrderStatus.FILLED
    assert one.verdicts[0].approved
    assert len(one.verdicts[0].checks) == len(load_rules([], "none")[0])
    assert one.context.ledgers.net(BTC.id.value) == Decimal("0.1")
    assert list(one.context.reservations.entries()) == []


def test_a_refusal_is_a_genuine_denial_with_rule_limit_and_observed(bench):
    one = bench()
    strategy = one.run(lambda s: s.enter(confidence=0.5))
    (denied,) = strategy.of(OrderDenied)
    assert denied.reason == "min_confidence: confidence 0.50 < 0.60"
    assert strategy.status("E") == OrderStatus.DENIED
    verdict = one.verdicts[0]
    check = verdict.checks[-1]
    assert (verdict.approved, verdict.rule) == (False, "min_confidence")
    assert (check.rule, check.limit, check.observed, check.unit) == ("min_confidence", 0.6, 0.5, "ratio")


def test_the_first_refusal_wins_and_later_rules_are_not_asked(bench):
    one = bench(on_context=halted)
    one.run(lambda s: s.enter(confidence=0.1))
    assert [check.rule for check in one.verdicts[0].checks] == ["trading_state"]


def test_a_protective_order_passes_under_a_halt_and_an_entry_does_not(bench):
    one = bench()
    strategy = one.run(
        lambda s: s.enter(),
        lambda s: halted(one.context),
        lambda s: s.protect("0.100"),
        lambda s: s.enter(count=2),
    )
    assert strategy.status("S1") == OrderStatus.ACCEPTED
    assert strategy.of(OrderDenied)[0].client_order_id.value == "T-S-BTCUSDT-2-E"


@pytest.mark.parametrize(
    ("first", "second", "denied"),
    [("0.101", None, ["S1"]), ("0.100", "0.001", ["S2"]), ("0.060", "0.040", [])],
)
def test_exits_of_one_kind_may_close_at_most_the_ledger(bench, first, second, denied):
    one = bench()
    strategy = one.run(
        lambda s: s.enter(),
        lambda s: s.protect(first),
        lambda s: s.protect(second, suffix="S2") if second else None,
    )
    refused = [event.client_order_id.value.rpartition("-")[2] for event in strategy.of(OrderDenied)]
    assert refused == denied
    assert all(v.rule == "ledger" for v in one.verdicts if not v.approved)


def test_a_stop_without_a_position_is_refused(bench):
    strategy = bench().run(lambda s: s.protect("0.100"))
    assert strategy.of(OrderDenied)


def test_an_order_that_no_strategy_of_ours_proposed_counts_as_an_entry(bench):
    one = bench()
    strategy = one.run(
        lambda s: s.submit_order(s.order_factory.market(BTC.id, OrderSide.BUY, BTC.make_qty(Decimal("0.1"))))
    )
    assert strategy.of(OrderDenied)[0].reason == "min_confidence: an entry must come from a signal"
    assert one.verdicts[0].role == "E"


class _Raises(BaseRule):
    config_type = RuleConfig

    def check(self, request, context, /):
        raise ZeroDivisionError("no price")


class _AnswersNothing(BaseRule):
    def check(self, request, context, /):
        return None


@pytest.mark.parametrize(("rule", "reason"), [(_Raises, "ZeroDivisionError"), (_AnswersNothing, "None")])
def test_a_rule_that_raises_or_does_not_answer_refuses(bench, rule, reason):
    strategy = bench(rules=[("broken", rule(RuleConfig()))]).run(lambda s: s.enter())
    (denied,) = strategy.of(OrderDenied)
    assert denied.reason.startswith("broken: ")
    assert reason in denied.reason


class _RaisesOnVerdict(BaseRule):
    def check(self, request, context, /):
        return approved()

    def observe(self, verdict, /):
        raise KeyError("lost")


def test_a_rule_that_raises_while_it_learns_halts_trading(bench):
    one = bench(rules=[("broken", _RaisesOnVerdict(RuleConfig()))])
    one.run(lambda s: s.enter())
    assert one.context.breakers.halt.rule == "broken"


class _Latches(BaseRule):
    def check(self, request, context, /):
        return approved()

    def watch(self, context, /):
        if context.clock.now_ns == 3 * MINUTE:
            return TradingHalted(
                ts_event=context.clock.now_ns, rule="latches", reason="", until_ns=6 * MINUTE
            )
        return None


def test_a_halt_that_a_rule_calls_for_latches_and_ends_at_its_time(bench):
    one = bench(rules=[("latches", _Latches(RuleConfig()))])
    one.run()
    assert [(type(f).__name__, f.ts_event // MINUTE) for f in one.facts] == [
        ("TradingHalted", 3),
        ("TradingResumed", 6),
    ]
    assert one.context.breakers.halt is None


def test_an_emulated_order_is_caught_when_it_is_released(bench):
    def emulate(strategy: Scripted) -> None:
        order = strategy.order_factory.stop_market(
            BTC.id,
            OrderSide.BUY,
            BTC.make_qty(Decimal("0.1")),
            BTC.make_price(900),
            emulation_trigger=TriggerType.LAST_PRICE,
            trigger_type=TriggerType.LAST_PRICE,
        )
        strategy.submit_order(order)

    one = bench(on_context=halted)
    price, size = BTC.make_price(1000), BTC.make_qty(Decimal(1))

    ticks = [
        TradeTick(BTC.id, price, size, AggressorSide.BUYER, TradeId(str(i)), t, t)
        for i, t in enumerate(range(MINUTE + 1, 10 * MINUTE, MINUTE))
    ]
    one.engine.add_data(ticks)
    strategy = one.run(emulate)
    assert strategy.of(OrderDenied)[0].reason.startswith("trading_state: halted by operator")
    assert not one.context.holdings


@pytest.mark.parametrize(("quantity", "refused"), [("0.101", True), ("0.050", False)])
def test_an_order_may_be_amended_to_less_never_to_more(bench, quantity, refused):
    def amend(strategy: Scripted) -> None:
        stop = strategy.cache.order(ClientOrderId("T-S-BTCUSDT-1-S1"))
        strategy.modify_order(stop, quantity=BTC.make_qty(Decimal(quantity)))

    one = bench()
    strategy = one.run(lambda s: s.enter(), lambda s: s.protect("0.100"), amend)
    assert bool(strategy.of(OrderModifyRejected)) is refused
    assert strategy.status("S1") == OrderStatus.ACCEPTED
    promised = one.context.reservations.of_role(strategy.id.value, BTC.id.value, "S")
    assert promised == Decimal("0.100" if refused else quantity)


class _FullDisk(NoTap):
    """Fails to record from the ``good``-th command on, or only when asked to make it durable."""

    def __init__(self, good: int, *, on_durable: bool = False) -> None:
        self.good = good
        self.on_durable = on_durable

    def on_command(self, command) -> None:
        self.good -= 1
        if self.good < 0 and not self.on_durable:
            raise JournalHalted("disk full")

    def before_leaving(self, *, opens_risk) -> None:
        if opens_risk and self.good < 0 and self.on_durable:
            raise JournalHalted("disk full")


@pytest.mark.parametrize("on_durable", [False, True])
def test_a_journal_that_cannot_write_halts_entries_and_lets_protective_orders_leave(bench, on_durable):
    one = bench(tap=_FullDisk(good=1, on_durable=on_durable))
    strategy = one.run(
        lambda s: s.enter(),
        lambda s: s.protect("0.100"),
        lambda s: s.enter(count=2),
    )
    assert strategy.status("E") == OrderStatus.FILLED
    assert strategy.status("S1") == OrderStatus.ACCEPTED
    (denied,) = strategy.of(OrderDenied)
    assert denied.client_order_id.value == "T-S-BTCUSDT-2-E"
    assert "disk full" in denied.reason
    assert [fact.rule for fact in one.facts] == ["journal"]
    assert one.context.breakers.halt is not None


def amend(suffix: str, **changes) -> Step:
    """Return a step that changes an order of the first signal."""

    def step(strategy: Scripted) -> None:
        order = strategy.cache.order(ClientOrderId(f"T-S-BTCUSDT-1-{suffix}"))
        if "quantity" in changes:
            changes["quantity"] = BTC.make_qty(Decimal(changes["quantity"]))
        prices = {name: BTC.make_price(value) for name, value in changes.items() if name != "quantity"}
        strategy.modify_order(order, **(changes | prices))

    return step


def rest_entry(strategy: Scripted) -> None:
    """Leave an entry in the book, away from the market."""
    order = strategy.order_factory.limit(
        BTC.id,
        OrderSide.BUY,
        BTC.make_qty(Decimal("0.100")),
        BTC.make_price(950),
        tags=["T-S-BTCUSDT-1"],
        client_order_id=ClientOrderId("T-S-BTCUSDT-1-E"),
    )
    strategy.submit_order(order)


@pytest.mark.parametrize(
    ("changes", "refused"),
    [({"quantity": "0.200"}, True), ({"price": 990}, True), ({"quantity": "0.050"}, False)],
)
def test_an_entry_may_only_shrink_while_the_journal_cannot_write(bench, changes, refused):
    one = bench(rules=[], tap=_FullDisk(good=1))
    strategy = one.run(rest_entry, amend("E", **changes))
    reasons = [event.reason for event in strategy.of(OrderModifyRejected)]
    assert reasons == (["journal: disk full"] if refused else [])


@pytest.mark.parametrize(
    ("changes", "refused"),
    [({"quantity": "0.101"}, True), ({"trigger_price": 950}, False), ({"quantity": "0.050"}, False)],
)
def test_an_exit_may_move_and_shrink_while_the_journal_cannot_write(bench, changes, refused):
    one = bench(tap=_FullDisk(good=2))
    strategy = one.run(lambda s: s.enter(), lambda s: s.protect("0.100"), amend("S1", **changes))
    assert bool(strategy.of(OrderModifyRejected)) is refused
    assert strategy.status("S1") == OrderStatus.ACCEPTED
