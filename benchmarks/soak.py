"""
Let a paper bot trade for hours at speed and watch what it uses: ``soak [--minutes 120] [--speed 20]``.

All six strategies on one-minute bars. Memory, CPU time, threads and open files of the bot and of its
simulated exchange are read once a minute; the first quarter is a warm-up (caches and indicators fill), over
the rest a straight line says how they grow. The journal is verified at the end.
"""

import argparse
import json
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path
from typing import Final

import msgspec
import psutil

from benchmarks.market import REPO, VAR
from catalog.store import EventStore
from catalog.verify import verify_run

FLAT_PCT_AN_HOUR: Final = 2.0
"""Growth of resident memory, in percent of its median, that still counts as flat."""


class Sample(msgspec.Struct, frozen=True):
    """What both processes used at one moment."""

    at_secs: float
    bot_mb: float
    exchange_mb: float
    bot_cpu_secs: float
    exchange_cpu_secs: float
    threads: int
    files: int
    journal_mb: float


def configure(folder: Path) -> Path:
    """Copy the configuration: one-minute bars, an event store in ``folder``, no loss ends the trading."""
    configs = folder / "configs"
    shutil.copytree(REPO / "configs", configs)
    strategies = json.loads((configs / "strategies_config_72h.json").read_text())
    for one in strategies["strategies"]:
        one["timeframe"] = "1m"
    (configs / "strategies_config_72h.json").write_text(json.dumps(strategies))
    risk = json.loads((configs / "risk_config.json").read_text())
    for rule in risk["rules"]:
        if rule["rule"] in {"drawdown_halt", "daily_loss"}:
            rule["limit_pct"] = 100
    (configs / "risk_config.json").write_text(json.dumps(risk))
    backtest = json.loads((configs / "backtest.json").read_text())
    backtest |= {"event_store_path": str(folder / "events"), "capital_usdt": 1_000_000}
    (configs / "backtest.json").write_text(json.dumps(backtest))
    return configs


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def scrape(port: int) -> None:
    """Read the metrics as Prometheus would: what nobody reads piles up, within its bound."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
        answer.read()


def start(folder: Path, configs: Path, speed: float, port: int) -> subprocess.Popen[bytes]:
    words = ["paper", "-c", str(configs), f"--speed={speed}", f"--state={folder / 'exchange.sqlite'}"]
    words += [
        "--name=soak",
        f"--metrics-port={port}",
        "--control-port=0",
        f"--log-file={folder / 'soak.log'}",
        "--json",
    ]
    with (folder / "soak.err").open("wb") as errors:
        return subprocess.Popen(
            [sys.executable, "-m", "nautilus_bot.cli.main", *words],
            cwd=folder,
            env=os.environ | {"PYTHONPATH": str(REPO)},
            stdout=subprocess.DEVNULL,
            stderr=errors,
        )


def look(bot: psutil.Process, folder: Path, began: float) -> Sample:
    exchange = bot.children()[0]
    journals = (folder / "events").rglob("*.sqlite*")
    return Sample(
        at_secs=time.monotonic() - began,
        bot_mb=bot.memory_info().rss / 1e6,
        exchange_mb=exchange.memory_info().rss / 1e6,
        bot_cpu_secs=sum(bot.cpu_times()[:2]),
        exchange_cpu_secs=sum(exchange.cpu_times()[:2]),
        threads=bot.num_threads(),
        files=bot.num_fds(),
        journal_mb=sum(path.stat().st_size for path in journals) / 1e6,
    )


def watch(process: subprocess.Popen[bytes], folder: Path, minutes: float, port: int) -> list[Sample]:
    """Read both processes once a minute, printing each sample; stop the bot gracefully at the end."""
    began = time.monotonic()
    bot = psutil.Process(process.pid)
    samples: list[Sample] = []
    while time.monotonic() - began < minutes * 60:
        time.sleep(min(60.0, minutes * 6))
        if process.poll() is not None:
            raise SystemExit(f"the bot ended with {process.returncode}: {folder}/soak.log, soak.err")
        scrape(port)
        samples.append(look(bot, folder, began))
        print(msgspec.json.encode(samples[-1]).decode(), flush=True)
    process.terminate()
    process.wait(timeout=60)
    return samples


def growth_an_hour(samples: list[Sample], name: str) -> float:
    """Return the slope of one figure over time, per hour."""
    times = [sample.at_secs / 3600 for sample in samples]
    return statistics.linear_regression(times, [getattr(sample, name) for sample in samples]).slope


def report(samples: list[Sample], entries: int) -> str:
    steady = samples[len(samples) // 4 :]
    half = len(steady) // 2
    lines = [
        f"{samples[-1].at_secs / 60:.0f} minutes, {len(samples)} samples, {entries:,} entries, all verified"
    ]
    for name in ("bot_mb", "exchange_mb", "threads", "files"):
        values = [getattr(sample, name) for sample in steady]
        lines.append(
            f"{name:12} median {statistics.median(values):8.1f}  most {max(values):8.1f}  "
            f"growth {growth_an_hour(steady, name):+.2f} an hour"
        )
    for name in ("bot_cpu_secs", "exchange_cpu_secs"):
        shares = [_share(part, name) for part in (steady[: half + 1], steady[half:])]
        lines.append(f"{name[:-5]:12} {shares[0]:.1f} % of a core, then {shares[1]:.1f} %")
    grown = max(
        100 * growth_an_hour(steady, name) / statistics.median(getattr(one, name) for one in steady)
        for name in ("bot_mb", "exchange_mb")
    )
    lines.append(f"{'flat' if grown <= FLAT_PCT_AN_HOUR else 'GROWS'}: memory {grown:+.2f} % an hour at most")
    return "\n".join(lines)


def _share(samples: list[Sample], name: str) -> float:
    first, last = samples[0], samples[-1]
    return 100 * (getattr(last, name) - getattr(first, name)) / (last.at_secs - first.at_secs)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=120.0)
    parser.add_argument("--speed", type=float, default=20.0)
    arguments = parser.parse_args()
    VAR.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="soak-", dir=VAR))
    port = free_port()
    process = start(folder, configure(folder), arguments.speed, port)
    try:
        samples = watch(process, folder, arguments.minutes, port)
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
    store = EventStore(folder / "events")
    run = store.latest()
    result = verify_run(store.folder(run.run_id))
    if not result.ok:
        raise SystemExit(f"the journal must be whole: {result}")
    print(report(samples, run.last_seq))
    shutil.rmtree(folder)


if __name__ == "__main__":
    main()
