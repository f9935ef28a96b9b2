"""What a search says in the end: one document, from which terminal, JSON and HTML report are all made."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import msgspec

from nautilus_bot.core.errors import DataError
from nautilus_bot.node.provenance import code_hash, library_versions
from nautilus_bot.research.optimize.confirm import Confirmation
from nautilus_bot.research.optimize.score import METRICS, Figures
from nautilus_bot.research.optimize.session import Session
from nautilus_bot.research.optimize.study import UNLIMITED, StudySettings
from nautilus_bot.research.optimize.trials import Trial

FILE: Final = "optimization_summary.json"


class Finalist(msgspec.Struct, frozen=True, kw_only=True):
    """
    One of the best trials.

    Parameters
    ----------
    number : int
        Of the trial; -1 for the parameters that the strategies' file holds now.
    parameters : dict[str, float]
        By name.
    values : dict[str, float]
        The study's metrics, in-sample.
    in_sample : Figures
        On the part that was searched.
    out_of_sample : Figures | None
        On the part that was held out.
    slices : tuple[float, ...]
        Change of equity within each slice of the searched part, percent of the capital.
    """

    number: int
    parameters: dict[str, float]
    values: dict[str, float]
    in_sample: Figures
    out_of_sample: Figures | None
    slices: tuple[float, ...]


class Summary(msgspec.Struct, frozen=True, kw_only=True):
    """
    Everything that a search says.

    Parameters
    ----------
    study, storage, run_id : str
        Name, where Optuna's study is kept, and the run in the event catalog.
    strategies, symbols, timeframes : tuple[str, ...]
        What was searched.
    market : str
        ``history``, or ``synthetic, seed N``.
    first_bar, split, last_bar : str
        Begin, end of the searched part, and end, UTC, ISO 8601.
    bars : int
        Of all series, the held-out part included.
    metrics : tuple[str, ...]
        What was maximised; the first one leads.
    seed, n_jobs, batch : int
        As in ``StudySettings``.
    min_trades : int
        Constraint.
    max_drawdown_pct : float | None
        Constraint; null for none.
    trials, complete, pruned, infeasible : int
        Number of trials, and how they ended.
    new_trials : int
        Of those, made by this command.
    seconds, trials_per_second : float
        Wall time of the search alone, and the rate of the new trials.
    best : Finalist | None
        The best one by the leading metric; null when none kept to the constraints.
    finalists : tuple[Finalist, ...]
        The best ones; with several metrics, of the Pareto front.
    present : Finalist
        The parameters that the strategies' file holds now.
    confirmation : tuple[Confirmation, ...]
        The finalists on the node.
    content_hashes : dict[str, str]
        Of the bars, by bar type.
    code_hash : str
        Of the program.
    versions : dict[str, str]
        Of what it computes with.
    notes : tuple[str, ...]
        What is missing or was left out.
    report, file : str
        Paths of the HTML report and of this document.
    """

    study: str
    storage: str
    run_id: str
    strategies: tuple[str, ...]
    symbols: tuple[str, ...]
    timeframes: tuple[str, ...]
    market: str
    first_bar: str
    split: str
    last_bar: str
    bars: int
    metrics: tuple[str, ...]
    seed: int
    n_jobs: int
    batch: int
    min_trades: int
    max_drawdown_pct: float | None
    trials: int
    complete: int
    pruned: int
    infeasible: int
    new_trials: int
    seconds: float
    trials_per_second: float
    best: Finalist | None
    finalists: tuple[Finalist, ...]
    present: Finalist
    confirmation: tuple[Confirmation, ...]
    content_hashes: dict[str, str]
    code_hash: str
    versions: dict[str, str]
    notes: tuple[str, ...]
    report: str = ""
    file: str = ""

    @property
    def out_of_sample(self) -> bool:
        """Whether a part of the time was held out."""
        return self.present.out_of_sample is not None


def judge(session: Session, settings: StudySettings, number: int, parameters: dict[str, float]) -> Finalist:
    """Return a set of parameters with its figures on the searched and on the held-out part."""
    searched = session.train.evaluate(parameters)
    kept = session.held_out.evaluate(parameters).figures if session.held_out else None
    return Finalist(
        number=number,
        parameters=parameters,
        values={name: METRICS[name](searched.figures) for name in settings.metrics},
        in_sample=searched.figures,
        out_of_sample=kept,
        slices=searched.slices,
    )


def build_summary(
    session: Session,
    settings: StudySettings,
    trials: Sequence[Trial],
    finalists: Sequence[Finalist],
    confirmation: Sequence[Confirmation],
    *,
    study: str,
    storage: str,
    run_id: str,
    new_trials: int,
    seconds: float,
) -> Summary:
    """Return the document of a search that has ended."""
    queries = session.market.queries
    drawdown = settings.max_drawdown_pct
    return Summary(
        study=study,
        storage=storage,
        run_id=run_id,
        strategies=session.whole.strategies,
        symbols=tuple(dict.fromkeys(leg.market.facts.symbol for leg in session.whole.legs)),
        timeframes=tuple(
            dict.fromkeys(session.config.timeframe_of(one) for one in session.config.strategies.enabled())
        ),
        market=session.market.origin,
        first_bar=iso(session.market.start_ns),
        split=iso(max(int(leg.market.ts[-1]) for leg in session.train.legs)),
        last_bar=iso(session.market.end_ns),
        bars=session.market.bars,
        metrics=settings.metrics,
        seed=settings.seed,
        n_jobs=settings.n_jobs,
        batch=settings.batch,
        min_trades=settings.min_trades,
        max_drawdown_pct=None if drawdown == UNLIMITED else drawdown,
        trials=len(trials),
        complete=sum(one.state == "complete" for one in trials),
        pruned=sum(one.state == "pruned" for one in trials),
        infeasible=sum(not one.feasible for one in trials),
        new_trials=new_trials,
        seconds=seconds,
        trials_per_second=new_trials / seconds if seconds else 0.0,
        best=finalists[0] if finalists else None,
        finalists=tuple(finalists),
        present=judge(session, settings, -1, session.present),
        confirmation=tuple(confirmation),
        content_hashes={query.identifier: query.content_hash for query in queries},
        code_hash=code_hash(),
        versions=library_versions(),
        notes=session.market.absences,
    )


def write_summary(summary: Summary, path: Path) -> None:
    """
    Write the document.

    Raises
    ------
    DataError
        If it cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(msgspec.json.format(msgspec.json.encode(summary), indent=2))
    except OSError as error:
        raise DataError(f"the summary must be writable, {path} is not: {error}") from error


def iso(ts_ns: int) -> str:
    """Return a time (ns UTC) as ISO 8601 to the second."""
    return datetime.fromtimestamp(ts_ns // 10**9, UTC).isoformat().replace("+00:00", "Z")
