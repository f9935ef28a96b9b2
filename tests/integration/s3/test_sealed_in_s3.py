"""A sealed run in an object store: a real S3-speaking server (moto) on loopback."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from catalog.queries import EventQueries
from catalog.seal import check_seal, seal_run
from catalog.sealed import SealedStore
from catalog.store import EventStore, Run
from nautilus_bot.core.errors import CorruptEntry

s3fs = pytest.importorskip("s3fs")
moto_server = pytest.importorskip("moto.server")
BUCKET = "events"

pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


@pytest.fixture
def url(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    server = moto_server.ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    host, port = server.get_host_and_port()
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://{host}:{port}")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    s3fs.S3FileSystem.clear_instance_cache()
    files = s3fs.S3FileSystem()
    if not files.exists(BUCKET):
        files.mkdir(BUCKET)
    yield f"s3://{BUCKET}/sealed"
    server.stop()
    s3fs.S3FileSystem.clear_instance_cache()


@pytest.fixture
def run(tmp_path: Path) -> Run:
    made = EventStore(tmp_path / "events").new_run("backtest", "{}", durable=False)
    for number in range(1, 501):
        made.journal.append(
            ts_init=number, ts_market=number, ts_publish=number, topic="t", type="Notice", version=1,
            payload=b"\x81\xa4text\xa2hi",
        )  # fmt: skip
    made.end()
    return made


def test_a_run_is_sealed_read_back_and_asked(url: str, run: Run, tmp_path: Path) -> None:
    seal = seal_run(run.folder, url)
    (run.folder / "journal.sqlite").unlink()

    store = SealedStore(url)
    found = store.find(run.run_id)
    assert found == seal
    check_seal(store, found)
    assert [entry.seq for entry in store.entries(found)] == list(range(1, 501))
    queries = EventQueries(EventStore(tmp_path / "events"), run.run_id)
    assert queries.sql("SELECT count(*), max(seq) FROM entries").rows == [(500, 500)]
    queries.close()


def test_a_missing_object_is_named(url: str, run: Run) -> None:
    seal = seal_run(run.folder, url)
    store = SealedStore(url)
    store._fs.rm(store.path(run.run_id, seal.files[0].path))

    with pytest.raises(CorruptEntry, match=r"part-0\.parquet is missing"):
        check_seal(store, seal)
