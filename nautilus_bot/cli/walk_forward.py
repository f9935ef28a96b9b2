"""``nautilus-bot walk-forward``."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from nautilus_bot.cli.output import JsonFlag, emit, progress
from nautilus_bot.cli.validation_options import (
    CONFIG_FOLDER,
    ConfigOption,
    DataOption,
    IntervalOption,
    SeedOption,
    StrategyOption,
    SymbolOption,
    TimerangeOption,
    TrialsOption,
    load,
)
from nautilus_bot.research.validation.space import spread_sets
from nautilus_bot.research.validation.walk_forward import LEAST_TRADES
from nautilus_bot.research.validation.walk_forward import walk_forward as run_walk_forward
from nautilus_bot.research.validation.walk_forward_report import document_of, render_walk_forward
from nautilus_bot.research.validation.windows import Plan


def walk_forward(
    strategy: StrategyOption,
    config: ConfigOption = CONFIG_FOLDER,
    symbol: SymbolOption = None,
    interval: IntervalOption = "",
    timerange: TimerangeOption = "",
    data_catalog: DataOption = "",
    mode: Annotated[
        Literal["rolling", "anchored"], typer.Option(help="In-sample of one length, or from the first day.")
    ] = "rolling",
    train_days: Annotated[int, typer.Option(help="Days in-sample (anchored: of the first window).")] = 180,
    test_days: Annotated[int, typer.Option(help="Days out-of-sample.")] = 30,
    purge_days: Annotated[int, typer.Option(help="Days taken off the end of in-sample.")] = 1,
    embargo_days: Annotated[int, typer.Option(help="Days left out before out-of-sample begins.")] = 0,
    min_trades: Annotated[
        int, typer.Option(help="Fewer trades in-sample are no ground to choose.")
    ] = LEAST_TRADES,
    n_trials: TrialsOption = 200,
    seed: SeedOption = 1,
    as_json: JsonFlag = False,
) -> None:
    """Choose parameters on the past, trade the next stretch with them, step on."""
    plan = Plan(
        mode=mode,
        train_days=train_days,
        test_days=test_days,
        purge_days=purge_days,
        embargo_days=embargo_days,
    )
    session, subjects = load(config, strategy, symbol, interval, timerange, data_catalog)
    documents = []
    with progress("walking forward") as job:
        for subject in subjects:
            job.describe(f"walking forward, {subject.symbol}")
            found = run_walk_forward(
                subject.setting,
                subject.space,
                spread_sets(subject.space, n_trials, seed),
                plan,
                least_trades=min_trades,
            )
            documents.append(document_of(subject, found, Path(session.backtest.report_path)))
    emit(tuple(documents), as_json, render_walk_forward)
