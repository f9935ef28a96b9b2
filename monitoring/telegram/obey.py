"""Commands from the chat: polled with the library, checked for who sent them, answered or carried out."""

import asyncio
import datetime as dt
import logging
import time
from collections.abc import Callable
from difflib import get_close_matches
from typing import Any, Final

from telegram import BotCommand, CallbackQuery, InlineKeyboardButton, InlineKeyboardMarkup, Message, Update
from telegram.error import InvalidToken, TelegramError
from telegram.ext import Application, ExtBot, TypeHandler

from catalog.store import EventStore
from monitoring.telegram.access import Access, StrangerLog
from monitoring.telegram.answers import Question
from monitoring.telegram.bot_api import Messenger, reason_of
from monitoring.telegram.commands import COMMANDS, EXAMPLES, Act, Ask, find
from monitoring.telegram.confirm import Confirmations
from monitoring.telegram.desk import Desk
from monitoring.telegram.pace import Backoff
from monitoring.telegram.texts import Html, Texts
from nautilus_bot.core.errors import BotError, ConfigError

LOG: Final = logging.getLogger(__name__)
LATE_SECS: Final = 120
"""An older command is not carried out: the one who sent it has long looked elsewhere."""
POLL_TIMEOUT: Final = dt.timedelta(seconds=25)
NAME_LENGTH: Final = 32
ARGUMENT_LENGTH: Final = 200
ANSWERS_AT_ONCE: Final = 2
REPLY_WAITS_SECS: Final = (1.0, 3.0, 0.0)
LONGEST_WAIT_SECS: Final = 10.0
_NS: Final = 1_000_000_000


class Operator:
    """
    Answer and carry out what the configured users ask for.

    Parameters
    ----------
    bot : str
        Name of the bot.
    desk : Desk
        The bot.
    store : EventStore
        Where its runs are.
    messenger : Messenger
        Takes the answers.
    texts : Texts
        The language.
    access : Access
        Who is obeyed.
    confirmations : Confirmations
        What waits for a yes.
    now_ns : Callable[[], int]
        Wall clock, ns UTC.
    """

    def __init__(
        self,
        bot: str,
        desk: Desk,
        store: EventStore,
        messenger: Messenger,
        texts: Texts,
        access: Access,
        *,
        confirmations: Confirmations | None = None,
        now_ns: Callable[[], int] = time.time_ns,
    ) -> None:
        self._bot = bot
        self._desk = desk
        self._store = store
        self._messenger = messenger
        self._texts = texts
        self._access = access
        self._confirmations = confirmations or Confirmations()
        self._now_ns = now_ns
        self._strangers = StrangerLog()
        self._answering: set[asyncio.Task[None]] = set()
        self._few = asyncio.Semaphore(ANSWERS_AT_ONCE)

    async def on_update(self, update: Update, _context: Any) -> None:
        """Take one update of the library."""
        chat, user = update.effective_chat, update.effective_user
        chat_id, user_id = (chat.id if chat else 0), (user.id if user else 0)
        if not self._access.allows(chat_id, user_id):
            self._strangers.note(chat_id, user_id)
        elif update.callback_query is not None:
            await self._on_press(update.callback_query)
        elif update.message is not None and (update.message.text or "").startswith("/"):
            await self._on_command(update.message, user_id)

    async def _on_command(self, message: Message, user_id: int) -> None:
        word, *rest = (message.text or "").split(maxsplit=1)
        name = word[1:].partition("@")[0][:NAME_LENGTH].lower()
        argument = " ".join(rest).strip()[:ARGUMENT_LENGTH]
        command = find(name)
        if command is None:
            await self._say("answer_unknown", command=name, hint=Html(self._hint(name)))
        elif command.needs and not argument:
            what = self._texts.word(f"answer_needs_{command.needs}")
            await self._say("answer_needs", command=name, what=what, example=EXAMPLES[command.needs])
        elif isinstance(command, Ask):
            # a long answer must not keep a halt waiting
            answering = asyncio.create_task(self._answer(command, argument))
            self._answering.add(answering)
            answering.add_done_callback(self._answered)
        else:
            await self._on_act(command, argument, user_id, message.date)

    def _hint(self, name: str) -> str:
        close = get_close_matches(name, [one.name for one in COMMANDS], n=1, cutoff=0.5)
        return (
            self._texts.say("answer_did_you_mean", name=close[0])
            if close
            else self._texts.word("answer_hint")
        )

    async def _answer(self, command: Ask, argument: str) -> None:
        question = Question(self._bot, argument, self._desk, self._store, self._texts, now_ns=self._now_ns())
        try:
            # few at a time: a halt must find a free thread
            async with self._few:
                text = await asyncio.to_thread(command.answer, question)
        except BotError as e:
            text = self._texts.say("answer_failed_to_ask", reason=e)
        await self._reply(text)

    def _answered(self, answering: asyncio.Task[None]) -> None:
        self._answering.discard(answering)
        error = None if answering.cancelled() else answering.exception()
        if error is not None:
            LOG.error("a question could not be answered: %s: %s", type(error).__name__, error)

    # -- commands to the bot ------------------------------------------------------------------------

    async def _on_act(self, act: Act, argument: str, user_id: int, sent_at: dt.datetime) -> None:
        age = self._now_ns() // _NS - int(sent_at.timestamp())
        if age > LATE_SECS and not act.late:
            LOG.warning("a command /%s of user %d was %d s old and was left", act.name, user_id, age)
            await self._say("answer_too_old", command=act.name, age=age)
        elif act.confirm:
            await self._ask(act, argument, user_id)
        else:
            await self._reply(await self._carry_out(act, argument, user_id))

    async def _ask(self, act: Act, argument: str, user_id: int) -> None:
        token = self._confirmations.ask(act, argument, user_id)
        buttons = InlineKeyboardMarkup.from_row(
            [
                InlineKeyboardButton(self._texts.word("answer_yes"), callback_data=f"yes:{token}"),
                InlineKeyboardButton(self._texts.word("answer_no"), callback_data=f"no:{token}"),
            ]
        )
        secs = f"{self._confirmations.good_for_secs:.0f}"
        text = self._texts.say("answer_confirm", command=f"{act.name} {argument}".strip(), secs=secs)
        await self._reply(text, buttons)

    async def _on_press(self, query: CallbackQuery) -> None:
        answer = self._confirmations.press(query.data or "", query.from_user.id)
        if isinstance(answer, str):
            await self._acknowledge(query, self._texts.word(f"answer_{answer}"))
            return
        await self._acknowledge(query, "")
        pending, agreed = answer
        if agreed:
            text = await self._carry_out(pending.act, pending.argument, pending.user_id)
        else:
            named = f"{pending.act.name} {pending.argument}".strip()
            text = self._texts.say("answer_cancelled", command=named)
        try:
            await query.edit_message_text(text, parse_mode="HTML")
        except TelegramError:
            # the buttons stay, the answer must come through all the same
            await self._reply(text)

    async def _carry_out(self, act: Act, argument: str, user_id: int) -> str:
        LOG.info("user %d asked for /%s", user_id, act.name)
        try:
            outcome = await asyncio.to_thread(self._desk.send, act.command(argument), f"telegram:{user_id}")
        except BotError as e:
            return self._texts.say("answer_failed_to_ask", reason=e)
        return self._texts.say("answer_done" if outcome.done else "answer_refused", text=outcome.text)

    # -- talking ------------------------------------------------------------------------------------

    async def _acknowledge(self, query: CallbackQuery, text: str) -> None:
        try:
            await query.answer(text or None)
        except TelegramError as e:
            # the button has turned grey long ago; nothing depends on it
            LOG.info("a button could not be acknowledged: %s", reason_of(e))

    async def _say(self, name: str, /, **facts: object) -> None:
        await self._reply(self._texts.say(name, **facts))

    async def _reply(self, text: str, buttons: InlineKeyboardMarkup | None = None) -> None:
        for wait in REPLY_WAITS_SECS:
            receipt = await self._messenger.send(text, buttons=buttons)
            if receipt.result in ("sent", "unsure"):
                return
            LOG.warning("an answer was %s (%s)", receipt.result, receipt.reason)
            await asyncio.sleep(min(max(wait, receipt.retry_secs), LONGEST_WAIT_SECS))


