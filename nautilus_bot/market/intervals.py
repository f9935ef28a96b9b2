"""Bar intervals: the words of the command line, their length and their Nautilus bar types."""

from typing import Final

from nautilus_trader.model.data import BarType

from nautilus_bot.core.clocks import NS_PER_SEC
from nautilus_bot.core.errors import ConfigError, did_you_mean
from nautilus_bot.market.instruments import instrument_id

INTERVAL_SECS: Final = {
    "1m": 60,
    "5m": 300,
    "15m": 900,
    "30m": 1_800,
    "1h": 3_600,
    "4h": 14_400,
    "1d": 86_400,
}
"""Length of every known interval in seconds."""

_SPECIFICATIONS: Final = {
    "1m": "1-MINUTE",
    "5m": "5-MINUTE",
    "15m": "15-MINUTE",
    "30m": "30-MINUTE",
    "1h": "1-HOUR",
    "4h": "4-HOUR",
    "1d": "1-DAY",
}


def interval_ns(interval: str) -> int:
    """
    Return the length of an interval in nanoseconds.

    Raises
    ------
    ConfigError
        If the interval is not one of ``INTERVAL_SECS``.
    """
    if interval not in INTERVAL_SECS:
        raise ConfigError(
            f"an interval must be one of {', '.join(INTERVAL_SECS)}, was {interval!r}; "
            f"{did_you_mean(interval, INTERVAL_SECS)}"
        )
    return INTERVAL_SECS[interval] * NS_PER_SEC


def bar_type(symbol: str, interval: str) -> BarType:
    """
    Return the bar type of a symbol's trade bars made by the venue.

    Parameters
    ----------
    symbol : str
        E.g. ``BTCUSDT``.
    interval : str
        One of ``INTERVAL_SECS``.

    Returns
    -------
    BarType
        E.g. ``BTCUSDT-LINEAR.BYBIT-15-MINUTE-LAST-EXTERNAL``.
    """
    interval_ns(interval)
    return BarType.from_str(f"{instrument_id(symbol)}-{_SPECIFICATIONS[interval]}-LAST-EXTERNAL")


def mark_bar_type(symbol: str, interval: str) -> BarType:
    """Return the bar type of a symbol's mark-price bars, which have no volume."""
    interval_ns(interval)
    return BarType.from_str(f"{instrument_id(symbol)}-{_SPECIFICATIONS[interval]}-MARK-EXTERNAL")


def bar_length_ns(of: BarType) -> int:
    """Return the length of one bar of a time bar type, in nanoseconds."""
    return int(of.spec.timedelta.total_seconds()) * NS_PER_SEC


def interval_of(of: BarType) -> str:
    """
    Return the interval of a bar type in the words of the command line.

    Raises
    ------
    ConfigError
        If the bar type is of no known interval.
    """
    seconds = bar_length_ns(of) // NS_PER_SEC
    for interval, length in INTERVAL_SECS.items():
        if length == seconds:
            return interval
    raise ConfigError(f"a bar type must be of {', '.join(INTERVAL_SECS)}, was {of}")
