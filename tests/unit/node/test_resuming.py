"""One resumption lifts everything that an operator sees as halted, and says what it was."""

from types import SimpleNamespace

import pytest
from nautilus_trader.common.component import MessageBus, TestClock
from nautilus_trader.model.identifiers import TraderId

from nautilus_bot.core import topics
from nautilus_bot.core.clocks import MarketClock
from nautilus_bot.core.control import HaltTrading, ResumeTrading
from nautilus_bot.core.messages import MarketMarked, TradingHalted, TradingResumed
from nautilus_bot.node.control_target import SessionTarget
from nautilus_bot.risk.context import RiskContext
from nautilus_bot.risk.loader import load_rules
from nautilus_bot.risk.recovery import RiskFold
from nautilus_bot.risk.watch import MarketWatch

BTC = "BTCUSDT-LINEAR.BYBIT"


class Desk:
    """A session's risk and control, without a venue; everything published is kept."""

    def __init__(self) -> None:
        self.bus = MessageBus(TraderId("BOT-001"), TestClock())
        self.context = RiskContext(MarketClock())
        rules = load_rules([], "none")[0]
        self.facts: list = []
        self.bus.subscribe("*", self.facts.append, priority=topics.RECORDER_PRIORITY)
        MarketWatch(self.bus, self.context, rules).install()
        wiring = SimpleNamespace(context=self.context, rules=rules, recorder=None)
        host = SimpleNamespace(wiring=wiring, node=SimpleNamespace(kernel=SimpleNamespace(msgbus=self.bus)))
        session = SimpleNamespace(host=host, run=SimpleNamespace(journal=SimpleNamespace(halted="")))
        self.target = SessionTarget(session)
        self._secs = 0

    def mark(self, balance: float) -> None:
        """Let the balance be told, and a price come."""
        self.context.on_balance(balance)
        self._secs += 10
        mark = MarketMarked(ts_event=self._secs * 10**9, instrument_id=BTC, price=100.0)
        self.bus.publish(topics.INPUT + BTC, mark)


@pytest.fixture
def desk() -> Desk:
    desk = Desk()
    desk.mark(10_000.0)
    desk.mark(10_000.0)
    return desk


def test_one_resumption_lifts_the_operators_halt_and_the_drawdowns_behind_it(desk):
    desk.mark(8_000.0)
    desk.mark(8_000.0)
    assert desk.context.breakers.halt.rule
    desk.target.obey(HaltTrading(reason="lunch"), "operator")
    outcome = desk.target.obey(ResumeTrading(reason="back"), "operator")
    assert outcome.done
    assert "the halt by operator: lunch" in outcome.text
    assert "the halt by drawdown_halt" in outcome.text
    assert "the halt by daily_loss" in outcome.text
    desk.mark(8_000.0)
    assert desk.context.breakers.halt is None


def test_a_resumption_leaves_the_peak_alone_when_no_limit_was_reached(desk):
    desk.mark(9_800.0)
    desk.mark(9_800.0)
    desk.target.obey(HaltTrading(reason="lunch"), "operator")
    outcome = desk.target.obey(ResumeTrading(reason="back"), "operator")
    assert outcome.text == "trading is resumed, lifted the halt by operator: lunch"
    assert desk.context.drawdown_pct == pytest.approx(2.0)


def test_a_fold_of_what_was_recorded_ends_where_the_session_did(desk):
    folded = RiskContext(MarketClock())
    fold = RiskFold(folded, ())
    desk.mark(8_000.0)
    desk.mark(8_000.0)
    desk.target.obey(HaltTrading(reason="lunch"), "operator")
    desk.target.obey(ResumeTrading(reason="back"), "operator")
    folded.on_balance(10_000.0)
    for fact in desk.facts:
        if isinstance(fact, MarketMarked) and fact.ts_event > 20 * 10**9:
            folded.on_balance(8_000.0)
        fold.apply(fact)
    assert [type(one) for one in desk.facts if isinstance(one, TradingHalted | TradingResumed)][-1] is (
        TradingResumed
    )
    assert folded.breakers.halt is None
    assert folded.peak_usdt == desk.context.peak_usdt == pytest.approx(8_000.0)
