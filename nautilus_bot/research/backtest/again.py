"""Count a recorded backtest again: everything that its result says stands in its journal and its manifest."""

import msgspec

from catalog.decisions import decisions_digest
from catalog.manifest import load_manifest
from catalog.store import EventStore
from nautilus_bot.config.bot import BotConfig
from nautilus_bot.core.errors import ConfigError
from nautilus_bot.market.instruments import symbol_of
from nautilus_bot.node.compose import build_node_spec
from nautilus_bot.node.modes import MODES
from nautilus_bot.node.spec import build_strategy
from nautilus_bot.research.backtest.finish import period_of
from nautilus_bot.research.backtest.recorded import load_recorded
from nautilus_bot.research.backtest.rowset import Instance, RowSet, build_rows
from nautilus_bot.research.backtest.trades import build_trades


class Counted(msgspec.Struct, frozen=True, kw_only=True):
    """
    A run's figures, from the event catalog alone.

    Parameters
    ----------
    run_id : str
        The run.
    decisions_digest : str
        SHA-256 over its decisions.
    rows : RowSet
        The account and its parts.
    """

    run_id: str
    decisions_digest: str
    rows: RowSet


def count_again(store: EventStore, name: str) -> Counted:
    """
    Return the figures of a recorded backtest.

    Parameters
    ----------
    store : EventStore
        Where the run is.
    name : str
        Run id, a unique beginning of one, or ``latest``.

    Raises
    ------
    NotFound, CorruptEntry
        If it does not exist or cannot be read.
    ConfigError
        If it is no backtest, or one that did not end.
    """
    folder = store.folder(name)
    manifest = load_manifest(folder)
    if manifest.mode != "backtest" or not manifest.ended_ns or not manifest.data_queries:
        raise ConfigError(
            f"{manifest.run_id}: only a backtest that ended can be counted again, this is a "
            f"{manifest.mode} that is {manifest.status.value}"
        )
    config = msgspec.convert(manifest.config, BotConfig)
    period = period_of(manifest.data_queries, config)
    recorded = load_recorded(folder)
    instances = _instances(config, manifest.session, {one.identifier for one in manifest.data_queries})
    return Counted(
        run_id=manifest.run_id,
        decisions_digest=decisions_digest(folder),
        rows=build_rows(instances, recorded, build_trades(recorded.bookings), period),
    )


def _instances(config: BotConfig, session: str, present: set[str]) -> list[Instance]:
    mode = MODES["backtest"]
    spec = build_node_spec(config, mode, session)
    ran = [build_strategy(one, mode, session) for one in spec.strategies if one.bar_type in present]
    return [Instance(str(one.id), one.name, symbol_of(one.instrument_id)) for one in ran]
