"""
What the control API can do with a trading session.

A command is published with its author, so that it is in the journal before anything happens. Strategies obey
the recorded command itself (``close``, ``close_all``, ``inject``), risk the facts that follow it: a replay
therefore obeys both.
"""

import asyncio
import os
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec

from nautilus_bot.control.server import ControlServer
from nautilus_bot.core import topics
from nautilus_bot.core.control import (
    AnyCommand,
    AssignExternal,
    BotStatus,
    CloseAll,
    CloseSymbol,
    HaltTrading,
    Health,
    InjectSignal,
    JournalState,
    Outcome,
    PauseStrategy,
    ReduceOnly,
    ResumeStrategy,
    ResumeTrading,
    StopBot,
)
from nautilus_bot.core.errors import did_you_mean
from nautilus_bot.core.messages import (
    Message,
    OperatorCommand,
    StrategyPaused,
    StrategyResumed,
    TradingHalted,
    TradingReduceOnly,
    TradingResumed,
)
from nautilus_bot.core.snapshot import Snapshot
from nautilus_bot.node.assignment import Assignment
from nautilus_bot.node.health import HealthMonitor
from nautilus_bot.node.session import Companion, TradingSession
from strategies.base import SignalStrategy
from strategies.qa_inject import QAInjectStrategy

BEAT_SECS = 1.0
TOPIC = topics.TRADING + "operator"
MEASURED = ("drawdown_halt", "daily_loss")
"""Rules whose measure begins anew when a halt of theirs is lifted (``RiskContext.on_resumed``)."""


