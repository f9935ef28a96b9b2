"""``nautilus-bot optimize`` and ``optimize schedule``."""

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console, Group, RenderableType
from rich.syntax import Syntax
from rich.text import Text

from nautilus_bot.cli.output import Job, JsonFlag, emit, note, progress
from nautilus_bot.config.bot import BotConfig
from nautilus_bot.config.loader import load_config
from nautilus_bot.core.errors import ConfigError
from nautilus_bot.market.data_catalog import chosen_root
from nautilus_bot.research.backtest.selection import narrow
from nautilus_bot.research.optimize.apply import Change, apply, propose
from nautilus_bot.research.optimize.report import write_report
from nautilus_bot.research.optimize.run import Request, Watch, check_storage, search
from nautilus_bot.research.optimize.schedule import Proposal, propose_month
from nautilus_bot.research.optimize.session import Session, build_session
from nautilus_bot.research.optimize.study import BATCH, UNLIMITED, StudySettings
from nautilus_bot.research.optimize.summary import Summary
from nautilus_bot.research.optimize.table import render_summary
from nautilus_bot.research.optimize.trials import Trial

CONFIG_FOLDER: Final = Path("configs")
ALL: Final = "all"
NOT_FEASIBLE: Final = "none feasible yet"
LOOK_SECS: Final = 3_600.0
SCHEDULE_EXAMPLE: Final = (
    "Example:\n\n$ nautilus-bot optimize schedule -s BollingerReversionStrategy -p BTCUSDT --months 12"
)

ConfigOption = Annotated[
    Path, typer.Option("--config", "-c", help="Session file, or the folder of backtest.json.")
]
StrategyOption = Annotated[str, typer.Option("--strategy", "-s", help="Class name of one strategy.")]
StrategiesOption = Annotated[
    str, typer.Option(help="Several as one portfolio, weights included: all, or names with commas.")
]
SymbolOption = Annotated[
    list[str] | None, typer.Option("--symbol", "-p", help="E.g. ETHUSDT; repeatable [default: all].")
]
IntervalOption = Annotated[
    str, typer.Option("--interval", "-i", help="1m, 5m, 15m or 1h [default: the file's].")
]
TimerangeOption = Annotated[
    str, typer.Option(help="First and last UTC day, YYYYMMDD-YYYYMMDD; either may be left out.")
]
DataOption = Annotated[
    str, typer.Option(help="Folder of the data catalog [default: BOT_DATA_CATALOG or the file's].")
]
TrialsOption = Annotated[int, typer.Option(help="Finished trials the study is to have in the end.")]
JobsOption = Annotated[int, typer.Option(help="Processes; they do not change the trials.")]
MetricOption = Annotated[
    list[str] | None,
    typer.Option(help="rmd, sharpe, total_return, sortino or calmar; repeatable [default: rmd]."),
]
SeedOption = Annotated[int, typer.Option(help="The same seed gives the same trials.")]
MinTradesOption = Annotated[int, typer.Option(help="Fewer round trips are not feasible.")]
DrawdownOption = Annotated[float, typer.Option(help="A larger drawdown, in percent, is not feasible.")]
BatchOption = Annotated[int, typer.Option(help="Trials proposed at once; this changes the trials.")]
StudyOption = Annotated[str, typer.Option(help="Name of the study [default: made of what is searched].")]
StorageOption = Annotated[
    str, typer.Option(help="postgresql://... to share it, or a file [default: study.db in its folder].")
]
PruneOption = Annotated[bool, typer.Option(help="Stop trials early that lag behind the median.")]
HeldOutOption = Annotated[float, typer.Option(help="Last part of the time that is not searched, percent.")]
FinalistsOption = Annotated[int, typer.Option(help="How many of the best are shown and confirmed.")]
ConfirmOption = Annotated[bool, typer.Option(help="Run the finalists on the real node.")]
ApplyOption = Annotated[
    bool, typer.Option("--apply", help="Write the best parameters into the files, after a diff.")
]
YesOption = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask before writing.")]

app = typer.Typer(rich_markup_mode="markdown", invoke_without_command=True)


@app.callback()
def optimize(
    context: typer.Context,
    config: ConfigOption = CONFIG_FOLDER,
    strategy: StrategyOption = "",
    strategies: StrategiesOption = "",
    symbol: SymbolOption = None,
    interval: IntervalOption = "",
    timerange: TimerangeOption = "",
    data_catalog: DataOption = "",
    n_trials: TrialsOption = 500,
    n_jobs: JobsOption = 1,
    metric: MetricOption = None,
    seed: SeedOption = 1,
    min_trades: MinTradesOption = 0,
    max_drawdown: DrawdownOption = UNLIMITED,
    batch: BatchOption = BATCH,
    study: StudyOption = "",
    storage: StorageOption = "",
    prune: PruneOption = True,
    held_out: HeldOutOption = 25.0,
    finalists: FinalistsOption = 3,
    confirm: ConfirmOption = True,
    apply_best: ApplyOption = False,
    yes: YesOption = False,
    as_json: JsonFlag = False,
) -> None:
    """Search for parameters with Optuna; the same command goes on with a search that was cut off."""
    if context.invoked_subcommand is not None:
        return
    check_storage(storage)
    narrowed = narrow_config(config, strategy, strategies, symbol, interval, timerange, data_catalog)
    session = build_session(narrowed, folder_of(config), held_out_pct=held_out)
    request = Request(
        settings=StudySettings(
            n_trials=n_trials,
            metrics=tuple(metric or ("rmd",)),
            seed=seed,
            n_jobs=n_jobs,
            batch=batch,
            min_trades=min_trades,
            max_drawdown_pct=max_drawdown,
            prune=prune,
        ),
        study=study,
        storage=storage,
        finalists=finalists,
        confirms=confirm,
        held_out_pct=held_out,
    )
    request.settings.check()
    summary = run_and_report(session, request)
    emit(summary, as_json, render_summary)
    if apply_best:
        apply_summary(session, summary, yes=yes)


