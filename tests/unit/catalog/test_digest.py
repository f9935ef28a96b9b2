"""Signed digests: a chain that was computed anew is found out."""

import os
import stat
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from catalog.digest import SignedDigest, check_digests, make_key, public_path, sign_day
from catalog.store import EventStore, Run
from catalog.verify import verify_run
from nautilus_bot.core.errors import AlreadyRunning, ConfigError, CorruptEntry, NotFound

DAY_NS = 86_400_000_000_000


@pytest.fixture
def key(tmp_path: Path) -> Path:
    path = tmp_path / "keys" / "operator.pem"
    make_key(path)
    return path


@pytest.fixture
def store(tmp_path: Path) -> EventStore:
    return EventStore(tmp_path / "events")


def record(store: EventStore, name: str, *texts: str, ended_ns: int = DAY_NS) -> Run:
    run = store.new_run("backtest", "{}", durable=False, run_id=name)
    for number, text in enumerate(texts):
        run.journal.append(
            ts_init=number, ts_market=number, ts_publish=number, topic="t", type="Notice", version=1,
            payload=msgspec.msgpack.encode({"text": text}),
        )  # fmt: skip
    run.end(ended_ns=ended_ns)
    return run


def day(number: int) -> str:
    return datetime.fromtimestamp(number * 86_400, tz=UTC).date().isoformat()


@pytest.mark.skipif(os.name != "posix", reason="file modes")
def test_a_key_is_readable_by_its_owner_only_and_never_overwritten(key: Path) -> None:
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    with pytest.raises(AlreadyRunning, match="never overwritten"):
        make_key(key)


@pytest.mark.skipif(os.name != "posix", reason="file modes")
def test_a_key_that_others_can_read_signs_nothing(store: EventStore, key: Path) -> None:
    key.chmod(0o644)
    with pytest.raises(ConfigError, match="chmod 600"):
        sign_day(store, day(1), key)


def test_a_digest_names_the_runs_of_its_day(store: EventStore, key: Path) -> None:
    record(store, "one", "a", ended_ns=DAY_NS)
    record(store, "two", "b", ended_ns=2 * DAY_NS)

    signed = sign_day(store, day(1), key)

    assert [end.run_id for end in signed.digest.runs] == ["one"]
    assert check_digests(store, "one", public_path(key)) == 1
    assert check_digests(store, "two", public_path(key)) == 0


def test_a_run_whose_whole_chain_was_computed_anew_is_found(store: EventStore, key: Path) -> None:
    folder = record(store, "one", "a", "b").folder
    sign_day(store, day(1), key)
    for path in sorted(folder.iterdir()):
        path.unlink()
    record(store, "one", "a", "changed")
    assert verify_run(folder).ok, "the chain alone cannot tell"

    with pytest.raises(CorruptEntry, match="was rewritten"):
        check_digests(store, "one", public_path(key))


def test_an_altered_digest_is_found(store: EventStore, key: Path) -> None:
    record(store, "one", "a")
    sign_day(store, day(1), key)
    path = store.root / "digests" / f"{day(1)}.json"
    signed = msgspec.json.decode(path.read_bytes(), type=SignedDigest)
    forged = msgspec.structs.replace(signed.digest, runs=())
    path.write_bytes(msgspec.json.encode(msgspec.structs.replace(signed, digest=forged)))

    with pytest.raises(CorruptEntry, match="operator's signature"):
        check_digests(store, "one", public_path(key))


def test_a_digest_that_was_left_out_is_found(store: EventStore, key: Path) -> None:
    for number in (1, 2, 3):
        record(store, f"run{number}", "a", ended_ns=number * DAY_NS)
        sign_day(store, day(number), key)
    (store.root / "digests" / f"{day(2)}.json").unlink()

    with pytest.raises(CorruptEntry, match="one was left out"):
        check_digests(store, "run1", public_path(key))


def test_without_a_public_key_nothing_is_checked_silently(store: EventStore, tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="public key"):
        check_digests(store, "one", tmp_path / "none.pub")
