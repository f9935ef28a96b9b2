"""
A trading session: connect, trade until told to stop, drain, say how it ended.

The one broad ``except`` of the program stands here: whatever escapes is journalled, told, and stops the node.
Protective orders stay at the venue when a session ends.
"""

import asyncio
import contextlib
import signal
import sqlite3
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec

from adapters.bybit.account_name import account_name, former_account_name
from adapters.bybit.clients import BybitVenue
from adapters.bybit.login import check_leverage, check_login
from catalog.manifest import RunStatus
from catalog.store import EventStore, Run
from nautilus_bot.config.bot import BotConfig
from nautilus_bot.core import topics
from nautilus_bot.core.errors import BotError, JournalHalted, VenueTimeout
from nautilus_bot.core.ids import session_token
from nautilus_bot.core.messages import EntriesAllowed, Notice, SessionStopping, TradingHalted
from nautilus_bot.node.compose import build_node_spec
from nautilus_bot.node.modes import MODES
from nautilus_bot.node.provenance import code_hash, library_versions
from nautilus_bot.node.recovery import NOTHING, find_recovery, lock_account
from nautilus_bot.node.snapshots import SnapshotPace
from nautilus_bot.node.trading import TradingHost, build_trading

START_TIMEOUT_SECS = 90.0
CHECKPOINT_SECS = 20.0
GUARD_AGAIN_SECS = 1.0

type Companion = Callable[["TradingSession"], Awaitable[None]]


class SessionEnd(msgspec.Struct, frozen=True, kw_only=True):
    """
    How a session ended.

    Parameters
    ----------
    run_id : str
        Its run in the event catalog.
    reason : str
        Why it stopped.
    start_secs, stop_secs : float
        From construction to trading, and from the wish to stop to the end of the node.
    entries : int
        Entries of the journal.
    """

    run_id: str
    reason: str
    start_secs: float
    stop_secs: float
    entries: int


