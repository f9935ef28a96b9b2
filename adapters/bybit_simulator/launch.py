"""A simulator ready to run, with the market that its configuration asks for."""

from decimal import Decimal
from pathlib import Path

from adapters.bybit_simulator.config import BybitSimulatorConfig
from adapters.bybit_simulator.exchange import Exchange
from adapters.bybit_simulator.feed import Feed
from adapters.bybit_simulator.instruments import listed_instruments
from adapters.bybit_simulator.market_sources import Market, build_synthetic_market
from adapters.bybit_simulator.relay import Relay, fetch_history
from adapters.bybit_simulator.server import BybitSimulator, Sink
from adapters.bybit_simulator.store import open_store
from nautilus_bot.core.errors import ConfigError


async def start_simulator(config: BybitSimulatorConfig, *, market: Market | None = None) -> BybitSimulator:
    """
    Start a simulator on the market that its configuration names.

    Parameters
    ----------
    config : BybitSimulatorConfig
        What to run.
    market : Market, optional
        A market to play instead of the one that ``config.prices`` names, for example
        ``build_candle_market``.

    Returns
    -------
    BybitSimulator
        Listening; the caller stops it.

    Raises
    ------
    ConfigError
        If prices are to be relayed and no address is given.
    VenueError
        If the port is in use, or the relayed exchange does not answer.
    """
    if market is None and config.prices == "relay":
        return await _started(await _build_relayed(config))
    if market is None and config.prices == "synthetic":
        market = build_synthetic_market(config, resume_ms=_saved_market_ms(config))
    return await _started(_build_played(config, market))


async def _started(simulator: BybitSimulator) -> BybitSimulator:
    await simulator.start()
    return simulator


def _build_played(config: BybitSimulatorConfig, market: Market | None) -> BybitSimulator:
    if market is None:
        return BybitSimulator(config)
    source = market.source
    return BybitSimulator(
        config, history=market.history, drive=lambda sink: Feed(source, sink, config.speed).run()
    )


async def _build_relayed(config: BybitSimulatorConfig) -> BybitSimulator:
    if not (config.relay_ws_url and config.relay_http_url):
        raise ConfigError("prices can only be relayed from an address: set relay_ws_url and relay_http_url")
    history = await fetch_history(config.relay_http_url, config.symbols, config.history_bars)

    async def drive(sink: Sink) -> None:
        await Relay(f"{config.relay_ws_url}/v5/public/linear", config.symbols, sink).run()

    return BybitSimulator(config, history=history, drive=drive)


def _saved_market_ms(config: BybitSimulatorConfig) -> int | None:
    """Return the market time at which a saved account stopped, for an accelerated market to go on from."""
    if config.state_path is None or config.speed <= 1:
        return None
    store = open_store(Path(config.state_path))
    exchange = Exchange(listed_instruments(config.symbols), wallet_usdt=Decimal(0), wall_clock=lambda: 0)
    try:
        found = store.load(exchange)
    finally:
        store.close()
    newest = max(exchange.market(symbol).ts_ms for symbol in config.symbols)
    return newest + 1 if found and newest else None
