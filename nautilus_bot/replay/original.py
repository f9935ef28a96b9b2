"""The run that is to be replayed: what ran, on which market, with which settings changed."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec
from nautilus_trader.model.data import BarType

from catalog.manifest import RunManifest, load_manifest
from nautilus_bot.config.bot import BotConfig
from nautilus_bot.core.errors import ConfigError, DataError
from nautilus_bot.market.fingerprint import query_fingerprint
from nautilus_bot.market.funding import funding_files, load_funding
from nautilus_bot.node.backtest import Simulation
from nautilus_bot.node.compose import FundingRates, build_node_spec, build_simulation
from nautilus_bot.node.modes import MODES, Mode
from nautilus_bot.node.provenance import code_hash
from nautilus_bot.node.spec import NodeSpec
from nautilus_bot.replay.overrides import override

TRADING_MODES = ("paper", "live")


@dataclass(frozen=True, slots=True)
class Original:
    """
    A recorded run and how it is to be run again.

    Parameters
    ----------
    folder : Path
        Its folder.
    manifest : RunManifest
        What it was.
    config : BotConfig
        Its configuration, with what-if settings applied.
    is_changed : bool
        Whether there are any.
    """

    folder: Path
    manifest: RunManifest
    config: BotConfig
    is_changed: bool

    @property
    def is_trading(self) -> bool:
        """Whether a trading node recorded it, and not a backtest."""
        return self.manifest.mode in TRADING_MODES

    @property
    def code_changed(self) -> bool:
        """Whether the program is another one than the one that recorded it."""
        return bool(self.manifest.code_hash) and self.manifest.code_hash != code_hash()

    @property
    def mode(self) -> Mode:
        """The row of the mode table that it ran in; a replay that is replayed ran as a backtest."""
        return MODES[self.manifest.mode if self.is_trading else "backtest"]

    def spec(self) -> NodeSpec:
        """Return what ran: only what had data, under the ids of the recorded session."""
        spec = build_node_spec(self.config, self.mode, self.manifest.session)
        if not self.manifest.data_queries:
            return spec
        present = {query.identifier for query in self.manifest.data_queries}
        left = tuple(one for one in spec.strategies if one.bar_type in present)
        return msgspec.structs.replace(spec, strategies=left)

    def simulation(self, spec: NodeSpec) -> Simulation:
        """
        Return market and exchange of a recorded backtest.

        Raises
        ------
        DataError
            If the data catalog holds other bars than the run read.
        """
        queries = self.manifest.data_queries
        root = self.data_catalog
        for query in queries:
            found = query_fingerprint(root, BarType.from_str(query.identifier), query.start_ns, query.end_ns)
            if found.blake2b != query.content_hash:
                raise DataError(
                    f"{root} must hold the bars of {query.identifier} that run {self.manifest.run_id} read "
                    f"({query.rows} rows, {query.content_hash[:12]}), it holds others ({found.rows} rows, "
                    f"{found.blake2b[:12]}): the history was changed since"
                )
        return build_simulation(
            self.config,
            spec,
            data_catalog=root,
            start_ns=min(query.start_ns for query in queries),
            end_ns=max(query.end_ns for query in queries),
            funding=self.funding(),
        )

    @property
    def data_catalog(self) -> Path:
        """Folder of the data catalog that a backtest read."""
        return Path(self.config.backtest.data_catalog_path)

    def funding(self) -> FundingRates:
        """Return the funding rates of a backtest; none for a session, which has the venue's own."""
        rates: FundingRates = {}
        root = self.data_catalog
        if not self.config.backtest.funding:
            return rates
        for query in self.manifest.data_queries:
            of = BarType.from_str(query.identifier).instrument_id
            if funding_files(root, of):
                found = load_funding(root, of, query.start_ns, query.end_ns)
                if found:
                    rates.setdefault(str(of), tuple((one.ts_ns, str(one.rate)) for one in found))
        return rates


def load_original(folder: Path, settings: Sequence[str] = ()) -> Original:
    """
    Read what a run was.

    Parameters
    ----------
    folder : Path
        The run's folder.
    settings : Sequence[str]
        What-if settings, see ``overrides``.

    Raises
    ------
    NotFound, CorruptEntry
        If its manifest cannot be read.
    ConfigError
        If a setting is wrong, or the run neither traded nor was a backtest that this program can read.
    """
    manifest = load_manifest(folder)
    if manifest.mode not in MODES and manifest.mode != "replay":
        raise ConfigError(
            f"only what traded can be run again, {manifest.run_id} is of mode {manifest.mode!r}"
        )
    try:
        config = msgspec.convert(manifest.config, BotConfig)
    except msgspec.ValidationError as e:
        raise ConfigError(
            f"the configuration of run {manifest.run_id} must be one that this program knows, "
            f"it is that of another version: {e}"
        ) from e
    return Original(folder, manifest, override(config, settings) if settings else config, bool(settings))
