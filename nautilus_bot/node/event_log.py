"""What an operator wants to read in the log: signals, verdicts, positions, halts, commands, notices."""

import asyncio
import logging
from typing import Final

from nautilus_trader.model.events import OrderFilled, OrderRejected, PositionClosed

from nautilus_bot.core import topics
from nautilus_bot.core.messages import (
    Notice,
    OperatorCommand,
    RiskVerdict,
    Signal,
    StrategyPaused,
    StrategyResumed,
    TradingHalted,
    TradingReduceOnly,
    TradingResumed,
)
from nautilus_bot.node.session import TradingSession

LOG: Final = logging.getLogger("nautilus_bot.events")
LEVELS: Final = {
    "info": logging.INFO,
    "warning": logging.WARNING,
    "error": logging.ERROR,
    "critical": logging.CRITICAL,
}
TOPICS: Final = (
    "events.order.*",
    "events.position.*",
    topics.SIGNAL + "*",
    topics.VERDICT + "*",
    topics.TRADING + "*",
    topics.OPERATOR + "*",
    topics.NOTICE + "*",
)


async def event_log(session: TradingSession) -> None:
    """Log what happens beside a session, until it ends."""
    bus = session.host.node.kernel.msgbus
    LOG.info("trading: run %s, %s on %s", session.run.run_id, session.mode.name, session.venue.environment)
    for topic in TOPICS:
        bus.subscribe(topic, log_event)
    try:
        await asyncio.Event().wait()
    finally:
        LOG.info("stopping: run %s", session.run.run_id)


def log_event(event: object) -> None:
    """Write one line for an event that an operator should know, and none for others."""
    told = describe(event)
    if told is not None:
        LOG.log(*told)


def describe(event: object) -> tuple[int, str] | None:
    """Return level and text of an event, or None for one that only the journal needs."""
    match event:
        case Signal():
            return logging.INFO, (
                f"signal {event.signal_id}: {event.side} {event.instrument_id} at {event.price}, "
                f"confidence {event.confidence:.2f}: {event.reason}"
            )
        case RiskVerdict(approved=False):
            return logging.WARNING, f"refused {event.client_order_id} by {event.rule}: {event.reason}"
        case OrderFilled():
            side = "BUY" if event.is_buy else "SELL"
            return logging.INFO, f"filled {event.client_order_id}: {side} {event.last_qty} at {event.last_px}"
        case OrderRejected():
            return logging.ERROR, f"the venue rejected {event.client_order_id}: {event.reason}"
        case PositionClosed():
            return logging.INFO, f"closed {event.instrument_id} of {event.strategy_id}: {event.realized_pnl}"
        case TradingHalted():
            return logging.CRITICAL, f"halted by {event.rule or event.author}: {event.reason}"
        case TradingResumed():
            return logging.WARNING, f"resumed by {event.author}: {event.reason}"
        case TradingReduceOnly():
            scope = event.instrument_id or "everything"
            return logging.WARNING, f"{scope} reduce-only by {event.author}: {event.reason}"
        case StrategyPaused():
            return logging.WARNING, f"{event.strategy} paused by {event.author}: {event.reason}"
        case StrategyResumed():
            return logging.INFO, f"{event.strategy} resumed by {event.author}"
        case OperatorCommand():
            return logging.INFO, f"{event.author} asked for {' '.join((event.command, *event.arguments))}"
        case Notice():
            return LEVELS[event.severity], f"{event.component}: {event.text}"
    return None
