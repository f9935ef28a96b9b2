"""What guards a session, without a venue: entries wait for a dead link; funding is shared by ledger."""

import asyncio
from decimal import Decimal
from types import SimpleNamespace

import pytest

from adapters.bybit.liveness import LinkChanged
from adapters.bybit.pybit_session import Unreadable
from nautilus_bot.core.clocks import MarketClock
from nautilus_bot.core.errors import VenueTimeout
from nautilus_bot.core.messages import EntriesAllowed, EntriesSuspended
from nautilus_bot.node import guards
from nautilus_bot.node.funding_share import EXTERNAL, share_funding
from nautilus_bot.node.guards import LinkGuard


class Bus:
    """Keep what is published."""

    def __init__(self):
        self.facts = []

    def publish(self, _topic, fact):
        if isinstance(fact, EntriesSuspended | EntriesAllowed):
            self.facts.append(type(fact))


class Venue:
    """Fail as often as told, then answer; stands in for fetching and comparing."""

    def __init__(self, answers):
        self.answers = list(answers)
        self.asked = 0

    async def fetch(self, *, excuse_stream):
        self.asked += 1
        match self.answers.pop(0):
            case "no answer":
                raise VenueTimeout("no answer")
            case "nonsense":
                raise Unreadable("half a list")
            case "mistake":
                raise ZeroDivisionError
        return 0

    async def confirm(self):
        return self.answers.pop(0) == "agrees"


@pytest.fixture
def begin(monkeypatch):
    monkeypatch.setattr(guards, "RETRY_SECS", 0.0)

    def build(*answers):
        bus, venue = Bus(), Venue(answers)
        return LinkGuard(bus, MarketClock(), venue, venue), bus, venue

    return build


def changed(*, is_alive):
    return LinkChanged(link="private", is_alive=is_alive, ts=1, reason="because")


async def test_entries_wait_until_the_venue_answered_and_agrees(begin):
    guard, bus, venue = begin("no answer", "fetched", "differs", "fetched", "agrees")
    guard.on_change(changed(is_alive=False))
    guard.on_change(changed(is_alive=True))
    assert bus.facts == [EntriesSuspended]
    await guard._returning["private"]
    assert bus.facts == [EntriesSuspended, EntriesAllowed]
    assert venue.asked == 3


async def test_a_link_is_back_only_when_nobody_holds_it_for_dead(begin):
    guard, bus, _ = begin("fetched", "agrees")
    guard.died("private", "socket", "lost")
    guard.on_change(changed(is_alive=False))
    guard.revived("private", "socket", "connected again")
    assert not guard._returning
    guard.on_change(changed(is_alive=True))
    await guard._returning["private"]
    assert bus.facts == [EntriesSuspended, EntriesAllowed]


async def test_a_link_that_dies_again_while_it_is_checked_stays_suspended(begin):
    guard, bus, _ = begin()
    guard.on_change(changed(is_alive=False))
    guard.on_change(changed(is_alive=True))
    guard.on_change(changed(is_alive=False))
    assert bus.facts == [EntriesSuspended]
    assert not guard._returning


@pytest.mark.parametrize("amount", ["-1", "0.00000001", "12.34567891", "-0.33333333"])
def test_shares_of_funding_sum_up_exactly(amount):
    ledgers = {"A": Decimal("1.01"), "B": Decimal("-0.4"), "C": Decimal("0.07")}
    shares = share_funding(Decimal(amount), ledgers)
    assert sum(shares.values()) == Decimal(amount)


def test_opposite_ledgers_pay_and_receive_and_without_a_net_it_is_nobodys():
    shares = share_funding(Decimal("-0.6"), {"A": Decimal(1), "B": Decimal("-0.4")})
    assert shares == {"A": Decimal(-1), "B": Decimal("0.4")}
    assert share_funding(Decimal("-0.6"), {}) == {EXTERNAL: Decimal("-0.6")}


async def test_an_answer_that_cannot_be_read_is_asked_for_again(begin):
    guard, bus, venue = begin("nonsense", "fetched", "agrees")
    guard.on_change(changed(is_alive=False))
    guard.on_change(changed(is_alive=True))
    await guard._returning["private"]
    assert bus.facts == [EntriesSuspended, EntriesAllowed]
    assert venue.asked == 2


async def test_a_mistake_of_ours_in_the_check_fails_the_guard_and_is_not_swallowed(begin, monkeypatch):
    guard, bus, _ = begin("mistake")

    class Monitor:
        """Tell of a connection that died and is back."""

        def __init__(self, _venue, on_change):
            self.on_change = on_change

        async def run(self):
            self.on_change(changed(is_alive=False))
            self.on_change(changed(is_alive=True))
            await asyncio.Event().wait()

    monkeypatch.setattr(guards, "LivenessMonitor", Monitor)
    links = SimpleNamespace(public=None, private=None, trade=None)
    venue = SimpleNamespace(links=links, trades_over_http=False)
    with pytest.raises(ExceptionGroup) as raised:
        async with asyncio.timeout(10):
            await guard.run(venue)
    assert raised.group_contains(ZeroDivisionError)
    assert bus.facts == [EntriesSuspended]
