"""Read sealed runs, wherever fsspec finds them: a folder, or an object store."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import fsspec
import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from catalog.entry import Entry
from catalog.manifest import RunManifest
from nautilus_bot.core.errors import ConfigError, CorruptEntry, EventCatalogError

SEAL_FILE: Final = "seal.json"
PART: Final = ".part"
POINTER_FILE: Final = "sealed.json"
"""In a run's folder: where its seal is."""

_TEXTS: Final = (
    "instrument_id",
    "strategy_id",
    "client_order_id",
    "position_id",
    "correlation_id",
    "causation_id",
)
ENTRY: Final = pa.struct(
    [
        ("seq", pa.int64()),
        ("ts_init", pa.int64()),
        ("ts_market", pa.int64()),
        ("ts_publish", pa.int64()),
        ("topic", pa.string()),
        ("type", pa.string()),
        ("version", pa.int64()),
        *((name, pa.string()) for name in _TEXTS),
        ("payload", pa.binary()),
        ("entry_hash", pa.binary()),
    ]
)
"""The column that holds the recorded entry as it is."""


class SealedFile(msgspec.Struct, frozen=True, kw_only=True):
    """One Parquet file: path below the run, message type, rows, first and last entry, bytes, BLAKE2b-256."""

    path: str
    type: str
    rows: int
    first_seq: int
    last_seq: int
    size: int
    blake2b: str


class Seal(msgspec.Struct, frozen=True, kw_only=True):
    """
    What is sealed of a run.

    Parameters
    ----------
    manifest : RunManifest
        The run, with the number and hash of its last entry.
    sealed_ns : int
        Wall clock, ns UTC.
    files : tuple[SealedFile, ...]
        All of it.
    """

    manifest: RunManifest
    sealed_ns: int
    files: tuple[SealedFile, ...]


class _Pointer(msgspec.Struct, frozen=True):
    """Where a run is sealed."""

    url: str


class SealedStore:
    """
    A place with sealed runs.

    Parameters
    ----------
    url : str
        A folder, or an address that fsspec knows. ``s3://`` needs the extra ``s3``; its endpoint and keys are
        those of the environment (``AWS_ENDPOINT_URL``, ``AWS_ACCESS_KEY_ID`` ...).

    Raises
    ------
    ConfigError
        If fsspec does not know it, or a package for it is missing.
    """

    def __init__(self, url: str) -> None:
        self.url = url.rstrip("/") if "://" in url else str(Path(url).absolute())
        try:
            self._fs, self._root = fsspec.core.url_to_fs(self.url)
        except (ImportError, ValueError) as e:
            raise ConfigError(f"a sealed store must be a place that fsspec knows, {url!r} is not: {e}") from e

    def path(self, run_id: str, path: str) -> str:
        """Return the whole path of a file."""
        return f"{self._root}/{run_id}/{path}"

    def open(self, run_id: str, path: str) -> Any:
        """Open a file for writing; its folder is made."""
        full = self.path(run_id, path)
        self._fs.makedirs(full.rpartition("/")[0], exist_ok=True)
        return self._fs.open(full, "wb")

    def read(self, run_id: str, path: str) -> bytes:
        """
        Return a file.

        Raises
        ------
        CorruptEntry
            If it is not there.
        """
        try:
            content: bytes = self._fs.cat_file(self.path(run_id, path))
        except FileNotFoundError as e:
            raise CorruptEntry(f"a sealed run must be whole, {self.path(run_id, path)} is missing") from e
        return content

    def discard(self, run_id: str) -> None:
        """Remove what an unfinished seal left."""
        if self._fs.exists(f"{self._root}/{run_id}"):
            self._fs.rm(f"{self._root}/{run_id}", recursive=True)

    def publish(self, seal: Seal) -> None:
        """Make a seal valid: its list of files is written last."""
        self._fs.makedirs(f"{self._root}/{seal.manifest.run_id}", exist_ok=True)
        path = self.path(seal.manifest.run_id, SEAL_FILE)
        text = msgspec.json.format(msgspec.json.encode(seal), indent=1)
        if "file" not in self._fs.protocol:
            self._fs.pipe_file(path, text)  # an object is there whole or not at all
            return
        self._fs.pipe_file(path + PART, text)
        Path(path + PART).replace(path)

    def find(self, run_id: str) -> Seal | None:
        """Return the seal of a run, None when it has none."""
        path = self.path(run_id, SEAL_FILE)
        self._fs.invalidate_cache()
        if not self._fs.exists(path):
            return None
        try:
            return msgspec.json.decode(self._fs.cat_file(path), type=Seal)
        except msgspec.DecodeError as e:
            raise CorruptEntry(f"{path} must be a seal, but: {e}") from e

    def table(self, seal: Seal, types: tuple[str, ...], columns: list[str]) -> pa.Table:
        """Return some columns of the files of some types (empty for all), in order of the entries."""
        files = [file for file in seal.files if not types or file.type in types]
        parts = []
        for file in files:
            with self._fs.open(self.path(seal.manifest.run_id, file.path), "rb") as source:
                # on this thread: Arrow's own, still reading a Python file when a process ends, abort it
                parts.append(pq.ParquetFile(source).read(columns=columns, use_threads=False))
        table = pa.concat_tables(parts)
        return table.take(pa.compute.sort_indices(column_of(table, "entry").field("seq")))

    def entries(self, seal: Seal, types: tuple[str, ...] = ()) -> Iterator[Entry]:
        """Yield the recorded entries of some types (empty for all), in their order."""
        if not any(not types or file.type in types for file in seal.files):
            return
        table = self.table(seal, types, ["entry"])
        for batch in table.to_batches(max_chunksize=10_000):
            recorded: Any = batch.column(0)
            columns = (field.to_pylist() for field in recorded.flatten())
            for row in zip(*columns, strict=True):
                yield Entry(seal.manifest.run_id, *row)


def column_of(table: pa.Table, name: str) -> Any:
    """Return a column as one array."""
    return table[name].combine_chunks()


def save_pointer(folder: Path, url: str) -> None:
    """Note in a run's folder where it is sealed."""
    part = folder / (POINTER_FILE + PART)
    part.write_bytes(msgspec.json.encode(_Pointer(url)))
    part.replace(folder / POINTER_FILE)


def sealed_at(folder: Path) -> tuple[SealedStore, Seal] | None:
    """
    Return where a run is sealed, None when it is not.

    Raises
    ------
    EventCatalogError
        If the place that the run's folder names has no seal of it.
    """
    path = folder / POINTER_FILE
    if not path.is_file():
        return None
    store = SealedStore(msgspec.json.decode(path.read_bytes(), type=_Pointer).url)
    seal = store.find(folder.name)
    if seal is None:
        raise EventCatalogError(f"run {folder.name} must be sealed in {store.url}, there is no seal of it")
    return store, seal
