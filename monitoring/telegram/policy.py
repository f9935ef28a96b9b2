"""What is told, how loudly and when: severity, noise by kind, quiet hours."""

from datetime import UTC, datetime
from typing import Annotated, Final, Literal

import msgspec

from monitoring.telegram.kinds import SEVERITIES, Notification, Severity

type NoiseLevel = Literal["on", "silent", "off"]
Hour = Annotated[int, msgspec.Meta(ge=0, le=23)]

_NS: Final = 1_000_000_000


class QuietHours(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """
    Hours in which only what is critical is sent; the rest waits and comes summed up afterwards.

    Parameters
    ----------
    from_hour, to_hour : int, default 0
        UTC, 0 to 23; the first is quiet, the second is not. Equal hours mean none; they may span midnight.
    """

    from_hour: Hour = 0
    to_hour: Hour = 0

    def cover(self, ts_ns: int) -> bool:
        """Return whether a moment (wall clock, ns UTC) is quiet."""
        hour = datetime.fromtimestamp(ts_ns // _NS, UTC).hour
        if self.from_hour <= self.to_hour:
            return self.from_hour <= hour < self.to_hour
        return hour >= self.from_hour or hour < self.to_hour


class Noise(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """
    How loud each kind is: with sound, without, or not at all. What is critical is always loud.

    Parameters
    ----------
    started, stopped : str, default "on"
        A session began, or ended.
    signal_executed : str, default "silent"
        The order of a signal filled.
    signal_refused : str, default "silent"
        A rule of the gate refused a signal.
    order_rejected : str, default "on"
        The venue rejected an order.
    position_opened, position_closed : str, default "on"
        Positions, with their profit.
    stop_moved : str, default "silent"
        A stop got another price or quantity.
    trading : str, default "on"
        Trading halted, limited or resumed; a strategy paused or resumed.
    guard : str, default "silent"
        A connection or the market data failed, or came back.
    command : str, default "on"
        Somebody else gave the bot a command.
    notice : str, default "off"
        What the bot says besides; most of it is told by the other kinds, too.
    warning : str, default "on"
        The bot warns.
    error : str, default "on"
        Something failed.
    daily_report : str, default "silent"
        What the last day brought.
    """

    started: NoiseLevel = "on"
    stopped: NoiseLevel = "on"
    signal_executed: NoiseLevel = "silent"
    signal_refused: NoiseLevel = "silent"
    order_rejected: NoiseLevel = "on"
    position_opened: NoiseLevel = "on"
    position_closed: NoiseLevel = "on"
    stop_moved: NoiseLevel = "silent"
    trading: NoiseLevel = "on"
    guard: NoiseLevel = "silent"
    command: NoiseLevel = "on"
    notice: NoiseLevel = "off"
    warning: NoiseLevel = "on"
    error: NoiseLevel = "on"
    daily_report: NoiseLevel = "silent"


class Policy(msgspec.Struct, frozen=True, kw_only=True):
    """
    What is told, how loudly and when.

    Parameters
    ----------
    min_severity : Severity, default "info"
        The least that is told.
    noise : Noise
        Level by kind.
    quiet_hours : QuietHours
        When all but what is critical waits.
    """

    min_severity: Severity = "info"
    noise: Noise = Noise()
    quiet_hours: QuietHours = QuietHours()

    def wants(self, notification: Notification) -> bool:
        """Return whether it is told at all; what is critical always is."""
        if notification.is_critical:
            return True
        severe = SEVERITIES.index(notification.severity) >= SEVERITIES.index(self.min_severity)
        # a report is asked for by its hour, not by its severity
        return self._level(notification) != "off" and (severe or notification.kind == "daily_report")

    def is_loud(self, notification: Notification) -> bool:
        """Return whether the phone makes a sound."""
        return notification.is_critical or self._level(notification) == "on"

    def _level(self, notification: Notification) -> NoiseLevel:
        level: NoiseLevel = getattr(self.noise, notification.kind, "on")
        return level
