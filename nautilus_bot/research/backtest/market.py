"""The market of a backtest: which bars are there, what identifies them, which funding, what is missing."""

from collections.abc import Sequence
from pathlib import Path

import msgspec
from nautilus_trader.model.data import BarType

from catalog.manifest import DataQuery
from nautilus_bot.config.backtest import BacktestConfig
from nautilus_bot.core.clocks import NS_PER_DAY
from nautilus_bot.core.errors import DataError, NotFound
from nautilus_bot.market.data_catalog import bar_types, series_files
from nautilus_bot.market.fingerprint import query_fingerprint
from nautilus_bot.market.funding import funding_files, load_funding
from nautilus_bot.market.instruments import symbol_of
from nautilus_bot.market.intervals import bar_length_ns, interval_of
from nautilus_bot.market.synthetic_store import ensure_synthetic, synthetic_origin
from nautilus_bot.node.compose import FundingRates


class BacktestMarket(msgspec.Struct, frozen=True, kw_only=True):
    """
    What a backtest runs on.

    Parameters
    ----------
    data_catalog : str
        Folder of the data catalog.
    origin : str
        ``history``, or ``synthetic, seed N``.
    start_ns, end_ns : int
        First and last closing time of a bar, ns UTC.
    queries : tuple[DataQuery, ...]
        The series with their content hashes, as the run's manifest keeps them.
    funding : FundingRates
        Settlements by instrument id.
    absences : tuple[str, ...]
        One sentence for each thing that is missing; nothing missing is taken for zero.
    """

    data_catalog: str
    origin: str
    start_ns: int
    end_ns: int
    queries: tuple[DataQuery, ...]
    funding: FundingRates
    absences: tuple[str, ...]

    @property
    def bars(self) -> int:
        """Number of bars of all series."""
        return sum(query.rows for query in self.queries)


def load_market(config: BacktestConfig, wanted: Sequence[BarType]) -> BacktestMarket:
    """
    Find the bars of a backtest; where there is no history and the configuration allows it, make a market.

    Parameters
    ----------
    config : BacktestConfig
        Source, time range, and whether funding is settled.
    wanted : Sequence[BarType]
        What the strategies trade.

    Raises
    ------
    NotFound
        If none of the series has a bar in the time range.
    DataError
        If a file is damaged, or history and a synthetic market would be mixed.
    """
    root = Path(config.data_catalog_path)
    _provide(root, config, wanted)
    present = [one for one in wanted if series_files(root, one)]
    absences = [f"{_name(one)}: no bars in {root}, left out" for one in wanted if one not in present]
    queries = []
    for one in present:
        try:
            queries.append(_query(root, one, config))
        except NotFound:
            absences.append(f"{_name(one)}: no bars within {config.timerange}, left out")
    if not queries:
        raise NotFound(f"a backtest must have bars, there are none: {'; '.join(absences)}{_hint(root)}")
    funding, unfunded = _load_funding(root, queries) if config.funding else ({}, ["funding is switched off"])
    origin = synthetic_origin(root, queries[0].identifier)
    return BacktestMarket(
        data_catalog=str(root),
        origin="history" if origin is None else f"synthetic, seed {origin.seed}",
        start_ns=min(query.start_ns for query in queries),
        end_ns=max(query.end_ns for query in queries),
        queries=tuple(queries),
        funding=funding,
        absences=(*absences, *unfunded),
    )


def _provide(root: Path, config: BacktestConfig, wanted: Sequence[BarType]) -> None:
    """Make the synthetic market, where it is asked for or nothing else is there."""
    kinds = bar_types(root)
    has_history = any(synthetic_origin(root, str(kind)) is None for kind in kinds)
    if config.market_data == "history" or (config.market_data == "auto" and has_history):
        if kinds and not has_history:
            raise DataError(
                f"market_data 'history' needs real candles, {root} holds a synthetic market; "
                "run `nautilus-bot import-data`, or set market_data to 'auto'"
            )
        return
    if config.market_data == "auto" and any(series_files(root, one) for one in wanted):
        # what is missing beside a made-up market is named: another seed would be another market
        return
    for interval in dict.fromkeys(interval_of(one) for one in wanted):
        symbols = [symbol_of(one.instrument_id) for one in wanted if interval_of(one) == interval]
        length = bar_length_ns(next(one for one in wanted if interval_of(one) == interval))
        days = -(-config.synthetic.bars * length // NS_PER_DAY)
        ensure_synthetic(root, config.synthetic.seed, days, symbols, interval=interval)


def _query(root: Path, one: BarType, config: BacktestConfig) -> DataQuery:
    # a bar belongs to the day in which it opens, and carries the time it closes
    period = config.period()
    start = None if period.start_ns is None else period.start_ns + bar_length_ns(one)
    found = query_fingerprint(root, one, start, period.end_ns)
    return DataQuery(
        identifier=str(one),
        start_ns=found.first_ts,
        end_ns=found.last_ts,
        rows=found.rows,
        content_hash=found.blake2b,
    )


def _load_funding(root: Path, queries: Sequence[DataQuery]) -> tuple[FundingRates, list[str]]:
    funding: FundingRates = {}
    absences = []
    for query in queries:
        of = BarType.from_str(query.identifier).instrument_id
        if str(of) in funding:
            continue
        rates = load_funding(root, of, query.start_ns, query.end_ns) if funding_files(root, of) else []
        if rates:
            funding[str(of)] = tuple((one.ts_ns, str(one.rate)) for one in rates)
        else:
            absences.append(f"{symbol_of(of)}: no funding rates in {root}, its positions pay none here")
    return funding, absences


def _name(of: BarType) -> str:
    return f"{symbol_of(of.instrument_id)} {interval_of(of)}"


def _hint(root: Path) -> str:
    kinds = bar_types(root)
    if not kinds:
        return "; run `nautilus-bot import-data` for history or `nautilus-bot make-data` for a made-up market"
    return f"; {root} has {', '.join(_name(kind) for kind in kinds)} (see `nautilus-bot list-data`)"
