"""Figures and times as a person reads them; a value that is not there is a dash."""

from datetime import UTC, datetime
from typing import Final

DASH: Final = "-"
_NS: Final = 1_000_000_000


def usdt(value: float | None, *, signed: bool = False) -> str:
    """Return an amount in USDT with two decimals and thousands apart."""
    if value is None:
        return DASH
    return f"{value:+,.2f}" if signed else f"{value:,.2f}"


def pct(value: float | None, *, signed: bool = False) -> str:
    """Return a percentage."""
    if value is None:
        return DASH
    return f"{value:+.2f} %" if signed else f"{value:.2f} %"


def price(value: float | str | None) -> str:
    """Return a price with its own digits, thousands apart."""
    if value is None or value == "":
        return DASH
    if isinstance(value, float):
        return f"{value:,.6f}".rstrip("0").rstrip(".")
    decimals = len(value.partition(".")[2])
    return f"{float(value):,.{decimals}f}"


def symbol(instrument_id: str) -> str:
    """Return ``BTCUSDT`` of ``BTCUSDT-LINEAR.BYBIT``."""
    return instrument_id.partition("-")[0]


def strategy(name: str) -> str:
    """Return a strategy's class name without the word that all of them end with."""
    return name.removesuffix("Strategy")


def moment(ts_ns: int) -> str:
    """Return a date and time in UTC."""
    return f"{datetime.fromtimestamp(ts_ns // _NS, UTC):%Y-%m-%d %H:%M:%S}" if ts_ns else DASH


def clock(ts_ns: int) -> str:
    """Return day and time of day in UTC."""
    return f"{datetime.fromtimestamp(ts_ns // _NS, UTC):%d %b %H:%M:%S}" if ts_ns else DASH


def length(secs: float) -> str:
    """Return a length of time in its two largest units."""
    if secs < 60:
        return f"{secs:.0f} s"
    minutes = int(secs // 60)
    if minutes < 60:
        return f"{minutes} min {int(secs % 60)} s"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours < 48 else f"{hours // 24} d {hours % 24} h"


def size(count: int) -> str:
    """Return a number of bytes."""
    return f"{count / 1e6:,.1f} MB" if count >= 1_000_000 else f"{count / 1e3:,.1f} kB"


def tone(value: float | None) -> str:
    """Return the colour class of a profit."""
    if not value:
        return ""
    return "gain" if value > 0 else "loss"
