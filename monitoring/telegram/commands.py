"""Everything an operator may ask for in the chat: one literal table."""

from collections.abc import Callable
from typing import Final, Literal, NamedTuple

from monitoring.telegram import answers
from monitoring.telegram.answers import Question
from nautilus_bot.core.control import (
    AnyCommand,
    CloseAll,
    CloseSymbol,
    HaltTrading,
    PauseStrategy,
    ResumeStrategy,
    ResumeTrading,
    StopBot,
)


class Ask(NamedTuple):
    """
    A question that changes nothing.

    Parameters
    ----------
    name : str
        What is typed behind the slash.
    answer : Callable[[Question], str]
        Makes the answer; may block.
    needs : str
        What must stand behind the command; empty for nothing.
    """

    name: str
    answer: Callable[[Question], str]
    needs: Literal["", "id"] = ""


class Act(NamedTuple):
    """
    A command to the bot.

    Parameters
    ----------
    name : str
        What is typed behind the slash.
    command : Callable[[str], AnyCommand]
        Makes the command of what stands behind it.
    needs : str
        What must stand there; empty for nothing.
    confirm : bool
        Whether it asks first.
    late : bool
        Whether it is carried out when it arrives late: only what makes things safer.
    """

    name: str
    command: Callable[[str], AnyCommand]
    needs: Literal["", "strategy", "symbol"] = ""
    confirm: bool = False
    late: bool = False


REASON: Final = "asked for in Telegram"


def _halt(argument: str) -> AnyCommand:
    return HaltTrading(reason=argument or REASON)


def _resume_trading(argument: str) -> AnyCommand:
    return ResumeTrading(reason=argument or REASON)


def _pause(argument: str) -> AnyCommand:
    return PauseStrategy(strategy=argument, reason=REASON)


def _resume(argument: str) -> AnyCommand:
    return ResumeStrategy(strategy=argument)


def _close(argument: str) -> AnyCommand:
    return CloseSymbol(symbol=argument)


def _close_all(_argument: str) -> AnyCommand:
    return CloseAll()


def _stop(argument: str) -> AnyCommand:
    return StopBot(reason=argument or REASON)


def _help(question: Question) -> str:
    return "\n".join(f"/{one.name} - {question.texts.word(f'help_{one.name}')}" for one in COMMANDS)


COMMANDS: Final[tuple[Ask | Act, ...]] = (
    Ask("status", answers.status),
    Ask("balance", answers.balance),
    Ask("positions", answers.positions),
    Ask("profit", answers.profit),
    Ask("daily", answers.daily),
    Ask("weekly", answers.weekly),
    Ask("signals", answers.signals),
    Ask("why", answers.why, needs="id"),
    Ask("strategies", answers.strategies),
    Act("pause", _pause, needs="strategy"),
    Act("resume", _resume, needs="strategy"),
    Act("halt", _halt, late=True),
    Act("resume_trading", _resume_trading, confirm=True),
    Act("close", _close, needs="symbol", confirm=True),
    Act("close_all", _close_all, confirm=True),
    Act("stop", _stop, confirm=True),
    Ask("risk", answers.risk),
    Ask("health", answers.health),
    Ask("log", answers.log),
    Ask("version", answers.version),
    Ask("help", _help),
)

EXAMPLES: Final = {"id": "TOXIDR-RSI-BTCUSDT-1", "strategy": "RSIEMAMomentumStrategy", "symbol": "BTCUSDT"}
"""What may stand behind a command, by what it needs."""


def find(name: str) -> Ask | Act | None:
    """Return the command of a name."""
    return next((one for one in COMMANDS if one.name == name), None)
