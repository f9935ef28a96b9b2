"""Funding rates in the data catalog, as Nautilus's ``FundingRateUpdate``."""

from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Final

import msgspec
from nautilus_trader.model.data import FundingRateUpdate
from nautilus_trader.model.identifiers import InstrumentId
from nautilus_trader.persistence.catalog import ParquetDataCatalog

from nautilus_bot.core.errors import DataError, NotFound
from nautilus_bot.market.instruments import facts_of, symbol_of
from nautilus_bot.market.staging import Staging

RATE_DECIMALS: Final = 10
"""Decimals of a stored rate; Bybit gives eight."""


class FundingRate(msgspec.Struct, frozen=True):
    """
    One funding settlement.

    Parameters
    ----------
    ts_ns : int
        Time of the settlement, ns UTC.
    rate : Decimal
        Share of the position's value that a long pays to a short (0.0001 = 1 basis point).
    """

    ts_ns: int
    rate: Decimal


def rate_from_float(value: float) -> Decimal:
    """Return a rate without the noise of its float."""
    return Decimal(f"{value:.{RATE_DECIMALS}f}").normalize()


def funding_files(root: Path, instrument_id: InstrumentId) -> list[Path]:
    """Return the Parquet files that hold an instrument's funding rates."""
    return sorted((root / "data" / "funding_rate_update" / str(instrument_id)).glob("*.parquet"))


def load_funding(
    root: Path, instrument_id: InstrumentId, start_ns: int | None = None, end_ns: int | None = None
) -> list[FundingRate]:
    """
    Return an instrument's funding rates, oldest first.

    Parameters
    ----------
    root : Path
        The data catalog.
    instrument_id : InstrumentId
        E.g. ``BTCUSDT-LINEAR.BYBIT``.
    start_ns, end_ns : int | None
        First and last settlement, ns UTC, both included; None for no limit.

    Raises
    ------
    NotFound
        If the data catalog has no funding of the instrument; it is never taken for zero.
    """
    if not funding_files(root, instrument_id):
        raise NotFound(
            f"no funding rates of {instrument_id} in {root}; import its *_funding.parquet, "
            "or run without funding and say so"
        )
    updates = ParquetDataCatalog(root.absolute()).query(
        FundingRateUpdate, identifiers=[str(instrument_id)], start=start_ns, end=end_ns
    )
    # Nautilus's reader leaves the rate a string
    return [FundingRate(update.ts_event, Decimal(update.rate)) for update in updates]


def stage_funding(
    staging: Staging, instrument_id: InstrumentId, rates: Sequence[FundingRate], source: str
) -> int:
    """
    Put an instrument's funding rates, old and new, into a staging directory.

    Parameters
    ----------
    staging : Staging
        Becomes part of the data catalog when it commits.
    instrument_id : InstrumentId
        The instrument.
    rates : Sequence[FundingRate]
        Oldest first, no time twice.
    source : str
        File name for the message.

    Returns
    -------
    int
        Rates that were new.

    Raises
    ------
    DataError
        If a rate differs from the one that is stored for its time.
    """
    files = funding_files(staging.root, instrument_id)
    stored = load_funding(staging.root, instrument_id) if files else []
    known = {one.ts_ns: one.rate for one in stored}
    for row, one in enumerate(rates, start=1):
        if known.get(one.ts_ns, one.rate) != one.rate:
            raise DataError(
                f"{source}: row {row}: a funding rate must equal the one that is there already; "
                f"ts={one.ts_ns} has {one.rate}, stored is {known[one.ts_ns]}; nothing was imported"
            )
    fresh = [one for one in rates if one.ts_ns not in known]
    if fresh:
        for path in files:
            staging.replace(path)
        _write(staging.directory, instrument_id, sorted([*stored, *fresh], key=lambda one: one.ts_ns))
    return len(fresh)


def _write(directory: Path, instrument_id: InstrumentId, rates: Sequence[FundingRate]) -> None:
    minutes = facts_of(symbol_of(instrument_id)).funding_interval_mins
    updates = [FundingRateUpdate(instrument_id, one.rate, one.ts_ns, one.ts_ns, minutes) for one in rates]
    ParquetDataCatalog(directory.absolute()).write_data(updates)
