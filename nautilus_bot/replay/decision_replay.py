"""Replay a run from its recorded inputs: signals, verdicts and commands must come out identical."""

from collections.abc import Sequence
from typing import Any

import msgspec
from nautilus_trader.backtest.config import BacktestEngineConfig, BacktestRunConfig, BacktestVenueConfig
from nautilus_trader.backtest.engine import BacktestEngine
from nautilus_trader.backtest.node import BacktestNode
from nautilus_trader.config import LoggingConfig, RiskEngineConfig
from nautilus_trader.execution.messages import TradingCommand
from nautilus_trader.model.instruments import Instrument

from catalog.accounts import ReportedAccounts
from nautilus_bot.core import topics
from nautilus_bot.core.messages import RiskVerdict, Signal, WarmupBars
from nautilus_bot.core.session_state import ProtectionRepaired, SessionSnapshot
from nautilus_bot.node.attribution import Attribution
from nautilus_bot.node.backtest import PURGING, spare_analyzer
from nautilus_bot.node.builder import Wiring, wire
from nautilus_bot.node.memory import SessionMemory
from nautilus_bot.node.protect import Protector
from nautilus_bot.node.recovery import Recovery, seed
from nautilus_bot.node.spec import NodeSpec
from nautilus_bot.replay.decisions import Decision, describe_command, describe_message
from nautilus_bot.replay.feeder import Feeder, Resumption, feed
from nautilus_bot.replay.pacing import CommandDue, Pacing
from nautilus_bot.replay.record import RecordedRun


class ReplayReport(msgspec.Struct, frozen=True, kw_only=True):
    """
    How a replay compares with its record.

    Parameters
    ----------
    recorded, replayed : int
        Number of decisions on either side.
    identical : int
        Number of decisions before the first difference.
    expected, got : Decision | None
        Both sides of the first difference; None where a side had ended.
    """

    recorded: int
    replayed: int
    identical: int
    expected: Decision | None = None
    got: Decision | None = None

    @property
    def is_identical(self) -> bool:
        """Whether every decision came out the same."""
        return self.recorded == self.replayed == self.identical


class DecisionLog:
    """Collect the decisions of a node; as its gate's tap and forward it lets nothing leave."""

    def __init__(self) -> None:
        self.decisions: list[Decision] = []

    def on_message(self, message: Signal | RiskVerdict) -> None:
        """Note a signal or a verdict."""
        self.decisions.append(describe_message(message))

    def on_command(self, command: TradingCommand) -> None:
        """Note a command."""
        self.decisions.append(describe_command(command))

    def before_leaving(self, *, opens_risk: bool) -> None:
        """Nothing leaves, nothing needs to be durable."""

    def swallow(self, command: TradingCommand) -> None:
        """Keep a command from the venue: the record knows what became of it."""


