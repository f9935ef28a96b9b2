"""The doctor: what it finds, and that it always says how to mend it."""

import json
import os
import socket
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from catalog.store import EventStore
from nautilus_bot.cli import main as cli
from nautilus_bot.config.loader import load_config
from nautilus_bot.core.errors import NotFound, VenueTimeout
from nautilus_bot.process.doctor import disk, event_store, files, ports, runtime, surroundings, venue
from nautilus_bot.process.doctor.configuration import check_configuration, check_secrets
from nautilus_bot.process.doctor.deadline import within
from nautilus_bot.process.doctor.finding import Said
from nautilus_bot.process.doctor.surroundings import Surroundings
from nautilus_bot.process.doctor.table import CHECKS, examine

CONFIGS = Path(__file__).parents[3] / "configs"
NOW = datetime(2026, 1, 1, tzinfo=UTC)
GOOD_KEY = {
    "note": "bot",
    "readOnly": 0,
    "permissions": {"ContractTrade": ["Order", "Position"], "Wallet": []},
    "ips": ["192.0.2.1"],
    "expiredAt": "2027-01-01T00:00:00Z",
}


@pytest.fixture(autouse=True)
def _own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BOT_RUN_DIR", str(tmp_path / "run"))
    monkeypatch.setenv("BOT_LOG_DIR", str(tmp_path / "log"))


