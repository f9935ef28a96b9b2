"""What ``up`` is made of: the leash, a part that is started again, Prometheus's configuration, the file."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import yaml

from nautilus_bot.config.loader import load_config
from nautilus_bot.core.errors import NotRunning
from nautilus_bot.process.identity import is_alive, process_birth
from nautilus_bot.process.loopback import is_ready, take_port
from nautilus_bot.process.pidfile import RunFile
from nautilus_bot.process.status import read_status
from nautilus_bot.process.up import parts as parts_of_up
from nautilus_bot.process.up.child import ASK_SECS, Child
from nautilus_bot.process.up.down import take_down
from nautilus_bot.process.up.leash import Leash, open_leash
from nautilus_bot.process.up.part import Part, Plan
from nautilus_bot.process.up.parts import build_parts
from nautilus_bot.process.up.prometheus import prometheus_config
from nautilus_bot.process.up.up_file import UpFile, UpPart, load_up_file, save_up_file, up_path

ROOT = Path(__file__).parents[3]
HANG_SECS = 120.0
SLEEPER = (sys.executable, "-c", "import time; time.sleep(600)")

pytestmark = pytest.mark.skipif(os.name == "nt", reason="signals are asked about")


@pytest.fixture(autouse=True)
def _own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BOT_RUN_DIR", str(tmp_path / "run"))


def until(is_over: Callable[[], bool]) -> None:
    deadline = time.monotonic() + HANG_SECS
    while not is_over():
        assert time.monotonic() < deadline, "not seen in time"
        time.sleep(0.02)


# -- the leash ------------------------------------------------------------------------------------------

PARENT = """
import subprocess, sys
from nautilus_bot.process.up.leash import open_leash
with open_leash() as leash:
    command = (sys.executable, "-c", "import time; print('up', flush=True); time.sleep(600)")
    where = {"stdin": leash.stdin, "stdout": subprocess.PIPE} | leash.options()
    child = subprocess.Popen(leash.words(command), **where)
    child.stdout.readline()
    print(child.pid, flush=True)
    sys.stdin.read()
"""


def test_what_is_on_the_leash_ends_when_its_holder_is_killed() -> None:
    holder = subprocess.Popen(
        [sys.executable, "-c", PARENT], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT
    )
    assert holder.stdout is not None
    assert holder.stdin is not None
    pid = int(holder.stdout.readline())
    birth = process_birth(pid)
    assert is_alive(pid, birth)
    holder.kill()
    holder.communicate()
    until(lambda: not is_alive(pid, birth))


def test_a_program_on_the_leash_is_asked_once_and_its_exit_code_comes_through(tmp_path: Path) -> None:
    code = (
        "import signal, sys, time; asked = []; signal.signal(15, lambda *_: asked.append(1));"
        "print('up', flush=True)\nwhile not asked: time.sleep(0.02)\n"
        "time.sleep(0.3); sys.exit(40 + len(asked))"
    )
    between = subprocess.Popen(
        [sys.executable, "-m", "nautilus_bot.process.up.leash", sys.executable, "-c", code],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=ROOT,
    )
    assert between.stdout is not None
    assert between.stdin is not None
    between.stdout.readline()
    between.stdin.close()
    assert between.wait(HANG_SECS) == 41
    between.stdout.close()


@pytest.fixture
def leash() -> Iterator[Leash]:
    with open_leash() as held:
        yield held


# -- a part ---------------------------------------------------------------------------------------------


class Told:
    """A part, what it told, and a clock that stands still until it is moved."""

    def __init__(self, leash: Leash, log: Path, command: tuple[str, ...], **options: object) -> None:
        self.lines: list[str] = []
        self.now = 0.0
        part = Part(name="prometheus", command=command, **options)  # type: ignore[arg-type]
        self.child = Child(part, leash, log, self.lines.append, lambda: self.now)

    def until_dead(self) -> str:
        until(self.child.look)
        return self.lines[-1]


SERVER = """
import sys, time
from http.server import BaseHTTPRequestHandler, HTTPServer
class Answer(BaseHTTPRequestHandler):
    def do_GET(self):
        while self.path == "/hang":
            time.sleep(1)
        self.send_response(200)
        self.end_headers()
