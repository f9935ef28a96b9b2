"""
Deliver what is queued: critical first, in order and one by one; the rest paced, summed up when it piles up.

A message is noted as being sent before it leaves and as sent when Telegram has answered. Between the two a
crash, or an answer that got lost, leaves a doubt that no one can resolve (Telegram knows no idempotency key):
it is then sent again, once, and says that it may be a repetition.
"""

import asyncio
import logging
import time
from collections.abc import Callable
from itertools import takewhile
from typing import Final, Protocol

import msgspec

from monitoring.telegram.bot_api import Receipt
from monitoring.telegram.outbox import DROPPED, SENDING, SENT, WAITING, Outbox, Queued
from monitoring.telegram.pace import Backoff, Pace
from monitoring.telegram.policy import Policy
from monitoring.telegram.summary import pack, summarize
from monitoring.telegram.texts import LONGEST, Texts

LOG: Final = logging.getLogger(__name__)
MOST_AT_ONCE: Final = 20_000
PACKED_ABOVE: Final = 5
"""More critical messages than this share messages, each still in full."""
KEPT_NS: Final = 7 * 86_400 * 1_000_000_000
FORGET_EVERY_NS: Final = 3_600 * 1_000_000_000
IDLE_SECS: Final = 0.5
"""How often the queue is looked at for what other processes put in."""


class Post(Protocol):
    """Whatever takes a message."""

    async def send(self, text: str, *, loud: bool = True) -> Receipt:
        """Send it and say what became of it."""
        ...


class SenderLimits(msgspec.Struct, frozen=True, kw_only=True):
    """
    How much is sent, and how patiently.

    Parameters
    ----------
    per_minute : int, default 20
        Most messages in a minute; a quarter of them for what is not critical.
    single_up_to : int, default 5
        More than this waiting become one summary.
    first_retry_secs, longest_retry_secs : float
        Back-off after failures.
    """

    per_minute: int = 20
    single_up_to: int = 5
    first_retry_secs: float = 1.0
    longest_retry_secs: float = 30.0


class Sender:
    """
    Deliver the queue.

    Parameters
    ----------
    outbox : Outbox
        The queue.
    post : Post
        Takes messages.
    policy : Policy
        Sound and quiet hours.
    texts : Texts
        The language.
    limits : SenderLimits
        Pace and patience.
    clock : Callable[[], float]
        Monotonic seconds.
    now_ns : Callable[[], int]
        Wall clock, ns UTC.
    """

    def __init__(
        self,
        outbox: Outbox,
        post: Post,
        policy: Policy,
        texts: Texts,
        limits: SenderLimits | None = None,
        *,
        clock: Callable[[], float] = time.monotonic,
        now_ns: Callable[[], int] = time.time_ns,
    ) -> None:
        limits = limits or SenderLimits()
        self._outbox = outbox
        self._post = post
        self._policy = policy
        self._texts = texts
        self._single_up_to = limits.single_up_to
        self._pace = Pace(limits.per_minute, clock)
        self._backoff = Backoff(limits.first_retry_secs, limits.longest_retry_secs)
        self._now_ns = now_ns
        self._forgot_ns = 0
        self._news = asyncio.Event()
        self._stopped = asyncio.Event()

    def wake(self) -> None:
        """Look into the queue now: something was put in."""
        self._news.set()

    def stop(self) -> None:
        """Let ``run`` end behind the message that it is about."""
        self._stopped.set()
        self._news.set()

    async def run(self) -> None:
        """Deliver until stopped."""
        while not self._stopped.is_set():
            self._forget()
            self._news.clear()
            wait = await self.deliver()
            if wait:
                await _wait_for(self._news, min(wait, IDLE_SECS))

    def _forget(self) -> None:
        now = self._now_ns()
        if now - self._forgot_ns > FORGET_EVERY_NS:
            self._outbox.prune(now - KEPT_NS)
            self._forgot_ns = now

    async def rest(self, secs: float) -> None:
        """Wait, unless stopped."""
        await _wait_for(self._stopped, secs)

    async def deliver(self) -> float:
        """
        Send one message if there is one to send; after a failure, wait as long as it takes.

        Returns
        -------
        float
            Seconds until there may be something to do; 0 at once.
        """
        critical = self._outbox.waiting(critical=True, limit=MOST_AT_ONCE)
        if critical:
            return await self._deliver_critical(critical)
        if self._policy.quiet_hours.cover(self._now_ns()):
            return IDLE_SECS
        others = self._outbox.waiting(critical=False, limit=MOST_AT_ONCE)
        return await self._deliver_others(others) if others else IDLE_SECS

    async def _deliver_critical(self, queued: list[Queued]) -> float:
        wait = self._pace.wait_secs(critical=True)
        if wait:
            return wait
        # what is in doubt stays apart from what is not
        alike = list(takewhile(lambda one: one.unsure is queued[0].unsure, queued))
        messages = [self._texts.tell(one.notification) for one in alike]
        count = pack(messages, LONGEST) if len(alike) > PACKED_ABOVE else 1
        await self._send(alike[:count], "\n\n".join(messages[:count]), loud=True)
        return 0.0

    async def _deliver_others(self, queued: list[Queued]) -> float:
        # what waits meanwhile joins the summary
        wait = self._pace.wait_secs(critical=False)
        if wait:
            return wait
        if len(queued) <= self._single_up_to:
            one = queued[0]
            single = self._texts.tell(one.notification)
            await self._send([one], single, loud=self._policy.is_loud(one.notification))
            return 0.0
        told = [one.notification for one in queued]
        text = summarize(told, self._texts, self._outbox.count(DROPPED))
        loud = any(one.severity == "error" and self._policy.is_loud(one) for one in told)
        if await self._send(queued, text, loud=loud):
            self._outbox.forget_dropped()
        return 0.0

    async def _send(self, queued: list[Queued], text: str, *, loud: bool) -> bool:
        if any(one.unsure for one in queued):
            text = self._texts.word("repeated") + text
        self._outbox.mark(queued, SENDING)
        receipt = await self._post.send(text, loud=loud)
        if receipt.result == "sent":
            self._outbox.mark(queued, SENT)
            self._backoff.worked()
            return True
        if receipt.result != "unsure":
            self._outbox.mark(queued, WAITING)
        wait = max(receipt.retry_secs, self._backoff.failed())
        LOG.warning("a message was %s (%s), next try in %.1f s", receipt.result, receipt.reason, wait)
        await self.rest(wait)
        return False


async def _wait_for(event: asyncio.Event, secs: float) -> None:
    try:
        await asyncio.wait_for(event.wait(), secs)
    except TimeoutError:
        return
