"""The event store: all runs under one folder, ``<root>/runs/<run_id>/{journal.sqlite,manifest.json}``."""

import secrets
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import msgspec

from catalog.journal import Journal
from catalog.manifest import (
    DataQuery,
    RunManifest,
    RunStatus,
    config_hash,
    load_manifest,
    save_manifest,
)
from nautilus_bot.core.errors import CorruptEntry, NotFound, did_you_mean
from nautilus_bot.core.ids import session_token

DEFAULT_ROOT: Final = Path("var/events")
LATEST: Final = "latest"


class Run:
    """
    An open run: its journal, its manifest, and the one way to end it.

    Parameters
    ----------
    folder : Path
        The run's folder.
    manifest : RunManifest
        What it is.
    journal : Journal
        Where its entries go.
    """

    def __init__(self, folder: Path, manifest: RunManifest, journal: Journal) -> None:
        self.folder = folder
        self.manifest = manifest
        self.journal = journal

    @property
    def run_id(self) -> str:
        """Name of the run."""
        return self.manifest.run_id

    def amend(self, **changes: object) -> None:
        """Write the manifest with other values and the present high-watermark."""
        self.manifest = msgspec.structs.replace(
            self.manifest,
            last_hash=self.journal.last_hash.hex(),
            last_seq=self.journal.last_seq,
            **changes,
        )
        save_manifest(self.folder, self.manifest)

    def end(self, status: RunStatus | str = RunStatus.ENDED, *, ended_ns: int | None = None) -> RunManifest:
        """
        Close the journal and write the final manifest.

        Parameters
        ----------
        status : RunStatus, default ENDED
            How it ended.
        ended_ns : int, optional
            Wall clock, ns UTC; now by default.

        Raises
        ------
        JournalHalted
            If what was gathered, or the manifest, cannot be written; the run is closed all the same. A
            journal that halted before keeps its good entries and ends without complaint.
        """
        try:
            self.amend(status=RunStatus(status), ended_ns=time.time_ns() if ended_ns is None else ended_ns)
        finally:
            self.journal.close()
        return self.manifest


class EventStore:
    """
    Find, make and open runs.

    Parameters
    ----------
    root : Path
        Folder of the event catalog, ``var/events`` by default.
    """

    def __init__(self, root: Path = DEFAULT_ROOT) -> None:
        self.root = Path(root)
        self._runs = self.root / "runs"

    def new_run(
        self,
        mode: str,
        config_json: bytes | str,
        *,
        durable: bool,
        run_id: str = "",
        code_hash: str = "",
        data_queries: tuple[DataQuery, ...] = (),
        parent_run: str = "",
        session: str = "",
        oms: str = "NETTING",
        versions: dict[str, str] | None = None,
        started_ns: int | None = None,
        account: str = "",
    ) -> Run:
        """
        Start a run: a folder, a manifest that says RUNNING, and an empty journal.

        Parameters
        ----------
        mode : str
            ``backtest``, ``replay``, ``paper`` or ``live``.
        config_json : bytes | str
            The whole configuration as a JSON object.
        durable : bool
            Whether every entry is committed at once.
        run_id : str, default ""
            Its name; by default mode, UTC time and four random characters.
        started_ns : int, optional
            Wall clock, ns UTC; now by default.
        account : str, default ""
            Where it trades, for a later run to know its parent.

        Raises
        ------
        AlreadyRunning
            If a live process owns a run of that name.
        JournalHalted
            If the folder cannot be written.
        """
        started = time.time_ns() if started_ns is None else started_ns
        config = msgspec.json.decode(config_json, type=dict[str, Any])
        name = run_id or _run_id(mode, started)
        folder = self._runs / name
        journal = Journal(folder, name, durable=durable)
        manifest = RunManifest(
            run_id=name,
            mode=mode,
            status=RunStatus.RUNNING,
            started_ns=started,
            config_hash=config_hash(config),
            config=config,
            code_hash=code_hash,
            data_queries=data_queries,
            parent_run=parent_run,
            last_hash=journal.last_hash.hex(),
            session=session or session_token(started),
            oms=oms,
            versions=versions or {},
            account=account,
        )
        save_manifest(folder, manifest)
        return Run(folder, manifest, journal)

    def open_run(self, name: str, *, durable: bool = True) -> Run:
        """
        Open a run for writing, to continue or to finish what a crash left.

        Raises
        ------
        NotFound, AlreadyRunning, CorruptEntry, JournalHalted
            If it is unknown, owned by a live process, damaged or not writable.
        """
        folder = self.folder(name)
        manifest = load_manifest(folder)
        return Run(folder, manifest, Journal(folder, manifest.run_id, durable=durable))

    def run_ids(self) -> list[str]:
        """Return the names of all runs, oldest first by the time in the name or the folder's own."""
        if not self._runs.is_dir():
            return []
        folders = [path for path in self._runs.iterdir() if path.is_dir()]
        return [path.name for path in sorted(folders, key=_age)]

    def runs(self) -> list[RunManifest]:
        """Return the manifests of all readable runs, oldest first; a damaged one is left out."""
        found = []
        for name in self.run_ids():
            try:
                found.append(load_manifest(self._runs / name))
            except (NotFound, CorruptEntry):
                continue
        return sorted(found, key=lambda manifest: manifest.started_ns)

    def damaged(self) -> list[str]:
        """Return the names of the runs whose manifest cannot be read."""
        readable = {manifest.run_id for manifest in self.runs()}
        return [name for name in self.run_ids() if name not in readable]

    def resolve(self, name: str) -> str:
        """
        Return the full run id of an id, a unique beginning of one, or ``latest``.

        Raises
        ------
        NotFound
            If no run, or more than one, is meant.
        """
        known = self.run_ids()
        if not known:
            raise NotFound(f"there are no runs in {self._runs}; start one, e.g. `nautilus-bot backtest`")
        if name == LATEST:
            return self.latest().run_id
        if name in known:
            return name
        matches = [run_id for run_id in known if run_id.startswith(name)]
        if len(matches) == 1:
            return matches[0]
        if matches:
            raise NotFound(f"run {name!r} must be unambiguous, it may be any of: {', '.join(matches)}")
        raise NotFound(
            f"run {name!r} does not exist in {self._runs}; {did_you_mean(name, known)}; see `events runs`"
        )

    def latest(self) -> RunManifest:
        """
        Return the manifest of the run that started last.

        Raises
        ------
        NotFound
            If there is none.
        """
        runs = self.runs()
        if not runs:
            raise NotFound(f"there are no runs in {self._runs}; start one, e.g. `nautilus-bot backtest`")
        return runs[-1]

    def folder(self, name: str) -> Path:
        """Return the folder of a run; names and errors as in ``resolve``."""
        return self._runs / self.resolve(name)


def _run_id(mode: str, started_ns: int) -> str:
    moment = datetime.fromtimestamp(started_ns // 1_000_000_000, tz=UTC)
    return f"{mode}-{moment:%Y%m%d-%H%M%S}-{secrets.token_hex(2)}"


def _age(folder: Path) -> tuple[float, str]:
    return folder.stat().st_ctime, folder.name
