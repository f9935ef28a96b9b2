"""
What the control API can do with a trading session.

A command is published with its author first, so that it is in the journal before anything happens; then it
acts by publishing facts, which risk obeys like those of its own rules, or by closing through the strategies.
"""

import asyncio
import os
import socket
import time
from pathlib import Path

import msgspec

from nautilus_bot.control.server import ControlServer
from nautilus_bot.core import topics
from nautilus_bot.core.control import (
    AnyCommand,
    BotStatus,
    CloseAll,
    CloseSymbol,
    HaltTrading,
    Health,
    InjectSignals,
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
from nautilus_bot.node.health import HealthMonitor
from nautilus_bot.node.session import Companion, TradingSession
from strategies.base import SignalStrategy

BEAT_SECS = 1.0
TOPIC = topics.TRADING + "operator"


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
        self._record(command, author)
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
            case CloseSymbol(symbol=symbol):
                return self._close(symbol, author)
            case CloseAll():
                return self._close("", author)
            case StopBot():
                self._session.stop(f"told to stop by {author}")
                return Outcome(True, "stopping; protective orders stay at the venue")
            case InjectSignals():
                return Outcome(False, "this session takes no injected signals")

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
        name = type(command).__name__
        fact = OperatorCommand(ts_event=self._now(), command=name, author=author, arguments=arguments)
        self._session.host.node.kernel.msgbus.publish(topics.OPERATOR + name, fact)

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
        self._publish(TradingResumed(ts_event=self._now(), reason=reason, author=author))
        return Outcome(True, "trading is resumed")

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

    def _close(self, symbol: str, author: str) -> Outcome:
        instrument_id = self._instrument_of(symbol) if symbol else ""
        if instrument_id is None:
            return self._unknown_symbol(symbol)
        closing = [
            strategy
            for strategy in self._strategies()
            if strategy.net != 0 and instrument_id in ("", str(strategy.instrument_id))
        ]
        for strategy in closing:
            self._close_strategy(strategy, author)
        return self._close_outcome(instrument_id, {str(strategy.id) for strategy in closing})

    def _close_strategy(self, strategy: SignalStrategy, author: str) -> None:
        context = self._session.host.wiring.context
        name = str(strategy.instrument_id)
        instrument = self._session.host.node.kernel.cache.instrument(strategy.instrument_id)
        average = float(context.ledgers.position(str(strategy.id), name).average_price)
        price = instrument.make_price(context.marks.get(name, average))
        strategy.close_position(f"{author} asked to close", price, self._now())

    def _close_outcome(self, instrument_id: str, closing: set[str]) -> Outcome:
        ledgers = self._session.host.wiring.context.ledgers
        left = [
            f"{name} {position.quantity} of {strategy_id}"
            for strategy_id, name, position in ledgers.open_positions()
            if strategy_id not in closing and instrument_id in ("", name)
        ]
        if left:
            return Outcome(
                False,
                f"closing {len(closing)}; no strategy here owns {', '.join(left)}: close them at the venue",
            )
        return Outcome(True, f"closing {len(closing)} position{'' if len(closing) == 1 else 's'}")

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