class TradingSession:
    """
    One run of a trading node.

    Parameters
    ----------
    config : BotConfig
        As loaded.
    mode : str
        ``paper`` or ``live``.
    venue : BybitVenue
        Where to trade.
    companions : tuple[Companion, ...]
        Tasks that live beside the node while it trades: control server, terminal view, QA injection. One that
        fails is told and does not disturb trading.
    log_level : str, default "WARNING"
        Of Nautilus's own log on the terminal.
    """

    def __init__(
        self,
        config: BotConfig,
        mode: str,
        venue: BybitVenue,
        companions: tuple[Companion, ...] = (),
        *,
        log_level: str = "WARNING",
    ) -> None:
        self.config = config
        self.mode = MODES[mode]
        self.venue = venue
        self._companions = companions
        self._log_level = log_level
        self._stop = asyncio.Event()
        self._reason = ""
        self._account = ""
        self._recovery = NOTHING
        self.run: Run
        self.host: TradingHost

    @property
    def bus(self) -> object:
        """Return the node's message bus, for facts from outside."""
        return self.host.node.kernel.msgbus

    def stop(self, reason: str) -> None:
        """Ask the session to end; the first reason counts."""
        self._reason = self._reason or reason
        self._stop.set()

    async def trade(self) -> SessionEnd:
        """
        Trade until told to stop.

        Raises
        ------
        AuthFailed, VenueError, VenueTimeout
            If the venue cannot be used; nothing was recorded as traded then.
        """
        await check_login(
            self.venue.addresses,
            self.venue.api_key,
            self.venue.api_secret,
            trade=not self.venue.trades_over_http,
        )
        await self._check_leverage()
        store = EventStore(Path(self.config.backtest.event_store_path))
        self._account = await asyncio.to_thread(account_name, self.venue)
        owner = lock_account(store, self._account)
        try:
            return await self._trade(store)
        finally:
            owner.release()

    async def _check_leverage(self) -> None:
        rest = self.venue.rest()
        try:
            await check_leverage(rest, self.venue.symbols, self.venue.leverage)
        finally:
            rest.close()

    async def _trade(self, store: EventStore) -> SessionEnd:
        begun = time.monotonic()
        self._recovery = await asyncio.to_thread(
            find_recovery, store, self.mode.name, self._account, former_account_name(self.venue)
        )
        if self._recovery.state is not None:
            self._recovery = self._recovery.at_market_time(await self._market_ns())
        started_ns = self._recovery.earliest_start_ns(time.time_ns())
        session = session_token(started_ns)
        spec = build_node_spec(self.config, self.mode, session)
        self.run = store.new_run(
            self.mode.name,
            msgspec.json.encode(self.config),
            durable=self.mode.durable,
            code_hash=code_hash(),
            session=session,
            versions=library_versions(),
            started_ns=started_ns,
            parent_run=self._recovery.parent_run,
            account=self._account,
        )
        try:
            self.host = build_trading(
                spec, self.venue, self.run.journal, self._recovery, log_level=self._log_level
            )
            self._take_signals_back()
            end = await self._run_node(begun)
        except BaseException as error:
            self._end_failed(error)
            raise
        self.run.end(RunStatus.ENDED)
        return end

    def _end_failed(self, error: BaseException) -> None:
        """Record that the session did not end as told, and why; what it raised matters more than this."""
        forced = isinstance(error, asyncio.CancelledError)
        note = "forced to end before it drained" if forced else f"{type(error).__name__}: {error}"
        with contextlib.suppress(JournalHalted):
            self.run.amend(note=note)
        with contextlib.suppress(JournalHalted):
            self.run.end(RunStatus.FAILED)

    async def _market_ns(self) -> int:
        """Return when the venue's newest minute began, in its market time; 0 when it has no candle yet."""
        symbol = self.config.backtest.symbols[0]
        candles = await asyncio.to_thread(self.venue.rest().klines, symbol, "1", limit=1)
        return candles[-1].ts_open if candles else 0

    async def _run_node(self, begun: float) -> SessionEnd:
        node = self.host.node
        running = asyncio.create_task(node.run_async(), name="node")
        start_secs = 0.0
        try:
            await self._until_trading(running)
            start_secs = time.monotonic() - begun
            # one that was told to stop meanwhile never says that it trades
            if not self._stop.is_set():
                async with self._beside():
                    await self._until_stopped(running)
        except BaseException as error:
            self._reason = self._reason or f"failed: {error!r}"
            raise
        finally:
            stopping = time.monotonic()
            await self._stop_node(running)
        return SessionEnd(
            run_id=self.run.run_id,
            reason=self._reason,
            start_secs=start_secs,
            stop_secs=time.monotonic() - stopping,
            entries=self.run.journal.last_seq,
        )

    async def _until_trading(self, running: asyncio.Task[None]) -> None:
        try:
            async with asyncio.timeout(START_TIMEOUT_SECS):
                while not (self.host.is_trading or self._stop.is_set() or running.done()):
                    await asyncio.sleep(0.02)
        except TimeoutError as e:
            raise VenueTimeout(
                f"the node must connect and reconcile within {START_TIMEOUT_SECS:g} s, it did not; "
                "see the log above for what the venue refused"
            ) from e
        if running.done():
            running.result()
            raise VenueTimeout("the node must connect and reconcile, it stopped instead; see the log above")
        if self._stop.is_set():
            return  # told to stop before it could trade
        await self.host.settle(self._recovery.recorded_until_ns)
        await self.host.warm_up()

    @asynccontextmanager
    async def _beside(self) -> AsyncIterator[None]:
        """Run what lives beside the node, and end it before the node."""
        tasks = [asyncio.create_task(self._guarded(companion)) for companion in self._companions]
        own = (TradingSession._checkpoint_journal, TradingSession._keep_snapshots, _guard)
        tasks += [asyncio.create_task(self._guarded(companion)) for companion in own]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _guarded(self, companion: Companion) -> None:
        try:
            await companion(self)
        except asyncio.CancelledError:
            raise
        except Exception as error:  # noqa: BLE001  the supervisor: told, journalled, and trading goes on
            self.tell("error", f"{getattr(companion, '__name__', companion)} failed: {error!r}")

    async def _checkpoint_journal(self) -> None:
        """Move the journal's log into its file, away from the trading loop; what fails is tried again."""
        failed = False
        while True:
            await asyncio.sleep(CHECKPOINT_SECS)
            try:
                await asyncio.to_thread(self.run.journal.checkpoint)
            except sqlite3.Error as error:
                if not failed:
                    self.tell("warning", f"the journal's log stays beside its file, tried again: {error}")
                failed = True
            else:
                failed = False

    async def _keep_snapshots(self) -> None:
        """Record the state now and then, so that a recovery need not read the whole journal."""
        pace = SnapshotPace(self.run.journal.last_seq, time.monotonic())
        while True:
            await asyncio.sleep(1.0)
            if pace.is_due(self.run.journal.last_seq, time.monotonic()) and not self.run.journal.halted:
                self.host.record_snapshot(self.run)
                pace.note(self.run.journal.last_seq, time.monotonic())

    async def _until_stopped(self, running: asyncio.Task[None]) -> None:
        wish = asyncio.create_task(self._stop.wait())
        await asyncio.wait((wish, running), return_when=asyncio.FIRST_COMPLETED)
        wish.cancel()
        if running.done() and not self._reason:
            self._reason = "the node stopped by itself"
            raise BotError(
                "a session must last until it is told to stop, but the node stopped by itself: a handler "
                "failed; see the log above and `nautilus-bot events tail`; stops stay at the venue"
            )

    async def _stop_node(self, running: asyncio.Task[None]) -> None:
        clock, bus = self.host.wiring.context.clock, self.host.node.kernel.msgbus
        bus.publish(topics.STATE + "session", SessionStopping(ts_event=clock.now_ns, reason=self._reason))
        with contextlib.suppress(asyncio.CancelledError):
            await self.host.node.stop_async()
            await asyncio.wait((running,), timeout=5.0)

    def _take_signals_back(self) -> None:
        """Listen to signals again: Nautilus has put its own handlers in place of the launcher's."""
        task = asyncio.current_task()
        told = False

        def on_signal() -> None:
            nonlocal told
            if told and task is not None:
                task.cancel()
            self.stop("told to stop")
            told = True

        loop = asyncio.get_running_loop()
        # Windows knows none, and Nautilus leaves those of the signal module alone there
        with contextlib.suppress(NotImplementedError):
            for number in (signal.SIGTERM, signal.SIGINT):
                loop.add_signal_handler(number, on_signal)

    def halt(self, rule: str, reason: str) -> None:
        """Let nothing open risk until the operator resumes; a halt in force stays the one it is."""
        context, bus = self.host.wiring.context, self.host.node.kernel.msgbus
        if context.breakers.halt is None:
            halted = TradingHalted(ts_event=context.clock.now_ns, rule=rule, reason=reason)
            bus.publish(topics.TRADING + "session", halted)
        self.tell("critical", reason)

    def lift_suspensions(self, reason: str) -> None:
        """Take back what guards of this session suspended and can no longer allow."""
        context, bus = self.host.wiring.context, self.host.node.kernel.msgbus
        for author in tuple(context.breakers.suspended):
            allowed = EntriesAllowed(ts_event=context.clock.now_ns, author=author, reason=reason)
            bus.publish(topics.TRADING + "session", allowed)

    def tell(self, severity: str, text: str) -> None:
        """Publish a notice: it is recorded and reaches the operator."""
        notice = Notice(
            ts_event=self.host.wiring.context.clock.now_ns,
            severity=severity,  # type: ignore[arg-type]
            component="session",
            text=text,
        )
        self.host.node.kernel.msgbus.publish(topics.NOTICE + "session", notice)


