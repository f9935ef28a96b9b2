"""``nautilus-bot telegram``: tell what a bot does, and hand on what its operator asks for."""

import asyncio
import logging
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, Final

import msgspec
import typer

from catalog.lock import OwnerLock
from catalog.store import EventStore
from monitoring.telegram.access import Access
from monitoring.telegram.bot_api import Messenger, check_api_url, open_bot
from monitoring.telegram.follow import Follower
from monitoring.telegram.obey import Operator, obey
from monitoring.telegram.outbox import SENDING, WAITING, Outbox
from monitoring.telegram.policy import Policy
from monitoring.telegram.sender import Sender, SenderLimits
from monitoring.telegram.service import follow, report, run_until
from monitoring.telegram.texts import Texts
from nautilus_bot.cli.output import JsonFlag, emit, note
from nautilus_bot.cli.version import versions
from nautilus_bot.config.bot import BotConfig
from nautilus_bot.config.loader import load_config
from nautilus_bot.config.secrets import secret
from nautilus_bot.core.errors import AlreadyRunning, ConfigError, Undelivered
from nautilus_bot.process.log_file import LogFile, log_path
from nautilus_bot.process.pidfile import run_dir
from nautilus_bot.process.redaction import Redactor
from nautilus_bot.process.telegram import BotDesk, look_at, queue_path

TOKEN: Final = "TELEGRAM_BOT_TOKEN"  # noqa: S105  the name of a variable, not a secret
CHATTY: Final = ("httpx", "httpcore", "telegram", "apscheduler")
"""Loggers that name each request, with the token in its address."""


class Delivered(msgspec.Struct, frozen=True):
    """A test message that arrived."""

    chat_id: int
    message_id: int
    secs: float


class Ended(msgspec.Struct, frozen=True):
    """What is left to deliver at the end; it stays in the queue."""

    bot: str
    waiting: int


def telegram(
    name: Annotated[str, typer.Option("--name", help="Which bot.")] = "paper",
    config: Annotated[Path, typer.Option("-c", "--config", help="backtest.json or its folder.")] = Path(
        "configs/backtest.json"
    ),
    test: Annotated[
        bool, typer.Option("--test", help="Send one message and say whether it arrived.")
    ] = False,
    as_json: JsonFlag = False,
) -> None:
    """Tell what a bot does through Telegram, and take commands from there, until interrupted."""
    bot_config = load_config(config)
    token = _checked(bot_config)
    if test:
        sent = asyncio.run(_send_test(bot_config, token, name))
        emit(sent, as_json, lambda one: f"arrived in chat {one.chat_id} after {one.secs:.2f} s")
        return
    if not bot_config.alerts.enabled:
        raise ConfigError(
            f"{bot_config.files['alerts']}: $.enabled: must be true to send anything, was false"
        )
    redactor = Redactor.of_environment()
    with _owned(name), _logged(name, redactor):
        note(f"telling what bot {name!r} does in chat {bot_config.alerts.telegram_chat_id}; stop with Ctrl-C")
        waiting = asyncio.run(_serve(bot_config, token, name, redactor))
    emit(Ended(name, waiting), as_json, lambda one: f"ended; {one.waiting} notifications wait in the queue")


def _checked(config: BotConfig) -> str:
    """Return the token when all is there that is needed."""
    token, file = secret(TOKEN), config.files["alerts"]
    if not config.alerts.telegram_chat_id:
        raise ConfigError(
            f"{file}: $.telegram_chat_id: must be the number of a chat, was 0; write to the bot there, then "
            "look at https://api.telegram.org/bot<token>/getUpdates"
        )
    try:
        check_api_url(config.alerts.telegram_api_url)
    except ValueError as e:
        raise ConfigError(f"{file}: $.telegram_api_url: {e}") from e
    return token


async def _send_test(config: BotConfig, token: str, name: str) -> Delivered:
    alerts = config.alerts
    begun = time.monotonic()
    async with open_bot(token, alerts.telegram_api_url) as bot:
        text = Texts(alerts.language).say("test", bot=name)
        receipt = await Messenger(bot, alerts.telegram_chat_id).send(text)
    if receipt.result == "refused":
        raise ConfigError(f"chat {alerts.telegram_chat_id} must take messages of this bot: {receipt.reason}")
    if receipt.result != "sent":
        raise Undelivered(f"the test message did not arrive at {alerts.telegram_api_url}: {receipt.reason}")
    return Delivered(alerts.telegram_chat_id, receipt.message_id, time.monotonic() - begun)


async def _serve(config: BotConfig, token: str, name: str, redactor: Redactor) -> int:
    """Run until told to stop; return how many notifications still wait."""
    alerts = config.alerts
    store, texts = EventStore(Path(config.backtest.event_store_path)), Texts(alerts.language, redactor.clean)
    policy = Policy(min_severity=alerts.min_severity, noise=alerts.noise, quiet_hours=alerts.quiet_hours)
    access = Access(chat_id=alerts.telegram_chat_id, user_ids=alerts.telegram_user_ids)
    desk = BotDesk(name, versions())
    outbox = Outbox(queue_path(name))
    try:
        async with open_bot(token, alerts.telegram_api_url) as bot:
            messenger = Messenger(bot, alerts.telegram_chat_id)
            limits = SenderLimits(per_minute=alerts.messages_per_minute)
            sender = Sender(outbox, messenger, policy, texts, limits)
            follower = Follower(name, store, lambda: look_at(name), outbox, policy)
            operator = Operator(name, desk, store, messenger, texts, access)
            await run_until(
                _told_to_stop(),
                sender,
                follow(follower, sender.wake),
                report(name, store, desk.last_run, outbox, policy, alerts.daily_report_hour),
                obey(bot, operator, texts),
            )
        return outbox.count(WAITING, SENDING)
    finally:
        outbox.close()


def _told_to_stop() -> asyncio.Event:
    """Return an event that Ctrl-C and SIGTERM set."""
    stop, loop = asyncio.Event(), asyncio.get_running_loop()

    def on_signal(*_: Any) -> None:
        loop.call_soon_threadsafe(stop.set)

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, on_signal)
    return stop


@contextmanager
def _owned(name: str) -> Iterator[None]:
    """Be the only one who polls for this bot: Telegram gives each update to one."""
    run_dir().mkdir(parents=True, exist_ok=True)
    try:
        lock = OwnerLock(run_dir() / f"{name}.telegram.lock")
    except AlreadyRunning as e:
        raise AlreadyRunning(
            f"only one `nautilus-bot telegram` may run for bot {name!r}, and one does"
        ) from e
    try:
        yield
    finally:
        lock.release()


@contextmanager
def _logged(name: str, redactor: Redactor) -> Iterator[None]:
    """Send what is logged into a file, without secrets."""
    sink, root = LogFile(log_path(f"telegram-{name}"), redactor), logging.getLogger()
    for chatty in CHATTY:
        logging.getLogger(chatty).setLevel(logging.WARNING)
    root.addHandler(sink)
    root.setLevel(logging.INFO)
    try:
        yield
    finally:
        root.removeHandler(sink)
        sink.close()
