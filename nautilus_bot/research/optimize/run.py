"""The search from end to end: market, study, record, finalists, confirmation, summary."""

import time
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import msgspec
from optuna.distributions import BaseDistribution

from nautilus_bot.config.bot import BotConfig
from nautilus_bot.core.errors import ConfigError
from nautilus_bot.research.optimize.confirm import confirm
from nautilus_bot.research.optimize.fingerprint import Fingerprint, build_fingerprint
from nautilus_bot.research.optimize.record import StudyRecord, open_record
from nautilus_bot.research.optimize.session import Session, build_session
from nautilus_bot.research.optimize.shared_study import SharedStudy, hide_password
from nautilus_bot.research.optimize.space import distributions_of
from nautilus_bot.research.optimize.study import StudySettings, run_study
from nautilus_bot.research.optimize.study_file import StudyFile
from nautilus_bot.research.optimize.summary import FILE, Summary, build_summary, judge, write_summary
from nautilus_bot.research.optimize.trials import Trial, best_trials

RUN_KEY: Final = "nautilus_bot_run"
"""User attribute of Optuna's study that names the run of its last search."""
STUDY_FILE: Final = "study.db"
SHARED: Final = "postgresql"
SQLITE: Final = "sqlite:///"

type Parts = tuple[StudySettings, dict[str, BaseDistribution], Fingerprint]


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """
    What is asked of a search.

    Parameters
    ----------
    settings : StudySettings
        Trials, metrics, seed, processes, constraints.
    study : str, default ""
        Name of the study; by default made of strategy, symbols, timeframe and a digest of everything that
        the trials depend on, so that the same command goes on with the same study.
    storage : str, default ""
        ``postgresql://...``, ``sqlite:///...`` or a path; by default a file in the study's own folder.
    finalists : int, default 3
        How many of the best are shown and confirmed on the node.
    confirms : bool, default True
        Whether the node confirms them.
    held_out_pct : float, default 25
        Last part of the time that the search does not see, percent.
    """

    settings: StudySettings
    study: str = ""
    storage: str = ""
    finalists: int = 3
    confirms: bool = True
    held_out_pct: float = 25.0


class Watch:
    """Is told how a search goes; this one does not care."""

    def on_start(self, finished: int, wanted: int) -> None:
        """Learn how many trials there are, and how many there are to be."""

    def on_batch(self, batch: Sequence[Trial], best: Sequence[Trial]) -> None:
        """Learn of new trials and of the best so far."""

    def on_confirm(self, trial: Trial) -> None:
        """Learn that the node begins with a finalist."""


IGNORE: Final = Watch()


def optimize(
    config: BotConfig, folder: Path, request: Request, watch: Watch = IGNORE
) -> tuple[Summary, tuple[Trial, ...]]:
    """
    Search for parameters, or go on with a search, and write its summary.

    Parameters
    ----------
    config : BotConfig
        Narrowed to what is searched.
    folder : Path
        Of the configuration files.
    request : Request
        How to search.
    watch : Watch
        Is told how it goes.

    Returns
    -------
    tuple[Summary, tuple[Trial, ...]]
        The document, which is also written into the study's folder, and all trials.

    Raises
    ------
    ConfigError
        If a flag, space, rule or figure is wrong, or the study is another one.
    NotFound, DataError
        If there are no bars, or too few.
    AlreadyRunning
        If another process searches in the same study file.
    """
    request.settings.check()
    session = build_session(config, folder, held_out_pct=request.held_out_pct)
    return search(session, request, watch)


def search(session: Session, request: Request, watch: Watch = IGNORE) -> tuple[Summary, tuple[Trial, ...]]:
    """Search on a session that is loaded; otherwise as ``optimize``."""
    settings = request.settings
    distributions = distributions_of(session.spaces, session.weighted)
    hashes = {query.identifier: query.content_hash for query in session.market.queries}
    fingerprint = build_fingerprint(session.train, distributions, settings, hashes)
    name = request.study or default_name(session, fingerprint)
    home = studies_folder(session.config) / name
    storage = request.storage or str(home / STUDY_FILE)
    parts = (settings, distributions, fingerprint)
    started = time.perf_counter()
    if storage.startswith(SHARED):
        trials, made, run_id = _search_shared(session, name, storage, parts, watch)
    else:
        trials, made, run_id = _search_file(session, name, Path(storage.removeprefix(SQLITE)), parts, watch)
    seconds = time.perf_counter() - started
    chosen = rank(trials, request.finalists)
    summary = build_summary(
        session,
        settings,
        trials,
        [judge(session, settings, one.number, one.parameters) for one in chosen],
        confirm(session, chosen, watch.on_confirm) if request.confirms else (),
        study=name,
        storage=hide_password(storage),
        run_id=run_id,
        new_trials=made,
        seconds=seconds,
    )
    summary = msgspec.structs.replace(summary, file=str(home / FILE))
    write_summary(summary, home / FILE)
    return summary, trials


