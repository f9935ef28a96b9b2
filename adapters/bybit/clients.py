"""Configurations and factories of Nautilus's Bybit clients, with every address set."""

import asyncio
from dataclasses import dataclass
from typing import ClassVar

from nautilus_trader.adapters.bybit import (
    BybitDataClientConfig,
    BybitExecClientConfig,
    BybitLiveDataClientFactory,
)
from nautilus_trader.adapters.bybit.data import BybitDataClient
from nautilus_trader.adapters.bybit.factories import (
    get_cached_bybit_http_client,
    get_cached_bybit_instrument_provider,
)
from nautilus_trader.cache.cache import Cache
from nautilus_trader.common.component import LiveClock, MessageBus
from nautilus_trader.config import InstrumentProviderConfig
from nautilus_trader.core import nautilus_pyo3
from nautilus_trader.core.nautilus_pyo3 import (
    BybitEnvironment,
    BybitMarginMode,
    BybitPositionMode,
    BybitProductType,
)
from nautilus_trader.live.factories import LiveDataClientFactory, LiveExecClientFactory
from nautilus_trader.model.identifiers import InstrumentId

from adapters.bybit.addresses import ENVIRONMENTS, BybitAddresses, EnvironmentName
from adapters.bybit.execution import FundingSafeExecutionClient
from adapters.bybit.funding_log import FundingLog
from adapters.bybit.recent import RecentIds
from adapters.bybit.rest import BybitRest
from adapters.bybit.stream import ReplaceableStream

HEARTBEAT_SECS = 20


@dataclass(slots=True)
class VenueLinks:
    """
    What a node built from a venue, for those who watch over it; None until then.

    Parameters
    ----------
    execution : FundingSafeExecutionClient | None
        The execution client.
    data : BybitDataClient | None
        The data client.
    public, private, trade : ReplaceableStream | None
        Its sockets and that of the data client; demo accounts have no trade stream in use.
    """

    execution: FundingSafeExecutionClient | None = None
    data: BybitDataClient | None = None
    public: ReplaceableStream | None = None
    private: ReplaceableStream | None = None
    trade: ReplaceableStream | None = None


class BybitVenue:
    """
    A venue that a node can connect to: where it is, which keys, which symbols.

    Parameters
    ----------
    environment : EnvironmentName
        For what the client treats differently on testnet and demo.
    addresses : BybitAddresses
        All four of them.
    api_key, api_secret : str
        The account's keys.
    symbols : tuple[str, ...]
        E.g. ``("BTCUSDT",)``.
    leverage : int
        Set at the venue for every symbol.
    account : str, default ""
        What tells this account from others over restarts; empty asks the venue (see ``account_name``).
    """

    def __init__(
        self,
        environment: EnvironmentName,
        addresses: BybitAddresses,
        api_key: str,
        api_secret: str,
        symbols: tuple[str, ...],
        leverage: int = 10,
        account: str = "",
    ) -> None:
        self.environment = environment
        self.addresses = addresses
        self.api_key = api_key
        self.api_secret = api_secret
        self.symbols = symbols
        self.leverage = leverage
        self.account = account
        self.links = VenueLinks()
        self.funding = FundingLog()

    @property
    def trades_over_http(self) -> bool:
        """Whether orders go over REST: demo accounts have no order-entry stream."""
        return ENVIRONMENTS[self.environment] == BybitEnvironment.DEMO

    def rest(self) -> BybitRest:
        """Return a REST session with this venue's keys."""
        return BybitRest(self.addresses, self.api_key, self.api_secret)

    def data_config(self) -> BybitDataClientConfig:
        """Return the configuration of Nautilus's data client."""
        return BybitDataClientConfig(
            api_key=self.api_key,
            api_secret=self.api_secret,
            environment=ENVIRONMENTS[self.environment],
            base_url_http=self.addresses.rest_url,
            product_types=(BybitProductType.LINEAR,),
            instrument_provider=self._provider_config(),
        )

    def exec_config(self) -> BybitExecClientConfig:
        """Return the configuration of Nautilus's execution client: one-way mode, cross margin."""
        names = [f"{symbol}-LINEAR" for symbol in self.symbols]
        return BybitExecClientConfig(
            api_key=self.api_key,
            api_secret=self.api_secret,
            environment=ENVIRONMENTS[self.environment],
            base_url_http=self.addresses.rest_url,
            base_url_ws_private=self.addresses.ws_private_url,
            base_url_ws_trade=self.addresses.ws_trade_url,
            product_types=(BybitProductType.LINEAR,),
            instrument_provider=self._provider_config(),
            futures_leverages=dict.fromkeys(names, self.leverage),
            position_mode=dict.fromkeys(names, BybitPositionMode.MERGED_SINGLE),
            margin_mode=BybitMarginMode.REGULAR_MARGIN,
        )

    def data_factory(self) -> type[LiveDataClientFactory]:
        """Return a factory whose public stream has this venue's address."""

        class DataFactory(_DataClientFactory):
            venue = self

        return DataFactory

    def exec_factory(self) -> type[LiveExecClientFactory]:
        """Return a factory of the execution client that does not take funding for fills."""

        class ExecFactory(_ExecClientFactory):
            venue = self

        return ExecFactory

    def _provider_config(self) -> InstrumentProviderConfig:
        ids = frozenset(InstrumentId.from_str(f"{symbol}-LINEAR.BYBIT") for symbol in self.symbols)
        return InstrumentProviderConfig(load_ids=ids)


