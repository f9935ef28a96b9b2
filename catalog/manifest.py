"""The run manifest: what a run was, in one small JSON file beside its journal, always written whole."""

import os
from enum import StrEnum
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import msgspec

from nautilus_bot.core.errors import CorruptEntry, JournalHalted, NotFound

MANIFEST_FILE: Final = "manifest.json"


class RunStatus(StrEnum):
    """Where a run is in its life."""

    RUNNING = "RUNNING"
    ENDED = "ENDED"
    FAILED = "FAILED"
    CRASHED_RECOVERED = "CRASHED_RECOVERED"
    QUARANTINED = "QUARANTINED"


class DataQuery(msgspec.Struct, frozen=True, kw_only=True):
    """
    Market data that a run read from the data catalog instead of recording it.

    Parameters
    ----------
    identifier : str
        Bar type or instrument id.
    start_ns, end_ns : int
        First and last event time, ns UTC, both included.
    rows : int
        Number of records.
    content_hash : str
        Hash of the records, so that a changed history is noticed; the one who reads them defines it.
    """

    identifier: str
    start_ns: int
    end_ns: int
    rows: int
    content_hash: str


class RunManifest(msgspec.Struct, frozen=True, kw_only=True):
    """
    Describe one run.

    Parameters
    ----------
    run_id : str
        Its name, unique in the event store.
    mode : str
        ``backtest``, ``replay``, ``paper`` or ``live``.
    status : RunStatus
        RUNNING until it ended; a RUNNING run without a live owner has crashed. FAILED when an error or force
        ended it: its entries are whole, its drain may not be.
    started_ns, ended_ns : int
        Wall clock, ns UTC; 0 while not ended.
    config_hash : str
        ``config_hash(config)``.
    config : dict[str, Any]
        The whole configuration as it was used, secrets excepted.
    code_hash : str
        Version of the program: git commit or package hash.
    data_queries : tuple[DataQuery, ...]
        Market data that was referenced, not recorded.
    parent_run : str
        The run that this one continues, replays or forks; empty for none.
    last_seq : int
        High-watermark: number of the last entry when the manifest was written.
    last_hash : str
        Its hash in hexadecimal.
    session : str
        Token in every id of the session.
    oms : str
        ``NETTING`` or ``HEDGING``: how fills become positions.
    versions : dict[str, str]
        Versions of the libraries that matter.
    account : str
        Where it traded: environment and account; empty for a backtest. A run recovers from the latest one of
        its mode and account.
    note : str
        Why the run failed, or what the sweep found when it did not end by itself.
    """

    run_id: str
    mode: str
    status: RunStatus
    started_ns: int
    config_hash: str
    config: dict[str, Any]
    code_hash: str = ""
    ended_ns: int = 0
    data_queries: tuple[DataQuery, ...] = ()
    parent_run: str = ""
    last_seq: int = 0
    last_hash: str = ""
    session: str = ""
    oms: str = "NETTING"
    versions: dict[str, str] = {}
    account: str = ""
    note: str = ""


def config_hash(config: dict[str, Any]) -> str:
    """Return the SHA-256 in hexadecimal of a configuration as compact JSON with sorted keys."""
    return sha256(msgspec.json.encode(config, order="sorted")).hexdigest()


def load_manifest(folder: Path) -> RunManifest:
    """
    Read the manifest of a run's folder.

    Raises
    ------
    NotFound
        If the folder has none.
    CorruptEntry
        If it cannot be understood.
    """
    path = folder / MANIFEST_FILE
    try:
        return msgspec.json.decode(path.read_bytes(), type=RunManifest)
    except FileNotFoundError as e:
        raise NotFound(f"a run must have a manifest, {path} does not exist") from e
    except (msgspec.DecodeError, OSError) as e:
        raise CorruptEntry(f"{path} must be a run manifest, but: {e}; see `events verify`") from e


def save_manifest(folder: Path, manifest: RunManifest) -> None:
    """
    Replace the manifest of a run's folder: readers see the old or the new one, never a part.

    Raises
    ------
    JournalHalted
        If it cannot be written.
    """
    path = folder / MANIFEST_FILE
    draft = path.with_suffix(".json.tmp")
    try:
        with draft.open("wb") as file:
            file.write(msgspec.json.format(msgspec.json.encode(manifest), indent=2))
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except OSError as e:
        raise JournalHalted(f"the run manifest must be writable, {path} is not: {e}") from e