@app.command("schedule", epilog=SCHEDULE_EXAMPLE)
def schedule(
    config: ConfigOption = CONFIG_FOLDER,
    strategy: StrategyOption = "",
    strategies: StrategiesOption = "",
    symbol: SymbolOption = None,
    interval: IntervalOption = "",
    data_catalog: DataOption = "",
    months: Annotated[int, typer.Option(help="Whole months searched, the held-out part included.")] = 12,
    n_trials: TrialsOption = 500,
    n_jobs: JobsOption = 1,
    metric: MetricOption = None,
    seed: SeedOption = 1,
    min_trades: MinTradesOption = 20,
    max_drawdown: DrawdownOption = UNLIMITED,
    held_out: HeldOutOption = 25.0,
    stay: Annotated[bool, typer.Option(help="Stay, and look every hour whether a month is over.")] = False,
    as_json: JsonFlag = False,
) -> None:
    """Search on the last whole months of history, once a month, and propose; nothing is ever applied."""
    narrowed = narrow_config(config, strategy, strategies, symbol, interval, "", data_catalog)
    settings = StudySettings(
        n_trials=n_trials,
        metrics=tuple(metric or ("rmd",)),
        seed=seed,
        n_jobs=n_jobs,
        min_trades=min_trades,
        max_drawdown_pct=max_drawdown,
    )
    settings.check()
    request = Request(settings=settings, finalists=1, held_out_pct=held_out)
    while True:
        with progress("searching", total=n_trials) as job:
            proposal, is_new = propose_month(
                narrowed, folder_of(config), request, months=months, watch=_Gauge(job)
            )
        if is_new or not stay:
            emit(proposal, as_json, render_proposal)
        if not stay:
            return
        time.sleep(LOOK_SECS)


def narrow_config(
    path: Path,
    strategy: str,
    strategies: str,
    symbols: list[str] | None,
    interval: str,
    timerange: str,
    data_catalog: str,
) -> BotConfig:
    """
    Return the configuration of what the flags ask for.

    Raises
    ------
    ConfigError
        If neither one strategy nor several are named, or both.
    """
    if bool(strategy) == bool(strategies):
        raise ConfigError("a search needs one strategy (-s NAME) or several (--strategies all), not both")
    names = () if strategies == ALL else tuple(strategies.split(",")) if strategies else (strategy,)
    return narrow(
        load_config(path),
        strategies=names,
        symbols=symbols or (),
        timeframe=interval,
        timerange=timerange,
        data_catalog=chosen_root(data_catalog),
    )


def folder_of(path: Path) -> Path:
    """Return the folder of the configuration files."""
    return path if path.is_dir() else path.parent


def render_proposal(proposal: Proposal) -> RenderableType:
    """Return a proposal for a person to read."""
    verdict = "recommended" if proposal.recommended else "not recommended"
    lines = [f"{proposal.month}, searched {proposal.timerange}: {verdict}", *proposal.reasons]
    lines += ["nothing was applied; proposal:", *proposal.files]
    return Group(Text("\n".join(lines)), Syntax(proposal.diff, "diff", background_color="default"))


def run_and_report(session: Session, request: Request) -> Summary:
    """Search behind a progress bar, write the HTML report, and return the summary."""
    with progress("searching", total=request.settings.n_trials) as job:
        summary, trials = search(session, request, _Gauge(job))
        job.describe("writing the report")
        return write_report(session, summary, trials)


def apply_summary(session: Session, summary: Summary, *, yes: bool) -> None:
    """
    Show what the best parameters change in the files, ask, and write it.

    Raises
    ------
    ConfigError
        If there is nothing feasible to write.
    """
    if summary.best is None:
        raise ConfigError("only feasible parameters are written, no trial was feasible; search longer")
    changes = propose(session.config, summary.best.parameters, weighted=session.weighted)
    show_changes(changes)
    if changes and (yes or typer.confirm("write this?", err=True)):
        for backup in apply(changes):
            note(f"written; the file as it was is {backup}")


def show_changes(changes: Sequence[Change]) -> None:
    """Show unified diffs on stderr."""
    console = Console(stderr=True)
    if not changes:
        note("the files hold these parameters already")
    for change in changes:
        console.print(Syntax(change.diff, "diff", theme="ansi_dark", background_color="default"))


class _Gauge(Watch):
    """Turn trials into progress, with the best value so far."""

    def __init__(self, job: Job) -> None:
        self._job = job

    def on_start(self, finished: int, wanted: int) -> None:
        if finished:
            note(f"going on behind {finished} of {wanted} trials")
        self._job.advance(min(finished, wanted))

    def on_batch(self, batch: Sequence[Trial], best: Sequence[Trial]) -> None:
        self._job.advance(len(batch))
        shown = ", ".join(f"{value:.3f}" for value in best[0].values) if best else NOT_FEASIBLE
        self._job.describe(f"searching, best {shown}")

    def on_confirm(self, trial: Trial) -> None:
        self._job.describe(f"confirming trial {trial.number} on the node")
