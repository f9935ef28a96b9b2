"""Look for known secrets in what a bot leaves behind: as they are, and as they are usually dressed."""

import base64
import sqlite3
import urllib.parse
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

import pyarrow.parquet as pq

SQLITE_MAGIC = b"SQLite format 3\0"
PARQUET_MAGIC = b"PAR1"


class Leak(NamedTuple):
    """A secret by its name, the form it was found in, and where; never its value."""

    name: str
    form: str
    where: str


class Scanner:
    """
    Look for secrets.

    Parameters
    ----------
    secrets : Mapping[str, str]
        Values by name; long enough not to stand anywhere by chance.
    """

    def __init__(self, secrets: Mapping[str, str]) -> None:
        assert all(len(value) >= 12 for value in secrets.values()), "too short to be looked for"
        self._forms = [(name, form, data) for name, value in secrets.items() for form, data in forms(value)]
        self.bytes_seen = 0
        self.places = 0

    def scan(self, where: str, data: bytes | str) -> list[Leak]:
        """Return what is found in some bytes or text."""
        data = data.encode() if isinstance(data, str) else data
        self.bytes_seen += len(data)
        self.places += 1
        return [Leak(name, form, where) for name, form, wanted in self._forms if wanted in data]

    def scan_tree(self, folder: Path, *, without: tuple[Path, ...] = ()) -> list[Leak]:
        """Return what is found in the files of a folder, in their names, and in what databases hold."""
        found = []
        for path in sorted(folder.rglob("*")):
            if not path.is_file() or path in without:
                continue
            try:
                data = path.read_bytes()
            except FileNotFoundError:
                continue  # a living bot has put it away meanwhile, and so left nothing behind
            found += self.scan(f"{path}", data) + self.scan(f"name of {path}", path.name)
            # a value may be spread over pages, or compressed
            for place, cell in cells(path, data):
                found += self.scan(place, cell)
        return found


def forms(value: str) -> Iterator[tuple[str, bytes]]:
    """Yield a value plain, URL-encoded, in hexadecimal, and in base64 wherever it begins in a longer text."""
    plain = value.encode()
    yield "plain", plain
    quoted = urllib.parse.quote(value, safe="").encode()
    if quoted != plain:
        yield "url", quoted
    yield "hex", plain.hex().encode()
    for encode, form in ((base64.b64encode, "base64"), (base64.urlsafe_b64encode, "base64url")):
        for offset in range(3):
            yield form, _inner(encode, plain, offset)


def cells(path: Path, data: bytes) -> Iterator[tuple[str, bytes]]:
    """Yield every text and blob of a SQLite or Parquet file."""
    if data.startswith(SQLITE_MAGIC):
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
            tables = database.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
            for (table,) in tables:
                for row in database.execute(f'SELECT * FROM "{table}"'):
                    yield f"{path}: {table}", b"\0".join(_bytes(value) for value in row)
    elif data.startswith(PARQUET_MAGIC):
        for row in pq.read_table(path).to_pylist():
            yield f"{path}", b"\0".join(_bytes(value) for value in row.values())


def _bytes(value: object) -> bytes:
    return value if isinstance(value, bytes) else str(value).encode()


def _inner(encode, plain: bytes, offset: int) -> bytes:
    """Return the part of a base64 text that depends on the value alone when so many bytes stand before it."""
    text = encode(b"\0" * offset + plain)
    head = -(-offset * 8 // 6)
    tail = (offset + len(plain)) * 8 // 6
    return text[head:tail]
