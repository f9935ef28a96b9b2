"""The one place that talks to Telegram: python-telegram-bot, its failures as values, the token in no text."""

import datetime as dt
import os
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final, Literal
from urllib.parse import urlsplit

import httpx
import msgspec
from telegram import InlineKeyboardMarkup, LinkPreviewOptions
from telegram.constants import ParseMode
from telegram.error import (
    BadRequest,
    Conflict,
    Forbidden,
    InvalidToken,
    NetworkError,
    RetryAfter,
    TelegramError,
    TimedOut,
)
from telegram.ext import ExtBot
from telegram.request import HTTPXRequest

from monitoring.telegram.texts import bare
from nautilus_bot.core.errors import ConfigError

OFFICIAL: Final = "https://api.telegram.org"
LOOPBACK: Final = ("127.0.0.1", "::1", "localhost")
ANSWER_SECS: Final = 10.0
PLAIN_LENGTH: Final = 1_000
_NO_PREVIEW: Final = LinkPreviewOptions(is_disabled=True)
# raised before anything of the request has left
_NEVER_LEFT: Final = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)


class Receipt(msgspec.Struct, frozen=True, kw_only=True):
    """
    What became of a message.

    Parameters
    ----------
    result : str
        ``sent``; ``not_sent``: it did not reach Telegram, try again; ``unsure``: it may have; ``refused``:
        Telegram does not take it, and it will not help to ask again at once.
    message_id : int
        Its number in the chat when it was sent.
    retry_secs : float
        What Telegram asks to wait.
    reason : str
        Why it was not sent, in one line without secrets.
    """

    result: Literal["sent", "not_sent", "unsure", "refused"]
    message_id: int = 0
    retry_secs: float = 0.0
    reason: str = ""


def check_api_url(url: str) -> None:
    """
    Check the address of the Bot API.

    Raises
    ------
    ValueError
        If it is neither https nor loopback: the token would travel in the clear.
    """
    parts = urlsplit(url)
    if parts.hostname and (
        parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK)
    ):
        return
    raise ValueError(f"must be https://..., or http:// on 127.0.0.1, was {url!r}")


@asynccontextmanager
async def open_bot(token: str, api_url: str = OFFICIAL) -> AsyncIterator[ExtBot[None]]:
    """
    Yield the library's bot, without asking anybody yet; its connections are closed at the end.

    Parameters
    ----------
    token : str
        From the environment.
    api_url : str
        Where the Bot API is, without ``/bot``.

    Raises
    ------
    ConfigError
        If the token is empty or has characters that no token has.
    """
    if re.fullmatch(r"[A-Za-z0-9:_-]+", token) is None:
        raise ConfigError("TELEGRAM_BOT_TOKEN must look like 123456:ABC..., it has other characters")
    # the library warns of itself when asked to wait, unless its times are asked for as timedelta
    os.environ.setdefault("PTB_TIMEDELTA", "true")
    # a proxy of the environment is right for the internet and wrong for this machine
    options = {"trust_env": urlsplit(api_url).hostname not in LOOPBACK}
    sending, polling = _request(8, options), _request(1, options)
    try:
        yield ExtBot(
            token, base_url=f"{api_url.rstrip('/')}/bot", request=sending, get_updates_request=polling
        )
    finally:
        await sending.shutdown()
        await polling.shutdown()


def _request(connections: int, options: dict[str, Any]) -> HTTPXRequest:
    return HTTPXRequest(
        connection_pool_size=connections,
        read_timeout=ANSWER_SECS,
        write_timeout=ANSWER_SECS,
        connect_timeout=ANSWER_SECS,
        httpx_kwargs=options,
    )


class Messenger:
    """
    Send messages to one chat.

    Parameters
    ----------
    bot : ExtBot
        From ``open_bot``.
    chat_id : int
        The chat.
    """

    def __init__(self, bot: ExtBot[None], chat_id: int) -> None:
        self._bot = bot
        self._chat_id = chat_id

    async def send(
        self, text: str, *, loud: bool = True, buttons: InlineKeyboardMarkup | None = None
    ) -> Receipt:
        """Send a message in Telegram's HTML; what goes wrong is a receipt, not an exception."""
        try:
            try:
                message_id = await self._post(text, ParseMode.HTML, loud, buttons)
            except BadRequest:
                # whatever it disliked, the bare text must come through
                message_id = await self._post(bare(text)[:PLAIN_LENGTH], None, loud, buttons)
        except TelegramError as e:
            return receipt_of(e)
        return Receipt(result="sent", message_id=message_id)

    async def _post(
        self, text: str, parse_mode: str | None, loud: bool, buttons: InlineKeyboardMarkup | None
    ) -> int:
        message = await self._bot.send_message(
            self._chat_id,
            text,
            parse_mode=parse_mode,
            disable_notification=not loud,
            reply_markup=buttons,
            link_preview_options=_NO_PREVIEW,
        )
        return message.message_id


def receipt_of(error: TelegramError) -> Receipt:
    """Return what a failure says about the message."""
    reason = reason_of(error)
    match error:
        case RetryAfter():
            return Receipt(result="not_sent", retry_secs=_secs(error.retry_after), reason=reason)
        case BadRequest() | Forbidden() | InvalidToken() | Conflict():
            return Receipt(result="refused", reason=reason)
        case NetworkError() if isinstance(error.__cause__, _NEVER_LEFT):
            return Receipt(result="not_sent", reason=reason)
        case TimedOut() | NetworkError():
            return Receipt(result="unsure", reason=reason)
        case _:
            return Receipt(result="refused", reason=reason)


def reason_of(error: TelegramError) -> str:
    """Return why, in one line; never the library's own text about a token, which quotes it."""
    if isinstance(error, InvalidToken):
        return "Telegram does not accept the token of TELEGRAM_BOT_TOKEN"
    return f"{type(error).__name__}: {' '.join(error.message.split())[:200]}"


def _secs(wait: float | dt.timedelta) -> float:
    return wait.total_seconds() if isinstance(wait, dt.timedelta) else float(wait)
