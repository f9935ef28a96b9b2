"""Find out what an id is: a signal, an order, a fill or a position, and which signal it belongs to."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final, Literal

import msgspec

from catalog.codec import decode_plain
from catalog.entry import Entry
from catalog.reader import EntryFilter, entries
from catalog.store import EventStore
from nautilus_bot.core import ids
from nautilus_bot.core.errors import NotFound

type Kind = Literal["signal", "order", "fill", "position"]

_NAMED: Final = 6


class UnknownId(NotFound):
    """Nothing in a run has the id that was asked for."""


class Found(msgspec.Struct, frozen=True):
    """
    What an id leads to.

    Parameters
    ----------
    name : str
        The whole id.
    kind : Kind
        What it is.
    signal_id, strategy_id : str
        What it belongs to; of a position the signal that opened it last.
    """

    name: str
    kind: Kind
    signal_id: str
    strategy_id: str


def identify(folder: Path, name: str) -> Found:
    """
    Return what an id, or a beginning of one, leads to.

    Parameters
    ----------
    folder : Path
        The run's folder.
    name : str
        As the user typed it.

    Raises
    ------
    UnknownId
        If nothing in the run begins so.
    NotFound
        If several things do: some of them are named.
    """
    for matches in (lambda one: one == name, lambda one: one.startswith(name)):
        for source in (_by_columns, _by_trade):
            found = _collect(source(folder), matches)
            if len({one.signal_id for one in found}) == 1:
                return found[0]
            if found:
                raise NotFound(_ambiguous(name, found))
    raise UnknownId(f"nothing in run {folder.name} has an id that begins with {name!r}; see `events orders`")


def locate(store: EventStore, run: str, name: str) -> Path:
    """
    Return the folder of the run that an id belongs to.

    Parameters
    ----------
    store : EventStore
        Where the runs are.
    run : str
        Run id, its beginning or ``latest``; empty looks through all of them, the newest first.
    name : str
        The id, or a beginning of it.

    Raises
    ------
    NotFound
        If no run knows it.
    """
    if run:
        return store.folder(run)
    # a replay has the ids of its original, which is what a person means
    newest = sorted(store.runs(), key=lambda one: (one.mode == "replay", -one.started_ns))
    folders = [store.folder(manifest.run_id) for manifest in newest]
    for folder in folders:
        with suppress(UnknownId):
            identify(folder, name)
            return folder
    raise NotFound(
        f"no run in {store.root} knows an id that begins with {name!r}; see `events orders --run all`"
    )


def _collect(known: Iterator[Found], matches: Callable[[str], bool]) -> list[Found]:
    """Return what matches; a position used again is the last of its lives."""
    found: dict[tuple[str, str], Found] = {}
    for one in known:
        if matches(one.name):
            found[one.kind, one.name] = one
    return list(found.values())


def _by_columns(folder: Path) -> Iterator[Found]:
    wanted = EntryFilter(types=("Signal", "OrderInitialized", "PositionOpened", "RiskVerdict"))
    for entry in entries(folder, where=wanted):
        if entry.type == "PositionOpened":
            yield Found(entry.position_id, "position", entry.correlation_id, entry.strategy_id)
            continue
        yield Found(entry.correlation_id, "signal", entry.correlation_id, entry.strategy_id)
        if entry.client_order_id:
            yield Found(entry.client_order_id, "order", entry.correlation_id, entry.strategy_id)


def _by_trade(folder: Path) -> Iterator[Found]:
    for entry in entries(folder, where=EntryFilter(types=("OrderFilled",))):
        yield Found(_trade_id(entry), "fill", ids.signal_of(entry.client_order_id), entry.strategy_id)


def _trade_id(entry: Entry) -> str:
    return str(decode_plain(entry.type, entry.version, entry.payload)["trade_id"])


def _ambiguous(name: str, found: list[Found]) -> str:
    shown = ", ".join(one.name for one in found[:_NAMED])
    more = f" and {len(found) - _NAMED} more" if len(found) > _NAMED else ""
    return f"id {name!r} must be unambiguous, it may be any of: {shown}{more}"