async def obey(bot: ExtBot[None], operator: Operator, texts: Texts) -> None:
    """
    Poll for commands until cancelled.

    Parameters
    ----------
    bot : ExtBot
        From ``open_bot``.
    operator : Operator
        Takes the updates.
    texts : Texts
        The language of the list of commands.

    Raises
    ------
    ConfigError
        If Telegram does not accept the token.
    """
    await _meet(bot, texts)
    application: Any = Application.builder().bot(bot).job_queue(None).build()
    application.add_handler(TypeHandler(Update, operator.on_update))
    application.add_error_handler(_on_error)
    await application.initialize()
    try:
        await application.start()
        await application.updater.start_polling(
            timeout=POLL_TIMEOUT,
            bootstrap_retries=-1,
            allowed_updates=[Update.MESSAGE, Update.CALLBACK_QUERY],
            error_callback=_Complaints().note,
        )
        await asyncio.Event().wait()
    except InvalidToken as e:
        raise ConfigError(reason_of(e)) from None
    finally:
        if application.updater.running:
            await application.updater.stop()
        if application.running:
            await application.stop()
        await application.shutdown()


async def _meet(bot: ExtBot[None], texts: Texts) -> None:
    """Wait until Telegram knows us, and leave the list of commands there."""
    backoff, complaints = Backoff(), _Complaints()
    while True:
        try:
            await bot.initialize()
            await bot.set_my_commands(
                [BotCommand(one.name, texts.word(f"help_{one.name}")) for one in COMMANDS]
            )
        except InvalidToken as e:
            raise ConfigError(reason_of(e)) from None
        except TelegramError as e:
            complaints.note(e)
            await asyncio.sleep(backoff.failed())
        else:
            return


class _Complaints:
    """Note why Telegram cannot be reached, when the reason is new."""

    def __init__(self) -> None:
        self._last = ""

    def note(self, error: TelegramError) -> None:
        reason = reason_of(error)
        if reason != self._last:
            LOG.warning("no commands can be fetched: %s", reason)
        self._last = reason


async def _on_error(_update: object, context: Any) -> None:
    error = context.error
    reason = reason_of(error) if isinstance(error, TelegramError) else f"{type(error).__name__}: {error}"
    LOG.error("an update could not be worked off: %s", reason)