async def _guard(session: TradingSession) -> None:
    """Guard connections and account; when that fails, halt and begin again: what is open stays watched."""
    while True:
        try:
            await session.host.guard()
        except Exception as error:  # noqa: BLE001  whatever it was, nobody watches the account now
            session.halt("guard", f"connections and account were not watched: {error!r}")
            session.lift_suspensions("the guard behind it failed, the next one judges anew")
        await asyncio.sleep(GUARD_AGAIN_SECS)


def run_until_stopped(
    work: Callable[[], Coroutine[None, None, SessionEnd]], session_of: Callable[[], TradingSession | None]
) -> SessionEnd:
    """
    Run a session in an event loop of its own; SIGTERM and Ctrl-C stop it, a second one forces.

    Parameters
    ----------
    work : Callable[[], Coroutine[None, None, SessionEnd]]
        Opens the venue and trades.
    session_of : Callable[[], TradingSession | None]
        The session, once there is one.
    """
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    task = loop.create_task(work())
    told = False

    def on_signal() -> None:
        nonlocal told
        session = session_of()
        if told or session is None:
            task.cancel()
        else:
            session.stop("told to stop")
        told = True

    try:
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, on_signal)
    except NotImplementedError:
        # Windows: Ctrl-C and CTRL_BREAK arrive through the signal module instead
        signal.signal(signal.SIGBREAK, lambda *_: loop.call_soon_threadsafe(on_signal))  # type: ignore[attr-defined]
    try:
        return loop.run_until_complete(task)
    except asyncio.CancelledError as e:
        if session_of() is None:
            raise BotError("told to stop before the session began: nothing was traded or recorded") from e
        raise BotError(
            "the session was forced to end before it drained; see `nautilus-bot events tail`"
        ) from e
    finally:
        session = session_of()
        if session is not None and hasattr(session, "host"):
            session.host.node.dispose()
        asyncio.set_event_loop(None)
        if not loop.is_closed():
            loop.close()