class Replay:
    """
    A node that is fed from a record.

    Parameters
    ----------
    spec : NodeSpec
        As recorded, or changed for a what-if.
    instruments : Sequence[Instrument]
        Everything that the run traded.
    queued : bool, default False
        Whether commands and denials wait for their recorded moment, as in the queues of a trading node.
    """

    def __init__(self, spec: NodeSpec, instruments: Sequence[Instrument], *, queued: bool = False) -> None:
        self.log = DecisionLog()
        self._node = BacktestNode([_run_config()])
        self._node.build()
        self.engine: BacktestEngine = self._node.get_engines()[0]
        for instrument in instruments:
            self.engine.add_instrument(instrument)
        spare_analyzer(self.engine)
        ReportedAccounts(self.engine.kernel).install()
        bus = self.engine.kernel.msgbus
        for topic in (topics.SIGNAL, topics.VERDICT):
            bus.subscribe(topic + "*", self.log.on_message, priority=topics.RECORDER_PRIORITY)
        self.wiring: Wiring = wire(self.engine.kernel, spec, None, tap=self.log, forward=self.log.swallow)
        self._pacing = Pacing(self.engine.kernel, self.wiring.gate) if queued else None
        if self._pacing is not None:
            self._pacing.install()
        Attribution(bus, self.wiring.context).install()
        self._memory = SessionMemory()
        self._memory.install(bus)
        kernel = self.engine.kernel
        self._protector = Protector(
            self.wiring.strategies, kernel.cache, self.wiring.context, self._memory, bus
        )
        self.engine.add_actor(Feeder(kernel.exec_engine.process, self._pacing, self._protector.repeat))

    def inherit(self, state: SessionSnapshot) -> None:
        """
        Take over the state of the session before.

        Parameters
        ----------
        state : SessionSnapshot
            The first entry of a session that goes on from another one.
        """
        book = msgspec.structs.replace(state.book, accounts=())
        state = msgspec.structs.replace(state, book=book)
        seed(Recovery(state=state), self.engine.kernel, self.wiring, self._memory)

    def resumption(self) -> Resumption:
        """Return the moment at which strategies take up an inherited state, for a record that has none."""
        return Resumption(self._protector.restore)

    def run(self, inputs: Sequence[Any]) -> list[Decision]:
        """Feed all inputs and return the decisions they gave."""
        feed(self.engine, inputs)
        self._node.run()
        if self._pacing is not None:
            self._pacing.release_all()
        return self.log.decisions

    def dispose(self) -> None:
        """Release the engine."""
        self.engine.dispose()


def replay_decisions(
    run: RecordedRun, spec: NodeSpec, instruments: Sequence[Instrument]
) -> tuple[ReplayReport, list[Decision]]:
    """
    Replay a recorded run and compare.

    Parameters
    ----------
    run : RecordedRun
        Inputs and decisions of the record.
    spec : NodeSpec
        What ran.
    instruments : Sequence[Instrument]
        Everything that the run traded.

    Returns
    -------
    tuple[ReplayReport, list[Decision]]
        The comparison, and all decisions that came out.
    """
    replay = Replay(spec, instruments, queued=run.queued)
    try:
        inputs = list(run.inputs)
        if run.inherited is not None:
            replay.inherit(run.inherited)
            if not any(isinstance(one, ProtectionRepaired) for one in inputs):
                acts = (i for i, one in enumerate(inputs) if isinstance(one, CommandDue | WarmupBars))
                inputs.insert(next(acts, 0), replay.resumption())
        got = replay.run(inputs)
    finally:
        replay.dispose()
    return compare(run.decisions, got), got


def compare(recorded: Sequence[Decision], replayed: Sequence[Decision]) -> ReplayReport:
    """Return the length of the common beginning and the first difference."""
    pairs = zip(recorded, replayed, strict=False)
    identical = next((i for i, (a, b) in enumerate(pairs) if not a.same_as(b)), None)
    if identical is None:
        identical = min(len(recorded), len(replayed))
    return ReplayReport(
        recorded=len(recorded),
        replayed=len(replayed),
        identical=identical,
        expected=recorded[identical] if identical < len(recorded) else None,
        got=replayed[identical] if identical < len(replayed) else None,
    )


def _run_config() -> BacktestRunConfig:
    return BacktestRunConfig(
        engine=BacktestEngineConfig(
            logging=LoggingConfig(bypass_logging=True),
            run_analysis=False,
            # the record's times are packed closer than real ones: its throttle would see a storm
            risk_engine=RiskEngineConfig(max_order_submit_rate="100000/00:00:01"),
            exec_engine=PURGING,
        ),
        venues=[
            BacktestVenueConfig(
                name="BYBIT",
                oms_type="NETTING",
                account_type="MARGIN",
                starting_balances=["0 USDT"],
                base_currency="USDT",
                bar_execution=False,
                # the recorded account states are the balance; the node must not count one of its own
                frozen_account=True,
            )
        ],
        data=[],
        raise_exception=True,
        dispose_on_completion=False,
    )
