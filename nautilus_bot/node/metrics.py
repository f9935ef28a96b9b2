"""The exporter beside a trading session: listens, samples once a second, never in the way."""

import asyncio
import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from itertools import chain
from pathlib import Path
from typing import Any

from catalog.store import EventStore
from monitoring.exporter import DEFAULT_PORT, HOST, Exporter
from monitoring.history import earlier_runs, recorded_messages
from monitoring.sample import Sample, take_sample
from nautilus_bot.core.errors import EventCatalogError, NotFound, ProcessError
from nautilus_bot.node.lasting import Lasting
from nautilus_bot.node.session import Companion, TradingSession

SAMPLE_SECS = 1.0


class MetricsCompanion:
    """
    Serve the metrics of a session for as long as it trades.

    Parameters
    ----------
    port : int, default 8080
        Of 127.0.0.1; 0 takes a free one.
    announce : Callable[[str], None]
        Is told the address once it is served.

    Attributes
    ----------
    url : str
        Where the metrics are; empty before they are served.
    """

    def __init__(self, port: int = DEFAULT_PORT, announce: Callable[[str], None] = lambda _url: None) -> None:
        self._port = port
        self._announce = announce
        self.url = ""

    async def __call__(self, session: TradingSession) -> None:
        """Listen, count the past, serve, and sample until cancelled; a port in use is told, not raised."""
        exporter = Exporter(session.mode.name)
        bus = session.host.node.kernel.msgbus
        exporter.listen(bus)
        # the recorder writes before we hear: what the journal holds now, we shall not hear again
        until_seq = session.run.journal.last_seq
        try:
            spec = session.host.spec
            exporter.declare_pairs(
                ((one.strategy, one.bar_type.rsplit("-", 4)[0]) for one in spec.strategies),
                (name for name, _ in session.host.wiring.rules),
            )
            exporter.introduce(session.run.manifest)
            await _aside(lambda: exporter.recount(_past(session, until_seq)))
            exporter.show(_sample(session))
            port = exporter.serve(self._port)
            self.url = f"http://{HOST}:{port}/metrics"
            self._announce(self.url)
            session.tell("info", f"metrics at {self.url}")
            await _keep_sampling(session, exporter)
        except ProcessError as error:
            session.host.node.kernel.logger.warning(f"{error}; trading goes on without")
            session.tell("warning", f"{error}; trading goes on without")
        finally:
            exporter.unlisten(bus)
            await asyncio.to_thread(exporter.close)


def metrics_beside(port: int, announce: Callable[[str], None] = lambda _url: None) -> tuple[Companion, ...]:
    """Return the companion that serves metrics as long as the session lasts, as a tuple; none for port -1."""
    return (Lasting(MetricsCompanion(port, announce), "metrics"),) if port >= 0 else ()


async def _keep_sampling(session: TradingSession, exporter: Exporter) -> None:
    before: Sample | None = None
    while True:
        due = time.monotonic() + SAMPLE_SECS
        await asyncio.sleep(SAMPLE_SECS)
        before = _sample(session, time.monotonic() - due, before)
        exporter.show(before)


async def _aside(work: Callable[[], None]) -> None:
    """Run on a daemon thread: work that hangs cannot keep the process from ending, as a pool's would."""
    loop, ended, succeeded = asyncio.get_running_loop(), asyncio.Event(), threading.Event()

    def run() -> None:
        try:
            work()
            succeeded.set()
        finally:
            with contextlib.suppress(RuntimeError):  # the session may have ended meanwhile
                loop.call_soon_threadsafe(ended.set)

    threading.Thread(target=run, name="metrics-history", daemon=True).start()
    await ended.wait()
    if not succeeded.is_set():
        raise ProcessError("metrics need the counts of earlier runs, reading them failed (see the log)")


def _sample(session: TradingSession, loop_lag_secs: float = 0.0, before: Sample | None = None) -> Sample:
    host = session.host
    return take_sample(
        host.view.snapshot(),
        host.wiring.context,
        session.run.journal,
        now_ns=time.time_ns(),
        loop_lag_secs=loop_lag_secs,
        before=before,
    )


def _past(session: TradingSession, until_seq: int) -> Iterator[Any]:
    """Yield what earlier runs and this one have recorded; a run that cannot be read is left out."""
    store = EventStore(Path(session.config.backtest.event_store_path))
    own = session.run.manifest
    return chain(
        *(_readable(store.folder(run.run_id)) for run in earlier_runs(store, own)),
        recorded_messages(session.run.folder, until_seq=until_seq),
    )


def _readable(folder: Path) -> Iterator[Any]:
    try:
        yield from recorded_messages(folder)
    except (EventCatalogError, NotFound):
        return
