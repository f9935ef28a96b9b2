"""
The client of the control API, for the command line, Telegram, the dashboard and the watchdog.

It blocks and uses the standard library only, so that a command answers quickly; an asynchronous caller
hands it to ``asyncio.to_thread``. One client serves one thread at a time.
"""

import http.client
from urllib.parse import urlsplit

import msgspec

from nautilus_bot.core.control import (
    AnyCommand,
    BotStatus,
    CommandRequest,
    Health,
    OrderList,
    Outcome,
    PositionList,
    Profit,
    Refusal,
    SignalList,
)
from nautilus_bot.core.errors import NotRunning, ProcessError, Unresponsive
from nautilus_bot.core.snapshot import LedgerState, OpenOrder, SignalLine, Snapshot

TIMEOUT_SECS = 5.0


class ControlClient:
    """
    Ask one running bot.

    Parameters
    ----------
    url : str
        ``http://127.0.0.1:<port>``, from the bot's run file.
    token : str
        From the same file.
    timeout_secs : float, default 5
        Longest wait for an answer.

    Raises
    ------
    NotRunning
        By every method, if nobody listens there.
    Unresponsive
        If somebody listens and does not answer in time.
    ProcessError
        If the token is wrong or the request is refused as such.
    """

    def __init__(self, url: str, token: str, timeout_secs: float = TIMEOUT_SECS) -> None:
        self.url = url
        self._address = urlsplit(url)
        self._headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        self._timeout_secs = timeout_secs

    def status(self) -> BotStatus:
        """Return the bot in short."""
        return self._get("/v1/status", BotStatus)

    def health(self) -> Health:
        """Return whether it is well; an unhealthy bot is an answer, not an error."""
        return self._get("/v1/health", Health, (200, 503))

    def snapshot(self) -> Snapshot:
        """Return everything a reader may know."""
        return self._get("/v1/snapshot", Snapshot)

    def positions(self) -> tuple[LedgerState, ...]:
        """Return the open positions by strategy."""
        return self._get("/v1/positions", PositionList).positions

    def orders(self) -> tuple[OpenOrder, ...]:
        """Return the orders that may still fill."""
        return self._get("/v1/orders", OrderList).orders

    def signals(self, last: int = 20) -> tuple[SignalLine, ...]:
        """Return the latest signals, oldest first."""
        return self._get(f"/v1/signals?last={last}", SignalList).signals

    def profit(self) -> Profit:
        """Return profit in all and by strategy."""
        return self._get("/v1/profit", Profit)

    def send(self, command: AnyCommand, author: str) -> Outcome:
        """Ask for a command in somebody's name; a refusal is an outcome, not an error."""
        body = msgspec.json.encode(CommandRequest(command=command, author=author))
        return self._ask("POST", "/v1/commands", Outcome, body, (200, 409))

    def _get[T](self, path: str, answer: type[T], expected: tuple[int, ...] = (200,)) -> T:
        return self._ask("GET", path, answer, None, expected)

    def _ask[T](
        self, method: str, path: str, answer: type[T], body: bytes | None, expected: tuple[int, ...]
    ) -> T:
        status, content = self._exchange(method, path, body)
        if status in expected:
            return self._decode(content, answer)
        refusal = self._decode(content, Refusal).error
        raise ProcessError(f"the bot on {self.url} must serve {method} {path}, answered {status}: {refusal}")

    def _exchange(self, method: str, path: str, body: bytes | None) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection(
            self._address.hostname or "", self._address.port, timeout=self._timeout_secs
        )
        try:
            connection.request(method, path, body, self._headers)
            response = connection.getresponse()
            return response.status, response.read()
        except TimeoutError as e:
            raise Unresponsive(
                f"the bot on {self.url} must answer within {self._timeout_secs:g} s, it did not"
            ) from e
        except (OSError, http.client.HTTPException) as e:
            raise NotRunning(f"a bot must listen on {self.url}, but: {e}") from e
        finally:
            connection.close()

    def _decode[T](self, content: bytes, answer: type[T]) -> T:
        try:
            return msgspec.json.decode(content, type=answer)
        except msgspec.DecodeError as e:
            raise ProcessError(f"the bot on {self.url} must speak this version's control API: {e}") from e
