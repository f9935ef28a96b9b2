"""``nautilus-bot backtest``."""

from pathlib import Path
from typing import Annotated

import msgspec
import typer

from nautilus_bot.cli.output import Job, JsonFlag, emit, progress
from nautilus_bot.config.bot import BotConfig
from nautilus_bot.config.loader import load_config
from nautilus_bot.market.data_catalog import chosen_root
from nautilus_bot.research.backtest.report import write_report
from nautilus_bot.research.backtest.result import BacktestResult
from nautilus_bot.research.backtest.run import run_backtest
from nautilus_bot.research.backtest.selection import narrow
from nautilus_bot.research.backtest.table import render_result

ConfigOption = Annotated[
    Path, typer.Option("--config", "-c", help="Session file, or the folder of backtest.json.")
]
CONFIG_FOLDER = Path("configs")


def backtest(
    config: ConfigOption = CONFIG_FOLDER,
    strategy: Annotated[
        list[str] | None, typer.Option("--strategy", "-s", help="Class name; repeatable [default: all].")
    ] = None,
    symbol: Annotated[
        list[str] | None, typer.Option("--symbol", "-p", help="E.g. ETHUSDT; repeatable [default: all].")
    ] = None,
    interval: Annotated[
        str, typer.Option("--interval", "-i", help="1m, 5m, 15m or 1h for all [default: the file's].")
    ] = "",
    timerange: Annotated[
        str, typer.Option(help="First and last UTC day, YYYYMMDD-YYYYMMDD; either may be left out.")
    ] = "",
    data_catalog: Annotated[
        str, typer.Option(help="Folder of the data catalog [default: BOT_DATA_CATALOG or the file's].")
    ] = "",
    as_json: JsonFlag = False,
) -> None:
    """Trade a session's strategies on its market, record every event, print what came of it."""
    session = narrow(
        load_config(config),
        strategies=strategy or (),
        symbols=symbol or (),
        timeframe=interval,
        timerange=timerange,
        data_catalog=chosen_root(data_catalog),
    )
    emit(run_and_report(session), as_json, render_result)


def run_and_report(session: BotConfig) -> BacktestResult:
    """Run a backtest behind a progress bar, write its HTML report, and return its result."""
    with progress("backtesting", total=100) as job:
        finished = run_backtest(session, on_day=_Gauge(job))
        job.describe("writing the report")
        path = write_report(finished, Path(session.backtest.report_path))
    return msgspec.structs.replace(finished.result, report=str(path))


class _Gauge:
    """Turn simulated time into percent of a progress bar."""

    def __init__(self, job: Job) -> None:
        self._job = job
        self._shown = 0.0

    def __call__(self, ts_ns: int, start_ns: int, end_ns: int) -> None:
        done = 100.0 * (ts_ns - start_ns) / max(1, end_ns - start_ns)
        self._job.advance(done - self._shown)
        self._shown = done
