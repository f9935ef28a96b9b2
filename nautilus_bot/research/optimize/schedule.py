"""
Search again every month on the last months of history, and propose what was found.

A proposal is a JSON document and a diff for a person to read. Nothing here writes a configuration file: the
diff is applied with ``patch``, or by ``optimize --apply``, by somebody who has read it.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import msgspec
from nautilus_trader.model.data import BarType

from nautilus_bot.config.bot import BotConfig
from nautilus_bot.core.errors import ConfigError, DataError, NotFound
from nautilus_bot.market.intervals import bar_length_ns, bar_type
from nautilus_bot.research.backtest.market import load_market
from nautilus_bot.research.optimize.apply import propose
from nautilus_bot.research.optimize.run import IGNORE, Request, Watch, search, studies_folder
from nautilus_bot.research.optimize.session import Session, build_session
from nautilus_bot.research.optimize.summary import Summary

FOLDER: Final = "proposals"
DAY: Final = timedelta(days=1)


class Window(msgspec.Struct, frozen=True):
    """
    Whole calendar months, UTC.

    Parameters
    ----------
    month : str
        The last one, ``YYYY-MM``.
    timerange : str
        All of them, ``YYYYMMDD-YYYYMMDD``.
    """

    month: str
    timerange: str


class Proposal(msgspec.Struct, frozen=True, kw_only=True):
    """
    What a month's search proposes.

    Parameters
    ----------
    month, timerange : str
        The last month searched, and all of the history that was.
    recommended : bool
        Whether the best parameters beat the present ones on the searched and on the held-out part.
    reasons : tuple[str, ...]
        What speaks for and against it, a sentence each.
    diff : str
        What it would change in the configuration files; empty for nothing.
    summary : Summary
        The search.
    files : tuple[str, ...]
        Where this proposal is kept: the document, and its diff.
    """

    month: str
    timerange: str
    recommended: bool
    reasons: tuple[str, ...]
    diff: str
    summary: Summary
    files: tuple[str, ...]


def propose_month(
    config: BotConfig, folder: Path, request: Request, *, months: int, watch: Watch = IGNORE
) -> tuple[Proposal, bool]:
    """
    Search on the last whole months of history, once a month.

    Parameters
    ----------
    config : BotConfig
        Narrowed to strategies, symbols and timeframe; its time range is replaced.
    folder : Path
        Of the configuration files.
    request : Request
        How to search; its study is named after the month.
    months : int
        How many months are searched, the held-out part included.
    watch : Watch
        Is told how it goes.

    Returns
    -------
    tuple[Proposal, bool]
        The month's proposal, and whether it was made now; one that is there already is not made again.

    Raises
    ------
    DataError
        If the history is shorter than the months.
    """
    if months < 2:
        raise ConfigError(f"a monthly search must look at 2 months or more, was {months}")
    window = _window(config, months)
    narrowed = msgspec.structs.replace(
        config, backtest=msgspec.structs.replace(config.backtest, timerange=window.timerange)
    )
    name = f"{_name(config)}-{months}m-{window.month}"
    home = studies_folder(config).with_name(FOLDER)
    document, patch = home / f"{name}.json", home / f"{name}.diff"
    if document.exists():
        return msgspec.json.decode(document.read_bytes(), type=Proposal), False
    session = build_session(narrowed, folder, held_out_pct=request.held_out_pct)
    summary, _ = search(session, msgspec.structs.replace(request, study=name), watch)
    proposal = _build(session, summary, window, (str(document), str(patch)))
    _write(patch, proposal.diff.encode() + b"\n")
    _write(document, msgspec.json.format(msgspec.json.encode(proposal), indent=2))
    return proposal, True


def last_months(first_ns: int, last_ns: int, months: int) -> Window:
    """
    Return the last whole months within a stretch of time.

    Parameters
    ----------
    first_ns, last_ns : int
        First opening and last closing time of the history, ns UTC.
    months : int
        How many.

    Raises
    ------
    DataError
        If the history does not hold so many.
    """
    # a history that closes at midnight of the first ends with the month before
    end = datetime.fromtimestamp(last_ns // 10**9, UTC).replace(
        day=1, hour=0, minute=0, second=0, microsecond=0
    )
    start = end
    for _ in range(months):
        start = (start - DAY).replace(day=1)
    if start.timestamp() * 1e9 < first_ns:
        begin = datetime.fromtimestamp(first_ns // 10**9, UTC)
        raise DataError(
            f"a monthly search needs {months} whole months of history up to {end - DAY:%Y-%m}, the bars "
            f"begin on {begin:%Y-%m-%d}; import more, or ask for fewer months"
        )
    return Window(f"{end - DAY:%Y-%m}", f"{start:%Y%m%d}-{end - DAY:%Y%m%d}")


def judge_proposal(summary: Summary) -> tuple[bool, tuple[str, ...]]:
    """Return whether a search's best parameters are recommended, and why, a sentence each."""
    best, present, metric = summary.best, summary.present, summary.metrics[0]
    if best is None:
        return False, ("no trial kept to the constraints",)
    pairs = [("searched", best.in_sample, present.in_sample)]
    if best.out_of_sample is not None and present.out_of_sample is not None:
        pairs.append(("held-out", best.out_of_sample, present.out_of_sample))
    reasons = [
        f"{metric} on the {part} part is {getattr(new, metric):.2f}, with the present parameters "
        f"{getattr(old, metric):.2f}"
        for part, new, old in pairs
    ]
    better = all(getattr(new, metric) > getattr(old, metric) for _, new, old in pairs)
    earns = all(new.total_return > 0.0 for _, new, _ in pairs)
    if not earns:
        reasons.append("it does not earn on every part")
    return better and earns, tuple(reasons)


def _build(session: Session, summary: Summary, window: Window, files: tuple[str, ...]) -> Proposal:
    recommended, reasons = judge_proposal(summary)
    changes = (
        propose(session.config, summary.best.parameters, weighted=session.weighted) if summary.best else ()
    )
    return Proposal(
        month=window.month,
        timerange=window.timerange,
        recommended=recommended,
        reasons=reasons,
        diff="\n".join(change.diff for change in changes),
        summary=summary,
        files=files,
    )


def _window(config: BotConfig, months: int) -> Window:
    everything = msgspec.structs.replace(config.backtest, timerange="", market_data="history")
    wanted = _wanted(config)
    market = load_market(everything, wanted)
    missing = {str(one) for one in wanted} - {query.identifier for query in market.queries}
    if missing:
        raise NotFound(f"a monthly search needs the bars of every symbol, {min(missing)} has none")
    openings = [one.start_ns - bar_length_ns(BarType.from_str(one.identifier)) for one in market.queries]
    return last_months(max(openings), min(one.end_ns for one in market.queries), months)


def _wanted(config: BotConfig) -> Sequence[BarType]:
    return list(
        dict.fromkeys(
            bar_type(symbol, config.timeframe_of(entry))
            for entry in config.strategies.enabled()
            for symbol in config.symbols_of(entry)
        )
    )


def _name(config: BotConfig) -> str:
    entries = config.strategies.enabled()
    what = entries[0].strategy if len(entries) == 1 else f"{len(entries)}-strategies"
    symbols = dict.fromkeys(symbol for entry in entries for symbol in config.symbols_of(entry))
    return f"{what}-{'-'.join(symbols)}"


def _write(path: Path, content: bytes) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_name(path.name + ".tmp")
        draft.write_bytes(content)
        draft.replace(path)
    except OSError as error:
        raise DataError(f"a proposal must be writable, {path} is not: {error}") from error
