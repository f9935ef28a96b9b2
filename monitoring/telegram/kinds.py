"""What an operator is told: the kinds of notification, and one notification."""

from typing import Final, Literal, NamedTuple

import msgspec

type Severity = Literal["info", "warning", "error", "critical"]
SEVERITIES: Final[tuple[Severity, ...]] = ("info", "warning", "error", "critical")
"""From the least to the most severe."""

CRITICAL: Final = "critical"


class Kind(NamedTuple):
    """A kind of notification and what it means; its level of noise is set under the same name."""

    name: str
    meaning: str


KINDS: Final = (
    Kind("started", "a session began"),
    Kind("stopped", "a session ended, as it should or not"),
    Kind("signal_executed", "the order of a signal filled"),
    Kind("signal_refused", "a rule of the gate refused a signal"),
    Kind("order_rejected", "the venue rejected an order"),
    Kind("position_opened", "a position was opened"),
    Kind("position_closed", "a position was closed, with its profit"),
    Kind("stop_moved", "a stop got another price or quantity"),
    Kind("trading", "trading was halted, limited or resumed, a strategy paused or resumed"),
    Kind("guard", "a connection or the market data failed, or came back"),
    Kind("command", "somebody else gave the bot a command"),
    Kind("notice", "what the bot says besides; most of it is told by the other kinds, too"),
    Kind("warning", "the bot warns"),
    Kind("error", "something failed"),
    Kind("critical", "somebody must look now; cannot be switched off"),
    Kind("daily_report", "what the last day brought"),
)


class Notification(msgspec.Struct, frozen=True, kw_only=True):
    """
    One thing to tell.

    Parameters
    ----------
    key : str
        Says which fact this is: the queue takes each key once.
    kind : str
        Of ``KINDS``.
    severity : Severity
        What is ``critical`` is always told, at once and with sound.
    text : str
        Name of the text, in ``words_en`` and ``words_es``.
    ts_ns : int
        When it happened, wall clock, ns UTC.
    facts : dict[str, str]
        What the text's placeholders stand for, as plain text.
    """

    key: str
    kind: str
    severity: Severity
    text: str
    ts_ns: int
    facts: dict[str, str] = {}

    @property
    def is_critical(self) -> bool:
        """Whether it may neither be lost, held back nor summed up."""
        return self.severity == CRITICAL
