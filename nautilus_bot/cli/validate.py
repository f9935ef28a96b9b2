"""``nautilus-bot validate``."""

from pathlib import Path
from typing import Annotated, Final

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
from nautilus_bot.research.validation.gate import Effort, judge
from nautilus_bot.research.validation.verdict_report import document_of, render_verdicts

FAILED: Final = 1


def validate(
    strategy: StrategyOption,
    config: ConfigOption = CONFIG_FOLDER,
    symbol: SymbolOption = None,
    interval: IntervalOption = "",
    timerange: TimerangeOption = "",
    data_catalog: DataOption = "",
    n_trials: TrialsOption = 200,
    windows: Annotated[int, typer.Option(help="Windows of the walk-forward.")] = 10,
    seed: SeedOption = 1,
    strict: Annotated[bool, typer.Option("--strict", help="Leave with exit code 1 when one fails.")] = False,
    as_json: JsonFlag = False,
) -> None:
    """Judge whether a strategy's edge is real: a verdict with its evidence."""
    session, subjects = load(config, strategy, symbol, interval, timerange, data_catalog)
    effort = Effort(trials=n_trials, windows=windows, seed=seed)
    documents = []
    with progress("validating") as job:
        for subject in subjects:
            verdict = judge(
                subject.setting,
                subject.space,
                effort=effort,
                on_step=lambda step, name=subject.symbol: job.describe(f"{name}: {step}"),  # type: ignore[misc]
            )
            documents.append(document_of(subject, verdict, Path(session.backtest.report_path)))
    emit(tuple(documents), as_json, render_verdicts)
    if strict and not all(document.verdict.passed for document in documents):
        raise typer.Exit(FAILED)