HTTPServer(("127.0.0.1", int(sys.argv[1])), Answer).serve_forever()
"""


def test_a_part_that_does_not_answer_for_a_minute_is_killed_and_started_again(
    leash: Leash, tmp_path: Path
) -> None:
    port = take_port(0)
    url = f"http://127.0.0.1:{port}/"
    command = (sys.executable, "-c", SERVER, str(port))
    told = Told(leash, tmp_path / "log", command, ready_url=url)
    told.child.start()
    until(lambda: is_ready(url))

    def pass_minutes(minutes: int) -> None:
        for _ in range(minutes * 4):
            told.now += ASK_SECS
            assert not told.child.look()

    pass_minutes(3)
    assert told.lines == []
    with socket.create_connection(("127.0.0.1", port)) as one:
        one.sendall(b"GET /hang HTTP/1.0\r\n\r\n")
        pass_minutes(1)
        assert told.lines == ["prometheus has not answered for 60 s: killed"]
        assert "signal 9" in told.until_dead()
    told.now += 1
    assert told.child.look()
    until(lambda: is_ready(url))
    told.child.end()
    told.child.wait(HANG_SECS)


def test_a_part_that_dies_is_named_with_its_last_words_and_started_again_ever_later(
    leash: Leash, tmp_path: Path
) -> None:
    told = Told(leash, tmp_path / "log", (sys.executable, "-c", "import sys; print('no room'); sys.exit(7)"))
    told.child.start()
    for wait in (1, 2, 4):
        assert told.until_dead() == f"prometheus ended (exit code 7): no room; again in {wait} s"
        assert not told.child.look()
        told.now += wait
        assert told.child.look()
        assert "runs again" in told.lines[-1]
    # it lived long: patience begins anew
    told.now += 120
    assert told.until_dead().endswith("again in 1 s")
    assert told.child.starts == 4


def test_a_part_ends_when_it_is_asked_and_is_killed_when_it_does_not(leash: Leash, tmp_path: Path) -> None:
    stubborn = (
        "import signal, time; signal.signal(15, signal.SIG_IGN); print('up', flush=True); time.sleep(600)"
    )
    told = Told(leash, tmp_path / "log", (sys.executable, "-c", stubborn))
    told.child.start()
    until(lambda: (tmp_path / "log").read_text() == "up\n")
    pid, birth = told.child.pid, told.child.birth
    told.child.end()
    told.child.wait(deadline=0.2)
    assert not is_alive(pid, birth)
    assert told.child.pid == 0


def test_what_a_dead_part_has_started_ends_too(leash: Leash, tmp_path: Path) -> None:
    code = (
        "import subprocess, sys, time; child = subprocess.Popen([sys.executable, '-c', 'import time; "
        "time.sleep(600)']); print(child.pid, flush=True); time.sleep(600)"
    )
    told = Told(leash, tmp_path / "log", (sys.executable, "-c", code))
    told.child.start()
    until(lambda: (tmp_path / "log").read_text().endswith("\n"))
    below = int((tmp_path / "log").read_text())
    birth = process_birth(below)
    os.kill(told.child.pid, signal.SIGKILL)
    assert "signal 9" in told.until_dead()
    until(lambda: not is_alive(below, birth))


def test_a_secret_that_a_part_prints_is_not_kept_and_its_errors_are(leash: Leash, tmp_path: Path) -> None:
    both = "import sys; print('secret'); print('broken', file=sys.stderr)"
    told = Told(leash, tmp_path / "log", (sys.executable, "-c", both), prints_secret=True)
    told.child.start()
    assert "broken" in told.until_dead()
    assert (tmp_path / "log").read_text() == "broken\n"


def test_a_program_that_is_not_there_is_tried_again_later(leash: Leash, tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    told = Told(leash, blocked / "log", SLEEPER)
    assert not told.child.start()
    assert told.lines[0].startswith("prometheus could not be started")
    assert told.lines[0].endswith("again in 1 s")
    told.now += 1
    assert not told.child.look()
    blocked.unlink()
    told.now += 2
    assert told.child.look()
    told.child.end()
    told.child.wait(told.now + HANG_SECS)


# -- the plan -------------------------------------------------------------------------------------------


def make_plan(folder: Path, **changes: object) -> Plan:
    ports = {"metrics": 1, "control": 2, "prometheus": 3, "alertmanager": 4, "panel": 5, "grafana": 6}
    plan = {"config": load_config(ROOT / "configs", {}), "config_path": ROOT / "configs"} | changes
    return Plan(name="x", folder=folder, ports=ports, metrics_url="", **plan)  # type: ignore[arg-type]


def test_prometheus_asks_the_bot_on_its_real_port_with_the_projects_rules() -> None:
    config = yaml.safe_load(prometheus_config(9090, 8080, 4321, 0.5))
    targets = {one["job_name"]: one["static_configs"][0]["targets"] for one in config["scrape_configs"]}
    assert targets == {"nautilus-bot": ["127.0.0.1:9090"], "prometheus": ["127.0.0.1:8080"]}
    assert config["global"]["scrape_interval"] == "500ms"
    assert all(Path(rules).is_file() for rules in config["rule_files"])
    managers = config["alerting"]["alertmanagers"][0]["static_configs"][0]["targets"]
    assert managers == ["127.0.0.1:4321"]
    assert "alerting" not in yaml.safe_load(prometheus_config(1, 2, 0, 15))


def test_a_missing_program_is_left_out_with_how_to_get_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    _, left_out = build_parts(make_plan(tmp_path / "up"))
    reasons = {one.name: one for one in left_out}
    assert "apt-get install prometheus" in reasons["prometheus"].reason
    # nobody asked for Telegram
    assert not reasons["telegram"].wanted


def test_a_part_that_is_not_wanted_is_neither_started_nor_told(tmp_path: Path) -> None:
    every = frozenset(name for name, _ in parts_of_up.PARTS)
    assert build_parts(make_plan(tmp_path / "up", without=every)) == ([], [])


def test_no_secret_stands_on_a_command_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TELEGRAM_BOT_TOKEN", "hidden-telegram")
    monkeypatch.setenv("BOT_PANEL_TOKEN", "hidden-panel")
    alerts = {"BOT_ALERTS__ENABLED": "true", "BOT_ALERTS__TELEGRAM_CHAT_ID": "7"}
    built, left_out = build_parts(make_plan(tmp_path / "up", config=load_config(ROOT / "configs", alerts)))
    assert {part.name for part in built} >= {"telegram", "watchdog"}
    assert [one for one in left_out if one.name == "telegram"] == []
    assert "hidden" not in " ".join(word for part in built for word in part.command)


# -- the file, and the end from outside -----------------------------------------------------------------


def test_the_file_is_readable_by_its_owner_only_and_an_end_without_one_says_so() -> None:
    with pytest.raises(NotRunning, match="no `up` runs"):
        take_down("x")
    save_up_file(UpFile(name="x", pid=os.getpid(), birth=process_birth(os.getpid())))
    assert up_path("x").stat().st_mode & 0o777 == 0o600
    found = load_up_file("x")
    assert found is not None
    assert found.is_running


def test_what_a_killed_one_left_behind_is_ended() -> None:
    left = subprocess.Popen(SLEEPER)
    part = UpPart(name="prometheus", url="", pid=left.pid, birth=process_birth(left.pid), log="")
    save_up_file(UpFile(name="x", pid=1, birth="boot:gone:1", parts=(part,)))
    with pytest.raises(NotRunning, match="1 of its parts"):
        take_down("x")
    assert left.wait(HANG_SECS) == -signal.SIGKILL
    assert load_up_file("x") is None


def test_status_looks_where_the_services_really_are() -> None:
    bot = RunFile(
        name="x",
        mode="paper",
        pid=0,
        birth="",
        state="ended",
        started_ns=0,
        metrics_url="http://127.0.0.1:1234/metrics",
    )
    part = UpPart(name="panel", url="http://127.0.0.1:4321", pid=0, birth="", log="")
    save_up_file(UpFile(name="x", pid=os.getpid(), birth=process_birth(os.getpid()), parts=(part,)))
    ports = {service.name: service.port for service in read_status(bot).services}
    assert (ports["metrics"], ports["panel"], ports["prometheus"]) == (1234, 4321, 9090)
