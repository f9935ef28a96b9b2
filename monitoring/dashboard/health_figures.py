"""The health of bot, feed, journal and services as text."""

from typing import Final

from monitoring.dashboard import words
from monitoring.dashboard.markup import Cell, card, cards
from monitoring.dashboard.services import Found
from nautilus_bot.core.control import BotStatus
from nautilus_bot.core.snapshot import Snapshot

CHECKS: Final = ("Check", "State", "Found")
FEEDS: Final = ("Symbol", "Price>", "Marked", "Behind>")
SERVICES: Final = ("Service", "Port>", "State", "Found")
NS: Final = 1_000_000_000


def bot_cards(status: BotStatus) -> str:
    """Return the process, the feed and the journal in figures."""
    journal = status.journal
    feed = status.feed_age_secs
    return cards(
        (
            card(
                "Bot",
                "healthy" if status.health.ok else "not healthy",
                f"process {status.pid}, up {words.length(status.uptime_secs)}",
                tone="gain" if status.health.ok else "loss",
                live=True,
            ),
            card(
                "Heartbeat", f"{status.health.beat:,}", "beats of the trading loop, one a second", live=True
            ),
            card(
                "Feed age",
                f"{feed:.1f} s" if feed >= 0 else words.DASH,
                "since the last market data",
                tone="loss" if feed > 30 else "",
            ),
            card(
                "Journal lag",
                f"{journal.idle_secs:.1f} s",
                "since the last entry",
                tone="loss" if journal.halted or journal.idle_secs > 60 else "",
            ),
            card("Journal", f"{journal.seq:,}", f"entries, {words.size(journal.size_bytes)}"),
            card("Environment", status.environment, f"mode {status.mode}"),
        )
    )


def check_rows(status: BotStatus) -> list[list[str | Cell]]:
    """Return what the bot checks of itself."""
    return [
        [one.name, Cell("well", "badge ok") if one.ok else Cell("not well", "badge bad"), one.text]
        for one in status.health.checks
    ]


def feed_rows(snapshot: Snapshot) -> list[list[str | Cell]]:
    """Return the age of every instrument's last price, in market time."""
    return [
        [
            words.symbol(one.instrument_id),
            words.price(one.price),
            words.clock(one.ts_event),
            f"{max(0, snapshot.market_ns - one.ts_event) / NS:.1f} s" if one.ts_event else words.DASH,
        ]
        for one in snapshot.prices
    ]


def service_rows(found: list[Found]) -> list[list[str | Cell]]:
    """Return the services beside the bot."""
    return [
        [
            one.service.name,
            str(one.service.port),
            Cell("up", "badge ok") if one.up else Cell("down", "badge idle"),
            one.text,
        ]
        for one in found
    ]
