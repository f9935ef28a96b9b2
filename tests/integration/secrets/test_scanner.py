"""The scanner finds what is planted: a scan that finds nothing means something."""

import base64
import logging
import sqlite3
import urllib.parse
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from nautilus_bot.process.log_file import logged_to
from nautilus_bot.process.redaction import Redactor

spec = spec_from_file_location("secret_scanner_itself", Path(__file__).with_name("scanner.py"))
assert spec is not None
assert spec.loader is not None
scanner = module_from_spec(spec)
spec.loader.exec_module(scanner)

SECRET = "kQ7/x+Zr9_Wm2-Tt4~Yp"


def find(data: bytes | str) -> set[str]:
    return {leak.form for leak in scanner.Scanner({"KEY": SECRET}).scan("here", data)}


@pytest.mark.parametrize(
    ("form", "text"),
    [
        ("plain", f"could not log in with {SECRET}!"),
        ("url", f"http://x/?token={urllib.parse.quote(SECRET, safe='')}&a=b"),
        ("hex", SECRET.encode().hex()),
        ("base64", base64.b64encode(f"operator:{SECRET}".encode()).decode()),
        ("base64", base64.b64encode(f"me:{SECRET} and more".encode()).decode()),
        ("base64", base64.b64encode(SECRET.encode()).decode()),
        ("base64url", base64.urlsafe_b64encode(f"a:{SECRET}".encode()).decode()),
    ],
)
def test_a_planted_secret_is_found_however_it_is_dressed(form: str, text: str) -> None:
    assert form in find(text)


def test_nothing_is_found_where_nothing_is() -> None:
    assert find("a log line without any\n" * 100) == set()


def test_a_secret_in_a_database_or_a_compressed_file_is_found(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "a.sqlite") as database:
        database.execute("CREATE TABLE t (payload BLOB)")
        # spread over overflow pages
        database.execute("INSERT INTO t VALUES (?)", (b"x" * 4_060 + SECRET.encode() + b"x" * 9_000,))
    database.close()
    pq.write_table(pa.table({"text": [f"said {SECRET}"] * 50}), tmp_path / "a.parquet", compression="zstd")
    found = scanner.Scanner({"KEY": SECRET}).scan_tree(tmp_path)
    assert {Path(leak.where.partition(":")[0]).name for leak in found} == {"a.sqlite", "a.parquet"}


@pytest.mark.parametrize("known", [True, False])
def test_a_key_that_somebody_logs_fails_the_scan_unless_the_log_hides_it(tmp_path: Path, known: bool) -> None:
    with logged_to(tmp_path / "bot.log", Redactor([SECRET] if known else [])):
        logging.getLogger("x").warning("logging in with %s", SECRET)
    assert (tmp_path / "bot.log").stat().st_size > 0
    assert bool(scanner.Scanner({"KEY": SECRET}).scan_tree(tmp_path)) is not known
