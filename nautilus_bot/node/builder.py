"""``wire(kernel, spec, journal)``: strategies, gate, risk view and recorder on any Nautilus kernel."""

from collections.abc import Callable
from dataclasses import dataclass

from nautilus_trader.common.component import LiveClock
from nautilus_trader.execution.messages import TradingCommand
from nautilus_trader.model.data import BarType
from nautilus_trader.model.identifiers import InstrumentId
from nautilus_trader.system.kernel import NautilusKernel
from nautilus_trader.trading.strategy import Strategy

from catalog.capture import Recorder
from catalog.journal import Journal
from nautilus_bot.core import topics
from nautilus_bot.core.clocks import MarketClock
from nautilus_bot.core.messages import RuleConfigured, TradingHalted
from nautilus_bot.core.protocols import CommandTap, NoTap
from nautilus_bot.node.forming import FormingBars, FormingBarsConfig
from nautilus_bot.node.quotes import QuoteFeed, QuoteFeedConfig
from nautilus_bot.node.spec import NodeSpec, build_strategies
from nautilus_bot.risk.context import RiskContext
from nautilus_bot.risk.gate import RiskGate
from nautilus_bot.risk.loader import load_rules
from nautilus_bot.risk.rule import Rule
from nautilus_bot.risk.watch import MarketWatch
from strategies.base import SignalStrategy

COMMIT_SECS = 0.005
"""How long entries of a trading node may wait for a commit that nothing else brings."""


@dataclass(frozen=True, slots=True)
class Wiring:
    """What was put on a kernel."""

    context: RiskContext
    rules: list[tuple[str, Rule]]
    configured: list[RuleConfigured]
    watch: MarketWatch
    gate: RiskGate
    recorder: Recorder | None
    strategies: list[Strategy]


def wire(
    kernel: NautilusKernel,
    spec: NodeSpec,
    journal: Journal | None,
    *,
    strategies: list[Strategy] | None = None,
    tap: CommandTap | None = None,
    forward: Callable[[TradingCommand], None] | None = None,
) -> Wiring:
    """
    Put recorder, risk and strategies on a kernel, in this order, before the node is built.

    Parameters
    ----------
    kernel : NautilusKernel
        Of a backtest engine or a trading node.
    spec : NodeSpec
        What to run.
    journal : Journal | None
        Where everything is recorded; None records nothing (a benchmark's bare run).
    strategies : list[Strategy] | None
        Ready strategies instead of those of the spec.
    tap : CommandTap | None
        Sees commands instead of the recorder (a replay's log).
    forward : Callable[[TradingCommand], None] | None
        Takes approved commands instead of the execution engine (a replay lets none leave).
    """
    context = RiskContext(MarketClock(), venue_nets=spec.mode.venue_nets)
    bus = kernel.msgbus
    recorder = None
    if journal is not None:
        recorder = Recorder(
            bus,
            kernel.clock,
            context.clock,
            journal,
            record_inputs=spec.mode.records_inputs,
            on_halt=lambda reason: bus.publish(
                topics.TRADING + "journal",
                TradingHalted(ts_event=context.clock.now_ns, rule="journal", reason=reason),
            ),
            soon=_soon(kernel),
        )
        recorder.install()
    rules, configured = load_rules(spec.rules, spec.rules_source, lift_next_day=spec.mode.halts_lift_next_day)
    watch = MarketWatch(bus, context, rules)
    watch.install()
    gate = RiskGate(kernel, rules, context, tap or recorder or NoTap(), forward=forward)
    gate.install()
    for fact in configured:
        bus.publish(topics.RULE + fact.rule, fact)
    ready = strategies or list(build_strategies(spec))
    for strategy in ready:
        kernel.trader.add_strategy(strategy)
    if spec.mode.records_inputs and forward is None:
        kernel.trader.add_actor(QuoteFeed(QuoteFeedConfig(instrument_ids=_instrument_ids(ready))))
    if forward is None:
        peeking = {(s.bar_type, s.peek_secs) for s in spec.strategies if s.peek_secs}
        for bar_type, peek_secs in sorted(peeking):
            config = FormingBarsConfig(
                component_id=f"FormingBars-{bar_type}",
                bar_type=BarType.from_str(bar_type),
                peek_secs=peek_secs,
            )
            kernel.trader.add_actor(FormingBars(config))
    return Wiring(context, rules, configured, watch, gate, recorder, ready)


def _soon(kernel: NautilusKernel) -> Callable[[Callable[[], None]], object] | None:
    """Return how a trading node runs something a little later; None for a kernel whose time is simulated."""
    if not isinstance(kernel.clock, LiveClock):
        return None
    loop = kernel.loop
    return lambda work: loop.call_later(COMMIT_SECS, work)


def _instrument_ids(strategies: list[Strategy]) -> tuple[InstrumentId, ...]:
    ids = {one.instrument_id for one in strategies if isinstance(one, SignalStrategy)}
    return tuple(sorted(ids, key=str))
