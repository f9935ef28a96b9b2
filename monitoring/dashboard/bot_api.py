"""The control API over plain HTTP, in the words of ``nautilus_bot.core.control``."""

import http.client
from typing import Final
from urllib.parse import urlsplit

import msgspec

from monitoring.dashboard.bot_file import BotFile
from nautilus_bot.core.control import AnyCommand, BotStatus, CommandRequest, Outcome, Refusal
from nautilus_bot.core.errors import NotRunning, ProcessError, Unresponsive
from nautilus_bot.core.snapshot import Snapshot

AUTHOR: Final = "panel"
TIMEOUT_SECS: Final = 3.0


class BotApi:
    """
    Ask one running bot.

    Parameters
    ----------
    bot : BotFile
        Its address and token.
    timeout_secs : float, default 3
        Longest wait for an answer.

    Raises
    ------
    NotRunning, Unresponsive, ProcessError
        By every method: nobody listens, no answer in time, an answer that is none.
    """

    def __init__(self, bot: BotFile, timeout_secs: float = TIMEOUT_SECS) -> None:
        self._address = urlsplit(bot.control_url)
        self._headers = {"Authorization": f"Bearer {bot.token}", "Content-Type": "application/json"}
        self._timeout_secs = timeout_secs

    def status(self) -> BotStatus:
        """Return the bot in short."""
        return self._ask("GET", "/v1/status", BotStatus)

    def snapshot(self) -> Snapshot:
        """Return everything a reader may know."""
        return self._ask("GET", "/v1/snapshot", Snapshot)

    def send(self, command: AnyCommand) -> Outcome:
        """Ask for a command in the panel's name; a refusal is an outcome, not an error."""
        body = msgspec.json.encode(CommandRequest(command=command, author=AUTHOR))
        return self._ask("POST", "/v1/commands", Outcome, body, (200, 409))

    def _ask[T](
        self,
        method: str,
        path: str,
        answer: type[T],
        body: bytes | None = None,
        good: tuple[int, ...] = (200,),
    ) -> T:
        status, content = self._exchange(method, path, body)
        try:
            if status in good:
                return msgspec.json.decode(content, type=answer)
            refusal = msgspec.json.decode(content, type=Refusal).error
        except msgspec.DecodeError as e:
            raise ProcessError(f"the bot answered {path} with {status} and nothing that can be read") from e
        raise ProcessError(f"the bot answered {path} with {status}: {refusal}")

    def _exchange(self, method: str, path: str, body: bytes | None) -> tuple[int, bytes]:
        host, port = self._address.hostname or "", self._address.port
        connection = http.client.HTTPConnection(host, port, timeout=self._timeout_secs)
        try:
            connection.request(method, path, body, self._headers)
            response = connection.getresponse()
            return response.status, response.read()
        except TimeoutError as e:
            raise Unresponsive(f"the bot did not answer within {self._timeout_secs:g} s") from e
        except (OSError, http.client.HTTPException) as e:
            raise NotRunning(f"the bot does not listen on port {port}: {e}") from e
        finally:
            connection.close()
