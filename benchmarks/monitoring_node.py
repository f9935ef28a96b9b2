"""
The node of the latency bench with everything that watches it: live view, exporter, sampler and a reader.

``monitoring_node node HTTP_URL WS_URL``; the same without them is ``latency_node node``.
"""

import asyncio
import threading
import time
import urllib.request
from typing import Any, Final

from nautilus_trader.system.kernel import NautilusKernel

from benchmarks import latency_node
from monitoring.exporter import Exporter
from monitoring.sample import Sample, take_sample
from nautilus_bot.node.builder import Wiring, wire
from nautilus_bot.node.view import LiveView

SAMPLE_SECS: Final = 1.0
SCRAPE_SECS: Final = 1.0
"""Fifteen times as often as Prometheus asks."""


def wire_watched(kernel: NautilusKernel, spec: Any, journal: Any, **options: Any) -> Wiring:
    """Wire the node and put the monitoring of a session beside it."""
    wiring = wire(kernel, spec, journal, **options)
    view = LiveView(kernel.msgbus, wiring.context, kernel.cache.order)
    view.install()
    exporter = Exporter("paper")
    exporter.listen(kernel.msgbus)
    port = exporter.serve(0)

    async def keep_sampling() -> None:
        before: Sample | None = None
        while True:
            await asyncio.sleep(SAMPLE_SECS)
            before = take_sample(
                view.snapshot(), wiring.context, journal, now_ns=time.time_ns(), before=before
            )
            exporter.show(before)

    def keep_reading() -> None:
        while True:
            time.sleep(SCRAPE_SECS)
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as answer:
                answer.read()

    watched.add(asyncio.get_running_loop().create_task(keep_sampling()))
    threading.Thread(target=keep_reading, daemon=True).start()
    return wiring


watched: set[asyncio.Task[None]] = set()

if __name__ == "__main__":
    latency_node.wire = wire_watched
    latency_node.main()