@pytest.fixture
def free_ports(monkeypatch: pytest.MonkeyPatch) -> dict[str, int]:
    found = {}
    for name in surroundings.PORTS:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            found[name] = probe.getsockname()[1]
    monkeypatch.setattr(surroundings, "PORTS", found)
    return found


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    """Return a port of loopback that takes connections and never answers."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        yield taken


def make_around(folder: Path, **changes: object) -> Surroundings:
    environ = {"BOT_BACKTEST__EVENT_STORE_PATH": str(folder / "events")} | changes.pop("environ", {})  # type: ignore[operator]
    return Surroundings(config=load_config(CONFIGS, environ), environ=environ, **changes)  # type: ignore[arg-type]


def verdicts(said: Iterator[Said]) -> list[str]:
    return [one.verdict for one in said]


def test_a_machine_that_is_well_has_no_failure(tmp_path: Path, free_ports: dict[str, int]) -> None:
    found = list(examine(make_around(tmp_path)))
    assert {one.check for one in found} == {check.name for check in CHECKS}
    assert [one for one in found if one.verdict == "fail"] == []


def test_whatever_is_wrong_comes_with_how_to_mend_it(tmp_path: Path, listener: socket.socket) -> None:
    taken = dict.fromkeys(surroundings.PORTS, listener.getsockname()[1])
    around = Surroundings(mode="live", config_error="x", environ={}, ports=taken, ask_secs=1)
    wrong = [one for one in examine(around) if one.verdict != "ok"]
    assert len(wrong) >= 8
    assert [one for one in wrong if not one.mend] == []


# -- python and packages --------------------------------------------------------------------------------


def compare_with(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str) -> Said:
    (tmp_path / "requirements.lock").write_text(text)
    monkeypatch.setattr(runtime, "LOCK", tmp_path / "requirements.lock")
    (said,) = runtime.check_packages(Surroundings())
    return said


def test_a_package_of_another_version_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    said = compare_with(tmp_path, monkeypatch, "msgspec==0.0.1 \\\n    --hash=sha256:ab\n")
    assert said.verdict == "warn"
    assert "msgspec" in said.text
    assert "not 0.0.1" in said.text


def test_a_missing_package_fails_unless_it_is_for_another_system(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert compare_with(tmp_path, monkeypatch, "no-such-thing==1\n").verdict == "fail"
    other = compare_with(tmp_path, monkeypatch, "no-such-thing==1 ; sys_platform == 'win32' \\\n")
    assert other.verdict == "ok"


def test_an_old_python_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runtime.sys, "version_info", (3, 11, 9))
    assert verdicts(runtime.check_python(Surroundings())) == ["fail"]


# -- configuration and secrets --------------------------------------------------------------------------


def test_live_fails_without_its_keys_and_without_being_enabled(tmp_path: Path) -> None:
    around = make_around(tmp_path, mode="live")
    assert "fail" in verdicts(check_configuration(around))
    assert "fail" in verdicts(check_secrets(around))
    assert verdicts(check_secrets(make_around(tmp_path))) == ["ok"]


def test_secrets_are_told_by_name_and_never_by_value(tmp_path: Path) -> None:
    environ = {"BYBIT_API_KEY": "value-one", "BYBIT_API_SECRET": "value-two", "BOT_CONTROL_TOKEN": "value"}
    said = list(check_secrets(make_around(tmp_path, mode="live", environ=environ)))
    text = " ".join(one.text + one.mend for one in said)
    assert "BYBIT_API_SECRET" in text
    assert "value" not in text
    assert [one.verdict for one in said] == ["warn", "ok"]  # the control token is a short one


def test_enabled_alerts_without_a_token_are_told(tmp_path: Path) -> None:
    around = make_around(tmp_path, environ={"BOT_ALERTS__ENABLED": "true"})
    assert any("TELEGRAM_BOT_TOKEN" in one.text for one in check_secrets(around) if one.verdict == "warn")


# -- venue, clock, keys ---------------------------------------------------------------------------------


def reaching(port: int) -> dict[str, str]:
    return {
        "BOT_VENUE__ENVIRONMENT": "mainnet",
        "BOT_VENUE__ADDRESSES__REST_URL": f"http://127.0.0.1:{port}",
    }


def test_a_venue_that_hangs_is_given_up_and_asked_only_once(tmp_path: Path, listener: socket.socket) -> None:
    around = make_around(tmp_path, ask_secs=0.5, environ=reaching(listener.getsockname()[1]))
    begun = time.monotonic()
    assert verdicts(venue.check_venue(around)) == ["warn"]
    assert verdicts(venue.check_clock(around)) == ["warn"]
    assert time.monotonic() - begun < 60
    listener.settimeout(0)
    listener.accept()[0].close()
    with pytest.raises(BlockingIOError):
        listener.accept()


def test_a_venue_that_is_not_there_fails_live_and_not_paper(
    tmp_path: Path, free_ports: dict[str, int]
) -> None:
    environ = reaching(free_ports["metrics"]) | {"BYBIT_API_KEY": "a", "BYBIT_API_SECRET": "b"}
    for mode, verdict in (("live", "fail"), ("paper", "warn")):
        around = make_around(tmp_path, mode=mode, environ=environ)
        assert verdicts(venue.check_venue(around)) == [verdict]
        assert verdicts(venue.check_keys(around)) == ["warn"]


def test_a_machine_without_a_network_is_told_plainly(
    tmp_path: Path, free_ports: dict[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    loopback = {"lo": venue.psutil.net_if_addrs()["lo"]} if "lo" in venue.psutil.net_if_addrs() else {}
    monkeypatch.setattr(venue.psutil, "net_if_addrs", lambda: loopback)
    (said,) = venue.check_venue(make_around(tmp_path, environ=reaching(free_ports["metrics"])))
    assert said.text.startswith("this machine has no network but loopback")


@pytest.mark.parametrize(
    ("changes", "verdict", "word"),
    [
        ({}, "ok", "trade Order, Position"),
        (
            {"permissions": {"ContractTrade": ["Order", "Position"], "Wallet": ["Withdraw"]}},
            "fail",
            "withdraw",
        ),
        ({"permissions": {"ContractTrade": ["Position"], "Wallet": []}}, "fail", "trade contracts"),
        ({"readOnly": 1}, "fail", "read-only"),
        (
            {"permissions": {"ContractTrade": ["Order", "Position"], "Wallet": ["AccountTransfer"]}},
            "warn",
            "AccountTransfer",
        ),
        ({"ips": ["*"]}, "warn", "bound to no address"),
        ({"expiredAt": "2026-01-05T00:00:00Z"}, "warn", "expires at 2026-01-05"),
    ],
)
def test_a_key_must_trade_and_must_not_withdraw(changes: dict[str, object], verdict: str, word: str) -> None:
    first = next(venue.judge_permissions(GOOD_KEY | changes, NOW))
    assert first.verdict == verdict
    assert word in first.text


# -- disk, ports, files, events -------------------------------------------------------------------------


def test_the_disk_is_measured_where_the_journal_will_be_and_nothing_is_left(tmp_path: Path) -> None:
    said = list(disk.check_disk(make_around(tmp_path)))
    assert len(said) == 2
    assert "a durable write there takes" in said[1].text
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(disk, "FAIL_BYTES", 1 << 80)
    assert verdicts(disk.check_disk(make_around(tmp_path)))[0] == "fail"


def test_a_port_in_the_wrong_hands_is_told_apart_from_a_free_one(
    listener: socket.socket, free_ports: dict[str, int]
) -> None:
    taken = listener.getsockname()[1]
    said = {
        name: next(ports.check_ports(Surroundings(ports=free_ports | {name: taken}))).verdict
        for name in ("control", "metrics", "prometheus")
    }
    assert said == {"control": "fail", "metrics": "warn", "prometheus": "warn"}
    assert verdicts(ports.check_ports(Surroundings(ports=free_ports))) == ["ok"]


@pytest.mark.skipif(os.name == "nt", reason="Windows keeps rights elsewhere")
def test_a_run_file_that_others_may_read_fails(tmp_path: Path) -> None:
    path = tmp_path / "run" / "paper.json"
    path.parent.mkdir()
    path.write_text("{}")
    path.chmod(0o640)
    said = list(files.check_files(Surroundings()))
    assert [one.mend for one in said if one.verdict == "fail"] == [f"chmod 600 {path}"]
    assert "delete" in said[0].mend  # nor is it a run file


def test_a_run_that_nobody_ended_is_told_and_one_being_written_is_not(tmp_path: Path) -> None:
    around = make_around(tmp_path)
    run = EventStore(tmp_path / "events").new_run("paper", b"{}", durable=True)
    assert verdicts(event_store.check_event_store(around)) == ["ok"]
    run.journal.close()
    crashed = next(event_store.check_event_store(around))
    assert crashed.verdict == "warn"
    assert run.run_id in crashed.text


def test_a_damaged_manifest_is_told(tmp_path: Path) -> None:
    run = EventStore(tmp_path / "events").new_run("paper", b"{}", durable=True)
    run.end()
    (run.folder / "manifest.json").write_text("{")
    (said, _) = event_store.check_event_store(make_around(tmp_path))
    assert (said.verdict, run.run_id in said.text) == ("warn", True)


# -- time limits and the command ------------------------------------------------------------------------


def test_work_that_hangs_is_left_and_an_error_comes_through() -> None:
    with pytest.raises(VenueTimeout, match="x must answer within"):
        within(0.05, "x", threading.Event().wait)

    def broken() -> None:
        raise NotFound("gone")

    with pytest.raises(NotFound, match="gone"):
        within(5, "x", broken)
    assert within(5, "x", lambda: 7) == 7


def test_the_exit_code_tells_well_from_ill_and_from_misconfigured(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    free_ports: dict[str, int],
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("BOT_BACKTEST__EVENT_STORE_PATH", str(tmp_path / "events"))
    words = ["doctor", "-c", str(CONFIGS), "--json"]
    assert cli.main(words) == 0
    found = json.loads(capsys.readouterr().out)
    assert {one["check"] for one in found} == {check.name for check in CHECKS}
    assert cli.main([*words, "--mode", "live"]) == 1
    capsys.readouterr()
    monkeypatch.setenv("BOT_RISK__SIZING__LEVERAGE_CAP", "-1")
    assert cli.main(words) == 4
    said = json.loads(capsys.readouterr().out)
    assert any("LEVERAGE_CAP" in one["text"] for one in said if one["verdict"] == "fail")
