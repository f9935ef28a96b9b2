"""A control API that is dead, refuses, fails or hangs is one clear line in the panel, never a traceback."""

import json
import os
import socket
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar

import pytest

PAGES = ("Strategies", "Risk", "Health", "Runs", "Reports", "Live")
HANG_SECS = 30.0


class Stub(BaseHTTPRequestHandler):
    """Answers everything alike: with a status, or not at all while the test runs."""

    status: ClassVar[int] = 500
    over: ClassVar[threading.Event] = threading.Event()

    def do_GET(self) -> None:
        if self.status == 0:
            self.over.wait(HANG_SECS)
            return
        body = b'{"error": "a bearer token is needed"}' if self.status == 401 else b"Internal Server Error"
        self.send_response(self.status)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_args: Any) -> None:
        """Say nothing."""


@pytest.fixture
def stub() -> Iterator[ThreadingHTTPServer]:
    """A server in the place of a bot's control API."""
    Stub.over = threading.Event()
    server = ThreadingHTTPServer(("127.0.0.1", 0), Stub)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    Stub.over.set()
    server.shutdown()
    thread.join()
    server.server_close()


def pretend(panel, bot_name: str, port: int) -> None:
    """Leave the run file of a bot that lives and is reached on a port."""
    run = {
        "name": bot_name,
        "mode": "paper",
        "pid": os.getpid(),
        "birth": "of the test",
        "state": "trading",
        "started_ns": time.time_ns(),
        "control_url": f"http://127.0.0.1:{port}",
        "token": "of-the-stub",
    }
    path = panel.folder / "run" / f"{bot_name}.json"
    path.parent.mkdir(exist_ok=True)
    # replaced whole, as a bot does it: the panel reads it at any moment
    draft = path.with_name(f"{bot_name}.json.tmp")
    draft.write_text(json.dumps(run))
    draft.replace(path)


@pytest.mark.parametrize(
    ("status", "line"),
    [
        (401, "answered /v1/status with 401: a bearer token is needed"),
        (500, "answered /v1/status with 500 and nothing that can be read"),
        (0, "did not answer within 3 s"),
    ],
)
def test_a_bot_that_does_not_answer_well_is_one_line(
    panel, browser, token, bot_name, stub, status, line
) -> None:
    Stub.status = status
    pretend(panel, bot_name, stub.server_port)
    browser.open(f"{panel.url}?token={token}")
    browser.wait(".notice.bad", line)
    browser.wait(".badge.state.bad", "not answering")
    browser.wait(".st-key-stop button", "STOP")
    assert browser.complaints() == []


def test_a_bot_that_dies_while_it_is_looked_at_is_one_line_on_every_page(
    panel, browser, token, bot_name, stub
) -> None:
    Stub.status = 500
    pretend(panel, bot_name, stub.server_port)
    browser.open(f"{panel.url}?token={token}")
    browser.wait(".notice.bad", "500")
    port = stub.server_port
    stub.shutdown()
    stub.server_close()
    with socket.socket() as kept:
        # bound and not listening: nobody else gets the port meanwhile
        kept.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        kept.bind(("127.0.0.1", port))
        for page in PAGES:
            browser.go(page)
            browser.wait(".notice.bad", f"does not listen on port {port}")
            assert browser.complaints() == []


def test_a_run_file_that_cannot_be_read_is_one_line(panel, browser, token, bot_name) -> None:
    (panel.folder / "run" / f"{bot_name}.json").write_text("{")
    browser.open(f"{panel.url}?token={token}")
    browser.wait(".notice.bad", "must be a run file")
    assert browser.complaints() == []