def studies_folder(config: BotConfig) -> Path:
    """Return where studies and their summaries are kept: beside the event catalog."""
    return Path(config.backtest.event_store_path).parent / "studies"


def default_name(session: Session, fingerprint: Fingerprint) -> str:
    """Return a name that says what is searched, and differs where the trials would."""
    strategies = session.whole.strategies
    what = strategies[0] if len(strategies) == 1 else f"{len(strategies)}-strategies"
    symbols = "-".join(dict.fromkeys(leg.market.facts.symbol for leg in session.whole.legs))
    return f"{what}-{symbols}-{sha256(msgspec.json.encode(fingerprint)).hexdigest()[:8]}"


def rank(trials: Sequence[Trial], count: int) -> tuple[Trial, ...]:
    """
    Return the best trials with different parameters, best first.

    With one metric these are the best by it; with several, the Pareto front by the leading one.
    """
    front = best_trials(trials)
    if front and len(front[0].values) == 1:
        fair = [one for one in trials if one.state == "complete" and one.feasible]
        front = tuple(sorted(fair, key=lambda one: (-one.values[0], one.number)))
    seen: dict[tuple[float, ...], Trial] = {}
    for one in front:
        seen.setdefault(tuple(one.parameters.values()), one)
    return tuple(seen.values())[:count]


def _search_file(
    session: Session, name: str, path: Path, parts: Parts, watch: Watch
) -> tuple[tuple[Trial, ...], int, str]:
    settings, distributions, fingerprint = parts
    with StudyFile(path, name, settings.metrics, fingerprint) as store:
        kept = store.trials()
        watch.on_start(len(kept), settings.n_trials)
        run_id = store.attributes.get(RUN_KEY, "")
        if len(kept) >= settings.n_trials:
            return kept, 0, run_id
        record, goes_on = _open_record(session, name, fingerprint, run_id)
        store.note(RUN_KEY, record.run.run_id)
        try:
            if goes_on:
                record.catch_up(kept)
            _start(record, session, settings, len(kept), str(path))

            def on_batch(batch: Sequence[Trial], best: Sequence[Trial]) -> None:
                record.add(batch)
                watch.on_batch(batch, best)

            trials = run_study(
                session.train,
                distributions,
                settings,
                store=store,
                first=_first(session),
                on_batch=on_batch,
            )
        except BaseException:
            record.abandon()
            raise
        record.end(len(trials), next(iter(best_trials(trials)), None))
    return trials, len(trials) - len(kept), record.run.run_id


def _search_shared(
    session: Session, name: str, url: str, parts: Parts, watch: Watch
) -> tuple[tuple[Trial, ...], int, str]:
    settings, distributions, fingerprint = parts
    study = SharedStudy(url, name, settings, fingerprint)
    kept = study.trials()
    watch.on_start(len(kept), settings.n_trials)
    record, _ = _open_record(session, name, fingerprint, "")
    try:
        _start(record, session, settings, len(kept), hide_password(url))

        def on_batch(batch: Sequence[Trial], best: Sequence[Trial]) -> None:
            record.add(batch)
            watch.on_batch(batch, best)

        made = study.run(session.train, distributions, on_batch)
    except BaseException:
        record.abandon()
        raise
    trials = study.trials()
    record.end(len(trials), next(iter(best_trials(trials)), None))
    return trials, made, record.run.run_id


def _open_record(
    session: Session, name: str, fingerprint: Fingerprint, previous: str
) -> tuple[StudyRecord, bool]:
    root = Path(session.config.backtest.event_store_path)
    config: dict[str, Any] = {"study": name, "search": fingerprint}
    return open_record(root, name, config, session.market.queries, previous)


def _start(
    record: StudyRecord, session: Session, settings: StudySettings, finished: int, storage: str
) -> None:
    record.start(
        strategies=session.whole.strategies,
        symbols=tuple(dict.fromkeys(leg.market.facts.symbol for leg in session.whole.legs)),
        metrics=settings.metrics,
        trials=settings.n_trials,
        finished=finished,
        storage=storage,
    )


def _first(session: Session) -> dict[str, float] | None:
    """Return the present parameters, if the search could propose them itself."""
    for name, space in session.spaces.items():
        prefix = f"{name}." if session.weighted else ""
        own = {one: session.present[prefix + one] for one in space.parameters}
        if not space.holds(own):
            return None
    return session.present


def check_storage(storage: str) -> None:
    """
    Refuse a storage of a kind that is not known.

    Raises
    ------
    ConfigError
        Naming it.
    """
    if "://" in storage and not storage.startswith((SHARED, SQLITE)):
        kind = storage.split("://", maxsplit=1)[0]
        raise ConfigError(f"a storage must be postgresql://..., sqlite:///... or a path, was {kind}://...")
