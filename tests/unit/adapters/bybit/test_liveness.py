"""A stream that could not be replaced is tried again until it could, and only then told alive."""

import time
from types import SimpleNamespace

import pytest

from adapters.bybit.addresses import simulated_addresses
from adapters.bybit.clients import BybitVenue
from adapters.bybit.liveness import LivenessConfig, LivenessMonitor
from adapters.bybit.recent import RecentIds


class Stream:
    """A socket that is replaced as often as it is asked, at the second try at the earliest."""

    has_subscriptions = True
    bar_types: tuple[str, ...] = ()

    def __init__(self) -> None:
        self.tries = 0
        self.is_connected = False
        self.last_message_at = 0.0

    async def replace(self) -> None:
        self.tries += 1
        if self.tries == 1:
            self.last_message_at = time.monotonic()
            raise RuntimeError("connection refused")


class Venue:
    """What the venue lists: one open order that the stream did not bring."""

    def __init__(self) -> None:
        self.orders = ["TOXIDR-VB-BTCUSDT-1-T1"]

    def executions(self):
        return []

    def open_orders(self):
        return [{"orderLinkId": name} for name in self.orders]

    def close(self) -> None:
        """There is nothing to close."""


@pytest.fixture
def scene(monkeypatch):
    """A monitor that bears no lag, over streams that cannot be replaced at first."""
    rest, told = Venue(), []
    addresses = simulated_addresses("http://127.0.0.1:1", "ws://127.0.0.1:1")
    venue = BybitVenue("simulated", addresses, "key", "secret", ("BTCUSDT",))
    monkeypatch.setattr(venue, "rest", lambda: rest)

    async def fetch_missed(_ids: set[str]) -> int:
        return 0

    client = SimpleNamespace(
        arrived=RecentIds(),
        fetch_missed=fetch_missed,
        swallowed=set(),
        _cache=SimpleNamespace(orders_inflight=list),
    )
    venue.links.execution, venue.links.data = client, SimpleNamespace()
    public, private, trade = Stream(), Stream(), Stream()
    venue.links.public, venue.links.private, venue.links.trade = public, private, trade
    monitor = LivenessMonitor(venue, told.append, LivenessConfig(grace_secs=0.0))
    return SimpleNamespace(
        monitor=monitor, rest=rest, client=client, public=public, private=private, trade=trade, told=told
    )


async def test_a_private_stream_is_tried_again_though_nothing_lacks_any_more(scene):
    names, scene.rest.orders = scene.rest.orders, []
    await scene.monitor.look()  # what is listed at first is known
    scene.rest.orders = names
    await scene.monitor.look()
    assert scene.private.tries == 1
    scene.rest.orders = []  # the order has ended
    await scene.monitor.look()
    assert scene.private.tries == 2
    assert [(one.link, one.is_alive) for one in scene.told] == [("private", False), ("private", True)]


async def test_a_trade_stream_is_tried_again_though_no_command_is_stuck_any_more(scene):
    scene.client.swallowed.add("TOXIDR-VB-BTCUSDT-1-T1")
    await scene.monitor.look()
    await scene.monitor.look()
    assert scene.trade.tries == 2
    await scene.monitor.look()
    assert scene.trade.tries == 2
    assert [(one.link, one.is_alive) for one in scene.told] == [("trade", False), ("trade", True)]


async def test_a_public_stream_is_tried_again_at_the_next_look(scene):
    scene.public.is_connected = True
    await scene.monitor.look()
    await scene.monitor.look()
    assert scene.public.tries == 2
