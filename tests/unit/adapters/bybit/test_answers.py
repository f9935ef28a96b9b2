"""What the venue answers must be readable; what is not is the venue's fault, by name."""

from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest

from adapters.bybit.addresses import simulated_addresses
from adapters.bybit.pybit_session import Unreadable
from adapters.bybit.rest import BybitRest
from nautilus_bot.core.errors import VenueError

QUESTIONS: tuple[Callable[[BybitRest], object], ...] = (
    lambda rest: rest.executions(),
    lambda rest: rest.positions(),
    lambda rest: rest.open_orders(),
    lambda rest: rest.wallet_balance_usdt(),
    lambda rest: rest.klines("BTCUSDT", "1"),
    lambda rest: rest.funding_rates("BTCUSDT", 1, 2),
)


@pytest.fixture
def ask() -> Iterator[Callable[[str], BybitRest]]:
    """Return a session with a venue that always answers the same."""
    servers = []

    def begin(body: str) -> BybitRest:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body.encode())

            def log_message(self, *_args):
                """Say nothing."""

        server = HTTPServer(("127.0.0.1", 0), Handler)
        Thread(target=server.serve_forever, daemon=True).start()
        url = f"127.0.0.1:{server.server_port}"
        rest = BybitRest(simulated_addresses(f"http://{url}", f"ws://{url}"), "key", "secret")
        servers.append((server, rest))
        return rest

    yield begin
    for server, rest in servers:
        rest.close()
        server.shutdown()
        server.server_close()


@pytest.mark.parametrize("question", QUESTIONS)
@pytest.mark.parametrize(
    "result",
    ["{}", '{"list": [{}]}', '{"list": [["x"]]}', '{"list": [{"size": "1.2.3", "symbol": "BTCUSDT"}]}'],
)
def test_half_an_answer_is_the_venues_fault(ask, question, result):
    with pytest.raises(Unreadable, match="as it documents"):
        question(ask(f'{{"retCode": 0, "retMsg": "OK", "result": {result}}}'))


@pytest.mark.parametrize("question", QUESTIONS)
@pytest.mark.parametrize("body", ["<html>bad gateway</html>", "null", "[]", '{"retCode": 0}'])
def test_no_answer_of_bybits_at_all_is_the_venues_fault(ask, question, body):
    with pytest.raises(VenueError):
        question(ask(body))
