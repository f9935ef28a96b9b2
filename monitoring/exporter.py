"""
The exporter: ``http://127.0.0.1:8080/metrics`` in the format of Prometheus.

The trading loop only appends to a queue and hands over a sample once a second. Counting, rendering and
serving happen on other threads: a slow, hanging or failing reader has nothing that trading waits for.
"""

import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from typing import Any, Final
from wsgiref.simple_server import WSGIServer

from nautilus_trader.common.component import MessageBus
from prometheus_client import CollectorRegistry, ProcessCollector, start_http_server
from prometheus_client.registry import Collector

from catalog.manifest import RunManifest
from monitoring.book import MetricsBook
from monitoring.breakers import put_breakers
from monitoring.fold import ASSET_CLASS, EventFold, symbol_of
from monitoring.sample import Sample, put_sample
from nautilus_bot.core import topics
from nautilus_bot.core.clocks import NS_PER_SEC
from nautilus_bot.core.errors import ProcessError

HOST: Final = "127.0.0.1"
DEFAULT_PORT: Final = 8080
INBOX_LIMIT: Final = 50_000
DIGEST_SECS: Final = 5.0
PRIORITY: Final = topics.RECORDER_PRIORITY - 2
"""Right behind the recorder, since a strategy's answer must not be heard before what it answers."""
TOPICS: Final = (
    "events.order.*",
    "events.position.*",
    "data.bars.*",
    topics.SIGNAL + "*",
    topics.VERDICT + "*",
    topics.TRADING + "*",
    topics.MARKET + "*",
    topics.FUNDING + "*",
    topics.EQUITY + "*",
    topics.NOTICE + "*",
    topics.RULE + "*",
    topics.INPUT + "*",
)
EMPTY_HISTOGRAMS: Final = (
    ("bot_order_latency_seconds", "accept"),
    ("bot_order_latency_seconds", "fill"),
    ("bot_tick_to_trade_seconds",),
)


