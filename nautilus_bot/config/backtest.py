"""``backtest.json``: what a backtest runs on, and where everything is kept."""

from typing import Literal

import msgspec

from nautilus_bot.config.fields import (
    NonNegativeFloat,
    NonNegativeInt,
    PositiveFloat,
    PositiveInt,
    Symbol,
    Timeframe,
)
from nautilus_bot.config.timerange import TimeRange, parse_timerange


class SyntheticConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """
    The market that is made up where there is no history.

    Parameters
    ----------
    seed : int, default 1
        The same seed gives the same market.
    bars : int, default 3000
        Bars per symbol on the backtest's timeframe.
    """

    seed: NonNegativeInt = 1
    bars: PositiveInt = 3_000


class BacktestConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """
    Configuration of a backtest.

    Fees are not here: they are those of the instrument.

    Parameters
    ----------
    symbols : tuple[str, ...]
        What is traded; each must be listed in the venue's file.
    timeframe : str | None, default None
        Replaces the timeframe of every strategy; null leaves each its own.
    timerange : str, default ""
        ``YYYYMMDD-YYYYMMDD``, first and last UTC day, either side may be left out; empty is everything.
    capital_usdt : float, default 10000
        Starting balance shared by all strategies, USDT.
    slippage_ticks : int, default 1
        Price increments that a market or stop order loses against the bar's price.
    latency_ms : float, default 0
        From a command's submission to its arrival at the exchange, milliseconds.
    funding : bool, default True
        Settle funding where the data catalog holds its rates.
    market_data : str, default "auto"
        ``history`` (the data catalog), ``synthetic``, or ``auto``: history where there is any.
    data_catalog_path, event_store_path, report_path : str
        Folders, relative to the working directory.
    synthetic : SyntheticConfig
        The made-up market.
    venue_file, strategies_file, risk_file, alert_file : str
        The other files, relative to this one.
    """

    symbols: tuple[Symbol, ...] = ("BTCUSDT", "ETHUSDT", "SOLUSDT")
    timeframe: Timeframe | None = None
    timerange: str = ""
    capital_usdt: PositiveFloat = 10_000.0
    slippage_ticks: NonNegativeInt = 1
    latency_ms: NonNegativeFloat = 0.0
    funding: bool = True
    market_data: Literal["auto", "history", "synthetic"] = "auto"
    data_catalog_path: str = "data_catalog"
    event_store_path: str = "var/events"
    report_path: str = "var/reports"
    synthetic: SyntheticConfig = SyntheticConfig()
    venue_file: str = "bybit_x_config.json"
    strategies_file: str = "strategies_config_72h.json"
    risk_file: str = "risk_config.json"
    alert_file: str = "alert_config.json"

    def period(self) -> TimeRange:
        """Return the time range in nanoseconds."""
        return parse_timerange(self.timerange)
