"""
Fork a run: its state as of one moment, then the market that followed, under other settings.

The recorded entries up to the moment are folded into a state, as a recovery does it. Orders that were open
then are cancelled and placed again at the simulated exchange, which has never heard of them.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

import msgspec
from nautilus_trader.backtest.node import BacktestNode
from nautilus_trader.core.uuid import UUID4
from nautilus_trader.model.data import Bar, BarType
from nautilus_trader.model.events import OrderCanceled
from nautilus_trader.model.instruments import Instrument
from nautilus_trader.model.orders import Order

from catalog.entry import Entry
from catalog.reader import entries, last_seq
from catalog.seen_bars import SeenBar, seen_bars
from catalog.store import EventStore, Run
from nautilus_bot.core.errors import NotFound
from nautilus_bot.core.messages import WarmupBars
from nautilus_bot.core.session_state import SessionSnapshot
from nautilus_bot.market.data_catalog import load_candles, open_data_catalog, to_bars
from nautilus_bot.node.backtest import spare_analyzer
from nautilus_bot.node.builder import wire
from nautilus_bot.node.memory import SessionMemory
from nautilus_bot.node.protect import Protector
from nautilus_bot.node.recovery import Recovery, seed
from nautilus_bot.node.snapshots import fold_session
from nautilus_bot.replay.decision_replay import compare
from nautilus_bot.replay.feeder import Feeder, Resumption, feed
from nautilus_bot.replay.original import Original, load_original
from nautilus_bot.replay.record import load_recorded_run
from nautilus_bot.replay.resimulate import as_simulated, build_replay_config, in_market_time, new_replay
from nautilus_bot.replay.run_replay import ReplayResult, count_kinds, decisions_of
from nautilus_bot.replay.tally import tally
from strategies.base import SignalStrategy

SESSION_MARK: Final = "F"
"""Closes the session token of a fork: its ids never meet those of the original."""


class _Moment(NamedTuple):
    """Where a fork begins: the state, the last entry, and the market clock."""

    state: SessionSnapshot
    seq: int
    market_ns: int


def fork_run(store: EventStore, name: str, until: int, settings: Sequence[str]) -> ReplayResult:
    """
    Go on from one entry of a run as a new run.

    Parameters
    ----------
    store : EventStore
        Where the run is, and where the fork is recorded.
    name : str
        Run id, a unique beginning of one, or ``latest``.
    until : int
        Last entry that counts; see ``entry_at`` for a time.
    settings : Sequence[str]
        What-if settings, see ``overrides``.

    Raises
    ------
    NotFound
        If there is no such run or entry.
    ConfigError
        If a setting is wrong.
    """
    original = load_original(store.folder(name), settings)
    if not 0 < until <= last_seq(original.folder):
        raise NotFound(
            f"--until must be an entry of run {original.manifest.run_id}, 1 to {last_seq(original.folder)}, "
            f"was {until}"
        )
    market = _Market(original)
    state = fold_session(original.folder, until_seq=until, instruments=market.instruments)
    moment = _Moment(state, until, max(state.ts_event, _entry(original.folder, until).ts_market))
    fork = new_replay(original, store, original.manifest.session + SESSION_MARK)
    try:
        _continue(original, market, moment, fork)
    except BaseException:
        fork.journal.close()
        raise
    fork.end()
    recorded = decisions_of(original.folder, after_ns=moment.market_ns)
    replayed = decisions_of(fork.folder)
    return ReplayResult(
        run_id=original.manifest.run_id,
        mode=original.manifest.mode,
        how="fork",
        code_changed=original.code_changed,
        settings=tuple(settings),
        decisions=compare(recorded, replayed),
        kinds=count_kinds(recorded, replayed),
        original=tally(original.folder, after_seq=until),
        replay_run=fork.run_id,
        replayed=tally(fork.folder),
    )


def entry_at(folder: Path, market_ns: int) -> int:
    """
    Return the last entry up to a moment of the market clock.

    Raises
    ------
    NotFound
        If the run began later.
    """
    found = 0
    for entry in entries(folder):
        if entry.ts_market > market_ns:
            break
        found = entry.seq
    if not found:
        raise NotFound(f"run {folder.name} must have begun by then, its first entry is later")
    return found


def _continue(original: Original, market: "_Market", moment: _Moment, fork: Run) -> None:
    state = moment.state
    mode = as_simulated(original.mode)
    # exits are cancelled by the strategies: those of the fold are re-made without the exchange's links
    mode = msgspec.structs.replace(mode, exits_linked_by_venue=False, warmup_bars=1, records_inputs=True)
    spec = msgspec.structs.replace(original.spec(), mode=mode, session=fork.manifest.session)
    config = build_replay_config(original, f"{state.risk.balance_usdt:.8f}", market.funding)
    node = BacktestNode([config])
    node.build()
    engine = node.get_engines()[0]
    try:
        for instrument in market.instruments:
            engine.add_instrument(instrument)
        spare_analyzer(engine)
        wiring = wire(engine.kernel, spec, fork.journal)
        memory = SessionMemory()
        memory.install(engine.kernel.msgbus)
        book = msgspec.structs.replace(state.book, accounts=(), instruments=())
        seed(Recovery(state=msgspec.structs.replace(state, book=book)), engine.kernel, wiring, memory)
        protector = Protector(
            wiring.strategies, engine.kernel.cache, wiring.context, memory, engine.kernel.msgbus
        )

        # before the engine's clock starts: its first tick forgets closed orders
        for strategy in wiring.strategies:
            assert isinstance(strategy, SignalStrategy)
            net = wiring.context.ledgers.quantity(strategy.id.value, strategy.instrument_id.value)
            strategy.restore(memory.signals_of(strategy.id.value), net)

        def resume() -> None:
            for order in engine.kernel.cache.orders_open() + engine.kernel.cache.orders_inflight():
                engine.kernel.exec_engine.process(_withdrawn(order, engine.kernel.clock.timestamp_ns()))
            protector.repair()

        engine.add_actor(Feeder(engine.kernel.exec_engine.process, None, protector.repeat))
        feed(engine, [*market.history(moment), Resumption(resume), *market.after(moment)])
        node.run()
    finally:
        engine.dispose()


class _Market:
    """What the original saw, cut in two at the moment of the fork."""

    def __init__(self, original: Original) -> None:
        self._original = original
        self._series = tuple(dict.fromkeys(one.bar_type for one in original.spec().strategies))
        self.funding = original.funding()
        self.instruments: list[Instrument] = self._instruments()

    def history(self, moment: _Moment) -> Iterator[WarmupBars]:
        """Yield all bars up to the moment, as history that nobody trades on."""
        for name in self._series:
            bars = [bar for bar in self._bars(name) if bar.ts <= moment.market_ns]
            rows = tuple((bar.ts, *bar.ohlcv()) for bar in bars)
            yield WarmupBars(
                ts_event=rows[-1][0] if rows else 0,
                bar_type=name,
                instrument_id=BarType.from_str(name).instrument_id.value,
                rows=rows,
            )

    def after(self, moment: _Moment) -> Iterator[Any]:
        """Yield what came after it."""
        if self._original.is_trading:
            record = load_recorded_run(self._original.folder, after_seq=moment.seq)
            for message in in_market_time(record.inputs):
                if not isinstance(message, WarmupBars):
                    yield message
            return
        yield from sorted(self._catalog_bars(moment.market_ns), key=lambda bar: bar.ts_init)

    def _bars(self, name: str) -> list[SeenBar]:
        return seen_bars(self._original.folder, BarType.from_str(name))

    def _instruments(self) -> list[Instrument]:
        if self._original.is_trading:
            return load_recorded_run(self._original.folder).instruments
        wanted = sorted({str(BarType.from_str(name).instrument_id) for name in self._series})
        catalog = open_data_catalog(self._original.data_catalog)
        return list(catalog.instruments(instrument_ids=wanted))

    def _catalog_bars(self, now_ns: int) -> Iterator[Bar]:
        by_id = {instrument.id: instrument for instrument in self.instruments}
        for query in self._original.manifest.data_queries:
            series = BarType.from_str(query.identifier)
            candles = load_candles(self._original.data_catalog, series, now_ns + 1, query.end_ns)
            yield from to_bars(by_id[series.instrument_id], series, candles)


def _entry(folder: Path, seq: int) -> Entry:
    return next(entries(folder, after_seq=seq - 1, limit=1))


def _withdrawn(order: Order, now_ns: int) -> OrderCanceled:
    return OrderCanceled(
        order.trader_id,
        order.strategy_id,
        order.instrument_id,
        order.client_order_id,
        order.venue_order_id,
        order.account_id,
        UUID4(),
        now_ns,
        now_ns,
    )