class SessionTarget:
    """
    A trading session as the control server sees it.

    Parameters
    ----------
    session : TradingSession
        While it trades.
    """

    def __init__(self, session: TradingSession) -> None:
        self._session = session
        self._started = time.monotonic()
        self._started_ns = time.time_ns()
        self._seq = 0
        self._grew_at = time.monotonic()
        self._monitor = HealthMonitor(self.snapshot, self.journal, time.monotonic)

    # -- reading ------------------------------------------------------------------------------------

    def snapshot(self) -> Snapshot:
        """Return everything a reader may know."""
        return self._session.host.view.snapshot()

    def journal(self) -> JournalState:
        """Return how the journal does."""
        journal = self._session.run.journal
        self._note_growth(journal.last_seq)
        return JournalState(
            seq=journal.last_seq,
            idle_secs=time.monotonic() - self._grew_at,
            size_bytes=_size(journal.path) + _size(Path(f"{journal.path}-wal")),
            halted=journal.halted,
        )

    def health(self) -> Health:
        """Return whether it is well."""
        return self._monitor.judge()

    def status(self) -> BotStatus:
        """Return the bot in short."""
        snapshot = self.snapshot()
        return BotStatus(
            run_id=self._session.run.run_id,
            mode=self._session.mode.name,
            environment=self._session.venue.environment,
            pid=os.getpid(),
            started_ns=self._started_ns,
            uptime_secs=time.monotonic() - self._started,
            market_ns=snapshot.market_ns,
            feed_age_secs=snapshot.feed_age_secs,
            account=snapshot.account,
            breakers=snapshot.breakers,
            positions=snapshot.positions,
            orders=len(snapshot.orders),
            signals_generated=snapshot.signals_generated,
            signals_executed=snapshot.signals_executed,
            signals_refused=snapshot.signals_refused,
            trades=sum(one.wins + one.losses for one in snapshot.trades),
            strategies=tuple(sorted(str(strategy.id) for strategy in self._strategies())),
            journal=self.journal(),
            health=self.health(),
        )

    # -- commands -----------------------------------------------------------------------------------

    def obey(self, command: AnyCommand, author: str) -> Outcome:
        """Record a command with its author and carry it out, or refuse it."""
        outcome = self._carry_out(command, author)
        if (recorder := self._session.host.wiring.recorder) is not None:
            recorder.commit()  # the answer leaves this process: what it promises outlives a kill
        return outcome

    def _carry_out(self, command: AnyCommand, author: str) -> Outcome:
        self._record(self._in_our_words(command), author)
        match command:
            case HaltTrading(reason=reason):
                return self._halt(reason, author)
            case ReduceOnly(symbol=symbol, reason=reason):
                return self._reduce_only(symbol, reason, author)
            case ResumeTrading(reason=reason):
                return self._resume(reason, author)
            case PauseStrategy(strategy=name, reason=reason):
                return self._pause(name, reason, author)
            case ResumeStrategy(strategy=name):
                return self._unpause(name, author)
            case AssignExternal():
                return self._assign(command, author)
            case CloseSymbol(symbol=symbol):
                return self._close(symbol)
            case CloseAll():
                return self._close("")
            case InjectSignal():
                return self._inject(command)
            case StopBot(reason=reason):
                self._session.stop(f"told to stop by {author}: {reason}")
                return Outcome(True, "stopping; protective orders stay at the venue")

    def beat(self) -> None:
        """Count one turn of the trading loop."""
        self._note_growth(self._session.run.journal.last_seq)
        self._monitor.beat()

    def _note_growth(self, seq: int) -> None:
        if seq != self._seq:
            self._seq = seq
            self._grew_at = time.monotonic()

    def _record(self, command: AnyCommand, author: str) -> None:
        arguments = tuple(str(value) for value in msgspec.structs.astuple(command))
        word = str(type(command).__struct_config__.tag)
        fact = OperatorCommand(ts_event=self._now(), command=word, author=author, arguments=arguments)
        self._session.host.node.kernel.msgbus.publish(topics.OPERATOR + word, fact)

    def _halt(self, reason: str, author: str) -> Outcome:
        self._publish(TradingHalted(ts_event=self._now(), reason=reason, author=author))
        return Outcome(True, "halted: no order that opens risk passes until trading is resumed")

    def _reduce_only(self, symbol: str, reason: str, author: str) -> Outcome:
        instrument_id = self._instrument_of(symbol) if symbol else ""
        if instrument_id is None:
            return self._unknown_symbol(symbol)
        self._publish(
            TradingReduceOnly(ts_event=self._now(), reason=reason, author=author, instrument_id=instrument_id)
        )
        return Outcome(True, f"{instrument_id or 'everything'} is reduce-only until trading is resumed")

    def _resume(self, reason: str, author: str) -> Outcome:
        halted = self._session.run.journal.halted
        if halted:
            return Outcome(False, f"the journal cannot be written, so trading stays halted: {halted}")
        breakers = self._session.host.wiring.context.breakers
        if breakers.halt is None and not breakers.reduce_only:
            return Outcome(False, "trading is neither halted nor reduce-only")
        lifted = [breakers.halt] if breakers.halt is not None else []
        resumed = TradingResumed(ts_event=self._now(), reason=reason, author=author)
        self._publish(resumed)
        for halt in self._behind():
            # recorded like any other, so that whoever folds the journal measures anew as well
            self._publish(halt)
            self._publish(resumed)
            lifted.append(halt)
        told = "; ".join(f"the halt by {one.rule or one.author}: {one.reason}" for one in lifted)
        return Outcome(True, f"trading is resumed{', lifted ' + told if told else ''}")

    def _behind(self) -> Iterator[TradingHalted]:
        """Yield the halts that another one in force has hidden: they would follow with the next price."""
        wiring = self._session.host.wiring
        for name, rule in wiring.rules:
            if name in MEASURED and (halt := rule.watch(wiring.context)) is not None:
                yield halt

    def _pause(self, name: str, reason: str, author: str) -> Outcome:
        known = self._strategy_names()
        if name not in known:
            return Outcome(False, f"no strategy {name!r} runs; {did_you_mean(name, known)}")
        self._publish(StrategyPaused(ts_event=self._now(), strategy=name, author=author, reason=reason))
        return Outcome(True, f"{name} is paused: it may close, it may not open")

    def _unpause(self, name: str, author: str) -> Outcome:
        paused = self._session.host.wiring.context.breakers.paused
        if name not in paused:
            return Outcome(False, f"{name} is not paused; paused: {', '.join(sorted(paused)) or 'none'}")
        self._publish(StrategyResumed(ts_event=self._now(), strategy=name, author=author))
        return Outcome(True, f"{name} is resumed")

    def _assign(self, command: AssignExternal, author: str) -> Outcome:
        instrument_id = self._instrument_of(command.symbol)
        if instrument_id is None:
            return self._unknown_symbol(command.symbol)
        return Assignment(self._session.host, instrument_id, author).assign(command)

    def _close(self, symbol: str) -> Outcome:
        """Say what the strategies, which have heard the command, are closing, and what is nobody's."""
        instrument_id = self._instrument_of(symbol) if symbol else ""
        if instrument_id is None:
            return self._unknown_symbol(symbol)
        owners = {str(strategy.id) for strategy in self._strategies() if strategy.net != 0}
        held = [
            (strategy_id, f"{name} {position.quantity} of {strategy_id}")
            for strategy_id, name, position in self._session.host.wiring.context.ledgers.open_positions()
            if instrument_id in ("", name)
        ]
        foreign = [text for strategy_id, text in held if strategy_id not in owners]
        closing = len(held) - len(foreign)
        if foreign:
            text = f"no strategy here owns {', '.join(foreign)}: close them at the venue"
            return Outcome(False, f"closing {closing}; {text}")
        return Outcome(True, f"closing {closing} position{'' if closing == 1 else 's'}")

    def _inject(self, command: InjectSignal) -> Outcome:
        takers = {s.symbol for s in self._strategies() if isinstance(s, QAInjectStrategy)}
        if command.symbol not in takers:
            return Outcome(
                False,
                f"no signal can be injected for {command.symbol!r}; {did_you_mean(command.symbol, takers)}",
            )
        return Outcome(True, f"injected {command.side} {command.symbol}")

    def _in_our_words(self, command: AnyCommand) -> AnyCommand:
        """Return the command with its symbol as strategies name it."""
        if isinstance(command, CloseSymbol):
            instrument_id = self._instrument_of(command.symbol) or command.symbol
            return CloseSymbol(symbol=instrument_id.partition("-")[0])
        return command

    # -- the session --------------------------------------------------------------------------------

    def _now(self) -> int:
        return self._session.host.wiring.context.clock.now_ns

    def _publish(self, fact: Message) -> None:
        self._session.host.node.kernel.msgbus.publish(TOPIC, fact)

    def _strategies(self) -> list[SignalStrategy]:
        running = self._session.host.node.kernel.trader.strategies()
        return [strategy for strategy in running if isinstance(strategy, SignalStrategy)]

    def _strategy_names(self) -> set[str]:
        strategies = self._strategies()
        return {strategy.name for strategy in strategies} | {str(strategy.id) for strategy in strategies}

    def _instruments(self) -> dict[str, str]:
        names = sorted({str(strategy.instrument_id) for strategy in self._strategies()})
        return {name.partition("-")[0]: name for name in names}

    def _instrument_of(self, symbol: str) -> str | None:
        known = self._instruments()
        return symbol if symbol in known.values() else known.get(symbol.upper())

    def _unknown_symbol(self, symbol: str) -> Outcome:
        return Outcome(False, f"{symbol!r} is not traded; {did_you_mean(symbol, self._instruments())}")


def control_companion(bound: socket.socket, token: str) -> Companion:
    """
    Return what serves the control API beside a session.

    Parameters
    ----------
    bound : socket.socket
        From ``open_control_socket``.
    token : str
        What clients must show.
    """

    async def control(session: TradingSession) -> None:
        target = SessionTarget(session)
        server = ControlServer(target, token, bound)
        await server.start()
        try:
            while True:
                target.beat()
                await asyncio.sleep(BEAT_SECS)
        finally:
            await server.stop()

    return control


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0