class _DataClientFactory(BybitLiveDataClientFactory):
    """Build Nautilus's data client; it has no setting for the public stream, so that is replaced here."""

    venue: ClassVar[BybitVenue]

    @classmethod
    def create(
        cls,
        loop: asyncio.AbstractEventLoop,
        name: str,
        config: BybitDataClientConfig,
        msgbus: MessageBus,
        cache: Cache,
        clock: LiveClock,
    ) -> BybitDataClient:
        """Return the client with its public stream on our address, not yet connected."""
        client = BybitLiveDataClientFactory.create(loop, name, config, msgbus, cache, clock)
        stream = ReplaceableStream(
            lambda: nautilus_pyo3.BybitWebSocketClient.new_public(
                product_type=BybitProductType.LINEAR,
                environment=config.environment,
                url=cls.venue.addresses.ws_public_url,
            )
        )
        stream.set_bars_timestamp_on_close(config.bars_timestamp_on_close)
        client._ws_clients = {BybitProductType.LINEAR: stream}
        cls.venue.links.data, cls.venue.links.public = client, stream
        return client


class _ExecClientFactory(LiveExecClientFactory):
    """Build the execution client as Nautilus's own factory does, with our subclass."""

    venue: ClassVar[BybitVenue]

    @classmethod
    def create(
        cls,
        loop: asyncio.AbstractEventLoop,
        name: str,
        config: BybitExecClientConfig,
        msgbus: MessageBus,
        cache: Cache,
        clock: LiveClock,
    ) -> FundingSafeExecutionClient:
        """Return the client, not yet connected."""
        http = get_cached_bybit_http_client(
            environment=config.environment,
            api_key=config.api_key,
            api_secret=config.api_secret,
            base_url=config.base_url_http,
            max_retries=config.max_retries,
            retry_delay_ms=config.retry_delay_initial_ms,
            retry_delay_max_ms=config.retry_delay_max_ms,
            recv_window_ms=config.recv_window_ms,
            proxy_url=config.proxy_url,
        )
        provider = get_cached_bybit_instrument_provider(
            client=http, product_types=tuple(config.product_types), config=config.instrument_provider
        )
        client = FundingSafeExecutionClient(
            loop=loop,
            client=http,
            msgbus=msgbus,
            cache=cache,
            clock=clock,
            instrument_provider=provider,
            config=config,
            name=name,
        )
        client.rest = cls.venue.rest()
        client.funding = cls.venue.funding
        client.arrived = RecentIds()
        client.early = RecentIds()
        client.swallowed = set()
        cls._open_streams(client, config)
        return client

    @classmethod
    def _open_streams(cls, client: FundingSafeExecutionClient, config: BybitExecClientConfig) -> None:
        """Put streams that can be replaced in the place of the client's own."""
        login = {
            "environment": config.environment,
            "api_key": config.api_key,
            "api_secret": config.api_secret,
            "heartbeat": HEARTBEAT_SECS,
        }
        links = cls.venue.links
        links.execution = client
        links.private = client._ws_private_client = ReplaceableStream(
            lambda: nautilus_pyo3.BybitWebSocketClient.new_private(url=config.base_url_ws_private, **login)
        )
        links.trade = client._ws_trade_client = ReplaceableStream(
            lambda: nautilus_pyo3.BybitWebSocketClient.new_trade(url=config.base_url_ws_trade, **login)
        )
