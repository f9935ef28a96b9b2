"""From a dead bot to the phone: Prometheus, Alertmanager and a local server with Telegram's Bot API."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

pytestmark = pytest.mark.service

ANSWER = {
    "ok": True,
    "result": {"message_id": 1, "date": 0, "chat": {"id": 42, "type": "private"}, "text": "x"},
}


@pytest.fixture
def telegram() -> Iterator[HTTPServer]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            self.server.messages.append((self.path, json.loads(body)))  # type: ignore[attr-defined]
            text = json.dumps(ANSWER).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, *_: object) -> None:
            """Stay silent."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    server.messages = []  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_dead_bot_is_told_on_telegram(
    telegram: Any,
    start_alertmanager: Any,
    start_prometheus: Any,
    alertmanager_config: Any,
    free_port: Any,
    wait_for: Any,
) -> None:
    port = start_alertmanager(alertmanager_config(f"http://127.0.0.1:{telegram.server_port}"))
    start_prometheus(free_port(), port)
    path, message = wait_for("a message", lambda: telegram.messages and telegram.messages[0])
    assert path == "/bottest-token/sendMessage"
    assert str(message["chat_id"]) == "42"
    assert message["text"].startswith("CRITICAL BotDown\nThe bot at 127.0.0.1:")
    assert "nautilus-bot status" in message["text"]