class Exporter(Collector):
    """
    Count what passes on a message bus, show it to Prometheus.

    Parameters
    ----------
    portfolio : str
        ``paper``, ``live``, or the id of a run.
    wall_ns : Callable[[], int]
        Wall clock, ns UTC.

    Attributes
    ----------
    book : MetricsBook
        The values; touched under the exporter's lock only, once it serves.
    """

    def __init__(self, portfolio: str, wall_ns: Callable[[], int] = time.time_ns) -> None:
        self.book = MetricsBook(portfolio)
        self._fold = EventFold(self.book)
        self._wall_ns = wall_ns
        self._lock = threading.Lock()
        self._inbox: deque[tuple[int, object]] = deque(maxlen=INBOX_LIMIT)
        self._dropped = 0
        self._sample: Sample | None = None
        self._server: WSGIServer | None = None
        self._thread: threading.Thread | None = None
        self._closed = threading.Event()
        self._declare()

    # -- on the trading loop ------------------------------------------------------------------------

    def listen(self, bus: MessageBus) -> None:
        """Subscribe; from now on everything is heard."""
        for topic in TOPICS:
            bus.subscribe(topic, self.hear, priority=PRIORITY)

    def unlisten(self, bus: MessageBus) -> None:
        """End the subscriptions."""
        for topic in TOPICS:
            bus.unsubscribe(topic, self.hear)

    def hear(self, message: object) -> None:
        """Keep a message for the next reader; nothing here can fail or wait."""
        inbox = self._inbox
        if len(inbox) == INBOX_LIMIT:
            self._dropped += 1
        inbox.append((self._wall_ns(), message))

    def show(self, sample: Sample) -> None:
        """Hand over the latest sample."""
        self._sample = sample

    # -- anywhere else ------------------------------------------------------------------------------

    def declare_pairs(self, pairs: Iterable[tuple[str, str]], rules: Iterable[str]) -> None:
        """
        Make the counters of the configured strategies exist at zero, so that their first step is seen.

        Parameters
        ----------
        pairs : Iterable[tuple[str, str]]
            Strategy and instrument id.
        rules : Iterable[str]
            Rules that may refuse.
        """
        rules = tuple(rules)
        with self._lock:
            for strategy, instrument_id in pairs:
                labels = (ASSET_CLASS, strategy, symbol_of(instrument_id))
                for name in ("paper_signals_generated_total", "paper_signals_executed_total"):
                    self.book.add(name, 0, *labels)
                for name in ("bot_realized_pnl_usdt", "bot_fees_usdt", "bot_position_usdt"):
                    self.book.add(name, 0, *labels)
                for result in ("win", "loss"):
                    self.book.add("bt_trades_closed_total", 0, *labels, result)
                for rule in rules:
                    self.book.add("paper_signals_rejected_total", 0, *labels, "refused", rule)

    def introduce(self, run: RunManifest) -> None:
        """Say which run and which versions these figures are of."""
        versions = run.versions
        with self._lock:
            self.book.put("bot_up", 1.0)
            self.book.put("bot_start_time_seconds", run.started_ns / NS_PER_SEC)
            self.book.put(
                "bot_build_info",
                1.0,
                versions.get("nautilus-bot", ""),
                run.code_hash,
                versions.get("nautilus_trader", ""),
                versions.get("python", ""),
                run.mode,
                run.run_id,
            )

    def recount(self, messages: Iterable[object]) -> None:
        """Count events of the past, oldest first."""
        for message in messages:
            with self._lock:
                self._fold.apply(message, 0)

    def digest(self) -> None:
        """Count what was heard; keeps the queue short while nobody reads."""
        with self._lock:
            self._digest()

    def collect(self) -> Iterable[Any]:
        """Return every metric as it is now; Prometheus' client calls this for each reader."""
        with self._lock:
            self._digest()
            now_ns = self._wall_ns()
            if self._sample is not None:
                put_sample(self.book, self._sample, now_ns)
            for symbol, priced_ns in self._fold.priced_ns.items():
                self.book.put("bot_feed_age_seconds", (now_ns - priced_ns) / NS_PER_SEC, symbol)
            return list(self.book.families())

    def serve(self, port: int = DEFAULT_PORT) -> int:
        """
        Answer on 127.0.0.1, on daemon threads.

        Parameters
        ----------
        port : int
            0 takes a free one.

        Returns
        -------
        int
            The port.

        Raises
        ------
        ProcessError
            If the port cannot be had.
        """
        registry = CollectorRegistry()
        registry.register(self)
        ProcessCollector(registry=registry)
        try:
            self._server, self._thread = start_http_server(port, HOST, registry)
        except OSError as e:
            raise ProcessError(
                f"metrics need a free port, {HOST}:{port} is not ({e.strerror}); "
                "choose another with --metrics-port, or -1 for none"
            ) from e
        threading.Thread(target=self._keep_digesting, name="metrics-digest", daemon=True).start()
        return self._server.server_port

    def close(self) -> None:
        """Stop answering; once is enough."""
        self._closed.set()
        server, thread = self._server, self._thread
        self._server = self._thread = None
        if server is not None and thread is not None:
            server.shutdown()
            server.server_close()
            thread.join(timeout=5.0)

    def _keep_digesting(self) -> None:
        while not self._closed.wait(DIGEST_SECS):
            self.digest()

    def _digest(self) -> None:
        inbox, apply = self._inbox, self._fold.apply
        while inbox:
            heard_ns, message = inbox.popleft()
            apply(message, heard_ns)
        if self._dropped:
            dropped, self._dropped = self._dropped, 0
            self.book.add("bot_events_dropped_total", dropped)

    def _declare(self) -> None:
        book = self.book
        for name, *labels in EMPTY_HISTOGRAMS:
            book.declare_histogram(name, *labels)
        for severity in ("info", "warning", "error", "critical"):
            book.add("bot_notices_total", 0, severity)
        for link in ("public", "private", "trade", "rest"):
            book.add("bot_reconnects_total", 0, link)
        for result in ("submitted", "accepted", "filled", "canceled", "rejected", "denied"):
            for role in ("entry", "stop", "target", "close"):
                book.add("bot_orders_total", 0, role, result)
        book.add("bot_events_dropped_total", 0)
        put_breakers(book, halted_by="", reduce_only=0, paused=0)
