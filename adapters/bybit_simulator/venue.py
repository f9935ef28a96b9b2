"""The parts of a running simulated exchange, and the two ways in which it changes: commands and ticks."""

import asyncio
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Final

from adapters.bybit_simulator.auth import Authenticator
from adapters.bybit_simulator.config import BybitSimulatorConfig
from adapters.bybit_simulator.exchange import Exchange
from adapters.bybit_simulator.fault_actions import FaultActions
from adapters.bybit_simulator.fault_board import FaultBoard
from adapters.bybit_simulator.instruments import LinearInstrument
from adapters.bybit_simulator.market_board import MarketBoard
from adapters.bybit_simulator.prices import MarketTick
from adapters.bybit_simulator.rate_limits import DEFAULT_LIMITS, RateLimiter
from adapters.bybit_simulator.session import Sessions
from adapters.bybit_simulator.store import ExchangeStore, open_store
from adapters.bybit_simulator.wall_clock import WallClock
from adapters.bybit_simulator.ws_private import PrivateStream
from adapters.bybit_simulator.ws_public import PublicStream

# What a kill of the simulator may forget; a stop forgets nothing.
SAVE_SECS: Final = 0.05


class Venue:
    """
    What every route and socket works on.

    Parameters
    ----------
    config : BybitSimulatorConfig
        The simulator's configuration.
    instruments : Mapping[str, LinearInstrument]
        Listed instruments by symbol.
    board : MarketBoard
        The public markets, with their history.
    control_token : str
        What a caller of ``/control`` must show.
    """

    def __init__(
        self,
        config: BybitSimulatorConfig,
        instruments: Mapping[str, LinearInstrument],
        board: MarketBoard,
        control_token: str,
    ) -> None:
        self.config = config
        self.instruments = instruments
        self.board = board
        self.control_token = control_token
        self.sessions = Sessions()
        self._is_disconnecting = False
        self._store: ExchangeStore | None = None
        self._is_saving = False
        self.fault_actions = FaultActions(self)
        self.faults = FaultBoard(config.seed, self.fault_actions.on_start, self.fault_actions.on_stop)
        self.clock = WallClock(self.faults.skew_ms)
        self.authenticator = Authenticator(config.api_key, config.api_secret)
        scale = config.speed if config.rate_limit_scale is None else config.rate_limit_scale
        self.limiter = RateLimiter({**DEFAULT_LIMITS, **config.rate_limits}, scale=max(scale, 0.0))
        self.exchange = Exchange(
            instruments,
            # A saved account brings its own money, which is only known when its file is opened.
            wallet_usdt=Decimal(0) if config.state_path else config.wallet_usdt,
            wall_clock=self.clock,
            funding_executions=config.funding_executions,
        )
        self.public = PublicStream(board, self.faults)
        self.private = PrivateStream(self.authenticator, self.clock)

    def open_state(self) -> None:
        """
        Open the account's file, if there is one, and take what it holds.

        Raises
        ------
        DataError
            If the file is not an account of this version.
        """
        if self.config.state_path is None:
            return
        self._store = open_store(Path(self.config.state_path))
        if not self._store.load(self.exchange):
            self.exchange.state.ledger.deposit(self.config.wallet_usdt)
            self._store.save(self.exchange)

    def close_state(self) -> None:
        """Write the account and its last prices, and close its file."""
        if self._store is not None:
            self._store.save(self.exchange, force=True)
            self._store.close()
            self._store = None

    def on_tick(self, tick: MarketTick) -> None:
        """Publish a tick, match it against the account's orders, and push what came of it."""
        self.public.on_tick(tick)
        self.exchange.on_tick(tick)
        self.flush()

    def disconnect_after_flush(self) -> None:
        """Close every socket once the next flush has been written."""
        self._is_disconnecting = True

    def flush(self, *, is_lost: bool = False) -> None:
        """
        Push what the exchange has to tell, in this turn of the event loop.

        Parameters
        ----------
        is_lost : bool, default False
            Whether a fault swallows these messages.
        """
        events = self.exchange.drain()
        if events and not is_lost:
            self.private.publish(events)
        if events:
            self._save_soon()
        if self._is_disconnecting:
            self._is_disconnecting = False
            self.fault_actions.disconnect_all()

    def _save_soon(self) -> None:
        """Write a moment later, many changes at once: the disk never delays a push, seldom the next."""
        if self._store is not None and not self._is_saving:
            self._is_saving = True
            asyncio.get_running_loop().call_later(SAVE_SECS, self._save)

    def _save(self) -> None:
        self._is_saving = False
        if self._store is not None:
            self._store.save(self.exchange)
