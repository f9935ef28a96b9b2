"""
How long from an event to the message: a real durable journal, the real process, a local Bot API server.

    python -m benchmarks.telegram [--events 240]

``nautilus-bot telegram`` runs as a process of its own beside a journal that this program writes as a bot
does. The clock starts before the entry is appended and stops when the server has the message. Below it the
bare round trip of the same library to the same server, in the same run.
"""

import argparse
import asyncio
import os
import random
import statistics
import tempfile
import time
from pathlib import Path

import msgspec

from catalog import codec
from catalog.store import EventStore, Run
from monitoring.telegram.bot_api import Messenger, open_bot
from nautilus_bot.core.messages import Notice
from nautilus_bot.process.identity import process_birth
from nautilus_bot.process.pidfile import RunFile
from tests.integration.telegram.beside import Beside, until
from tests.integration.telegram.bot_api_server import CHAT, TOKEN, BotApiServer

NAME = "bench"
MEAN_GAP_SECS = 0.15
AIM_MS = 500.0


class TimedServer(BotApiServer):
    """Note when each message came."""

    def __init__(self) -> None:
        super().__init__()
        self.came: dict[str, float] = {}

    async def _on_sendmessage(self, request, fields):  # type: ignore[no-untyped-def]
        self.came[fields["text"].rpartition(" ")[2]] = time.perf_counter()
        return await super()._on_sendmessage(request, fields)


def append(run: Run, text: str) -> None:
    name, version, payload = codec.encode(
        Notice(ts_event=1, severity="warning", component="bench", text=text)
    )
    now = time.time_ns()
    run.journal.append(
        ts_init=now, ts_market=now, ts_publish=now, topic="events.notice.bench", type=name, version=version,
        payload=payload,
    )  # fmt: skip


def write_run_file(folder: Path, run: Run) -> None:
    """Let this process look like the bot."""
    bot = RunFile(
        name=NAME, mode="paper", pid=os.getpid(), birth=process_birth(os.getpid()), state="trading",
        started_ns=time.time_ns(), run_id=run.run_id,
    )  # fmt: skip
    (folder / "run").mkdir()
    (folder / "run" / f"{NAME}.json").write_bytes(msgspec.json.encode(bot))


async def event_to_message(folder: Path, server: TimedServer, count: int) -> list[float]:
    """Append events at irregular moments and return the seconds until each was a message."""
    run = EventStore(folder / "events").new_run("paper", "{}", durable=True, account="bench")
    write_run_file(folder, run)
    beside = Beside(folder, server, NAME, messages_per_minute=10_000)
    beside.start()
    begun: dict[str, float] = {}
    try:
        await beside.listens(server)
        for number in range(count):
            begun[f"n{number}"] = time.perf_counter()
            append(run, f"n{number}")
            await asyncio.sleep(random.expovariate(1 / MEAN_GAP_SECS))
        await until(lambda: len(server.came) >= count)
        await beside.end()
    finally:
        beside.kill_if_left()
        run.end()
    assert len(server.sent) == count, "some were summed up: the pace was too slow for the benchmark"
    return [server.came[name] - at for name, at in begun.items()]


async def bare_round_trip(server: TimedServer, count: int) -> list[float]:
    async with open_bot(TOKEN, server.url) as bot:
        messenger = Messenger(bot, CHAT)
        taken = []
        for number in range(count):
            begun = time.perf_counter()
            receipt = await messenger.send(f"bare b{number}")
            assert receipt.result == "sent"
            taken.append(time.perf_counter() - begun)
            await asyncio.sleep(0.01)
    return taken


async def measure(count: int) -> None:
    server = TimedServer()
    await server.start()
    with tempfile.TemporaryDirectory(prefix="bench-telegram-") as folder:
        latencies = await event_to_message(Path(folder), server, count)
    bare = await bare_round_trip(server, count)
    await server.stop()
    print(f"{'':32} {'p50 ms':>8} {'p95 ms':>8} {'p99 ms':>8} {'worst':>8}   n")
    show("event -> message", latencies)
    show("bare round trip of the library", bare)
    p95 = 1e3 * statistics.quantiles(latencies, n=20)[-1]
    print(f"aim: p95 under {AIM_MS:.0f} ms: {'met' if p95 < AIM_MS else 'MISSED'}")


def show(what: str, secs: list[float]) -> None:
    cuts = statistics.quantiles([1e3 * one for one in secs], n=100)
    print(f"{what:32} {cuts[49]:8.1f} {cuts[94]:8.1f} {cuts[98]:8.1f} {1e3 * max(secs):8.1f}   {len(secs)}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[1])
    parser.add_argument("--events", type=int, default=240)
    asyncio.run(measure(parser.parse_args().events))


if __name__ == "__main__":
    main()
