"""Download funding rates into the data catalog, all or none."""

import time
from functools import partial
from pathlib import Path
from typing import Final

import msgspec

from adapters.bybit.patience import Patience
from adapters.bybit.rest import BybitRest
from adapters.bybit.rest_market import MAX_FUNDING
from nautilus_bot.market.funding import FundingRate, stage_funding
from nautilus_bot.market.instruments import facts_of, instrument_id
from nautilus_bot.market.staging import Staging

NS_PER_MS: Final = 1_000_000


class DownloadedFunding(msgspec.Struct, frozen=True, kw_only=True):
    """
    What a download of funding rates brought.

    Parameters
    ----------
    symbol : str
        E.g. ``BTCUSDT``.
    rows, new_rows : int
        Settlements in the range, and how many were not stored before.
    first_ts, last_ts : int
        Times of the first and last one, ns UTC; zero where the venue has none.
    """

    symbol: str
    rows: int
    new_rows: int
    first_ts: int
    last_ts: int


def download_funding(
    rest: BybitRest,
    patience: Patience,
    root: Path,
    symbol: str,
    start_ns: int | None,
    end_ns: int | None,
) -> DownloadedFunding:
    """
    Fetch an instrument's funding rates and store them.

    Parameters
    ----------
    rest : BybitRest
        Public questions are enough.
    patience : Patience
        How long refusals are waited for.
    root : Path
        The data catalog.
    symbol : str
        One of our table: the interval of its settlements is stored with them.
    start_ns, end_ns : int | None
        The range, ns UTC, end excluded; None for the listing and for now.

    Raises
    ------
    NotFound
        If the symbol is not in our table.
    DataError
        If a rate differs from the one that is stored for its time.
    """
    facts_of(symbol)
    end_ms = (end_ns or time.time_ns()) // NS_PER_MS - 1
    rates = _fetch(rest, patience, symbol, (start_ns or 0) // NS_PER_MS, end_ms)
    if not rates:
        return DownloadedFunding(symbol=symbol, rows=0, new_rows=0, first_ts=0, last_ts=0)
    with Staging(root) as staging:
        new_rows = stage_funding(staging, instrument_id(symbol), rates, rest.url)
        staging.commit()
    return DownloadedFunding(
        symbol=symbol,
        rows=len(rates),
        new_rows=new_rows,
        first_ts=rates[0].ts_ns,
        last_ts=rates[-1].ts_ns,
    )


def _fetch(rest: BybitRest, patience: Patience, symbol: str, start_ms: int, end_ms: int) -> list[FundingRate]:
    """Return all settlements, oldest first; the venue pages from the newest backwards."""
    found: dict[int, FundingRate] = {}
    while start_ms <= end_ms:
        page = patience.ask(partial(rest.funding_rates, symbol, start_ms, end_ms))
        found |= {one.ts_ns: one for one in page}
        if len(page) < MAX_FUNDING:
            break
        end_ms = page[0].ts_ns // NS_PER_MS - 1
    return [found[ts] for ts in sorted(found)]
