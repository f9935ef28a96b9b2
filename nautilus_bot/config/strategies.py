"""``strategies_config_72h.json``: which strategies trade, on what, and with which parameters."""

import msgspec

from nautilus_bot.config.fields import EvaluateOn, NonNegativeFloat, PositiveFloat, Symbol, Timeframe


class StrategyEntry(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """
    One strategy of the set.

    Parameters
    ----------
    strategy : str
        Class name; one instance runs per symbol.
    enabled : bool, default True
        Whether it trades.
    symbols : tuple[str, ...], default ()
        What it trades; empty is every symbol of the session.
    timeframe : str, default "15m"
        Bars it decides on.
    evaluation : str, default "bar_close"
        ``bar_close``, or ``peek``: also look at the forming bar every ``peek_secs``.
    peek_secs : float, default 3
        Seconds of market time between two looks at the forming bar.
    throttle_secs : float | None, default None
        Least seconds of market time between two entries; null leaves the throttle rule's own figure, and
        so does a figure for this strategy in the risk file.
    parameters : dict[str, float]
        By name; those left out have their defaults. A loaded configuration holds all of them, in the order
        of the kernel.
    """

    strategy: str
    enabled: bool = True
    symbols: tuple[Symbol, ...] = ()
    timeframe: Timeframe = "15m"
    evaluation: EvaluateOn = "bar_close"
    peek_secs: PositiveFloat = 3.0
    throttle_secs: NonNegativeFloat | None = None
    parameters: dict[str, float] = {}


class StrategiesConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """
    The set of strategies.

    Parameters
    ----------
    strategies : tuple[StrategyEntry, ...]
        In the order in which they are listed and reported.
    """

    strategies: tuple[StrategyEntry, ...]

    def enabled(self) -> tuple[StrategyEntry, ...]:
        """Return the strategies that trade."""
        return tuple(entry for entry in self.strategies if entry.enabled)
