"""Login, account questions and the audit against the simulated Bybit."""

import asyncio
from decimal import Decimal

import pytest

from adapters.bybit.account_name import account_name, former_account_name
from adapters.bybit.addresses import BybitAddresses
from adapters.bybit.audit import NodeView, audit
from adapters.bybit.clients import BybitVenue
from adapters.bybit.login import check_leverage, check_login
from adapters.bybit.rest import BybitRest
from adapters.bybit_simulator.prices import BookTick, MarkTick
from adapters.bybit_simulator.requests import CreateOrder
from nautilus_bot.core.errors import AuthFailed, ConfigError, RateLimited, VenueError

KEY = "SIMULATED"
FIRST_MS = 1_735_689_600_000


def put_price(exchange, price="50000"):
    price = Decimal(price)
    bids, asks = (
        tuple((price + Decimal(step) * n, Decimal(10)) for n in range(1, 6)) for step in ("-0.1", "0.1")
    )
    for tick in (
        BookTick("BTCUSDT", FIRST_MS, bids, asks),
        MarkTick("BTCUSDT", FIRST_MS, price, price),
    ):
        exchange.simulator.publish(tick)


async def test_right_keys_log_in(exchanges):
    await check_login((await exchanges()).addresses, KEY, KEY)


@pytest.mark.parametrize(("key", "secret"), [("WRONG", KEY), (KEY, "WRONG")])
async def test_a_wrong_key_or_secret_stops_the_start(exchanges, key, secret):
    with pytest.raises(AuthFailed, match="check BYBIT_API_KEY"):
        await check_login((await exchanges()).addresses, key, secret)


async def test_a_skewed_clock_stops_the_start_and_is_named(exchanges):
    exchange = await exchanges()
    await exchange.fault(kind="clock_skew", offset_ms=60_000)
    with pytest.raises(AuthFailed, match="clock"):
        await check_login(exchange.addresses, KEY, KEY)


async def test_missing_keys_are_named():
    nowhere = BybitAddresses(rest_url="", ws_public_url="", ws_private_url="", ws_trade_url="")
    with pytest.raises(AuthFailed, match="BYBIT_API_SECRET"):
        await check_login(nowhere, KEY, "")


async def test_an_account_goes_by_the_venues_number_and_not_by_its_key(exchanges):
    exchange = await exchanges()
    venue = BybitVenue("simulated", exchange.addresses, KEY, KEY, ("BTCUSDT",))
    name = await asyncio.to_thread(account_name, venue)
    assert name == f"simulated {exchange.addresses.rest_url} account 1"
    assert name != former_account_name(venue)
    named = BybitVenue("simulated", exchange.addresses, KEY, KEY, ("BTCUSDT",), account="of my own")
    assert account_name(named) == "of my own"


async def test_a_refused_balance_stops_the_start(exchanges):
    exchange = await exchanges()
    await exchange.fault(kind="rate_limit_storm", operations=["/v5/account/wallet-balance"])
    with pytest.raises(RateLimited, match="10006"):
        await check_login(exchange.addresses, KEY, KEY)


async def test_a_dropped_private_stream_stops_the_start(exchanges):
    exchange = await exchanges()
    await exchange.fault(kind="dropped_sockets", channels=["private"], for_secs=60)
    with pytest.raises(VenueError, match="/v5/private must be reachable"):
        await check_login(exchange.addresses, KEY, KEY)


async def test_an_account_question_without_keys_is_an_auth_failure(exchanges):
    exchange = await exchanges()
    rest = exchange.rest("", "")
    with pytest.raises(AuthFailed, match="needs keys"):
        await asyncio.to_thread(rest.positions)


async def test_fee_rates_are_those_of_the_account(exchanges):
    rates = await asyncio.to_thread((await exchanges()).rest().fee_rates)
    assert (rates["BTCUSDT"].maker, rates["BTCUSDT"].taker) == (Decimal("0.0002"), Decimal("0.00055"))


async def test_an_instrument_outside_our_table_is_described_by_the_venue(exchanges):
    listed = await asyncio.to_thread((await exchanges()).rest().instrument, "ETHUSDT")
    assert (listed.facts.base, listed.facts.tick) == ("ETH", "0.01")
    assert listed.launched_ns > 0


async def test_more_leverage_than_the_venue_allows_stops_the_start(exchanges):
    exchange = await exchanges()
    rest = BybitRest.public(exchange.addresses.rest_url)
    await check_leverage(rest, ("BTCUSDT",), 100)
    with pytest.raises(ConfigError, match=r"must be at most 100.* allows for BTCUSDT, was 101"):
        await check_leverage(rest, ("BTCUSDT",), 101)
    rest.close()


async def test_an_audit_names_position_stop_and_orders_that_differ(exchanges):
    exchange = await exchanges()
    put_price(exchange)
    venue = exchange.simulator.venue
    venue.exchange.create_order(
        CreateOrder(
            symbol="BTCUSDT", side="Buy", order_type="Market", qty=Decimal("0.010"), order_link_id="a"
        )
    )
    venue.exchange.create_order(
        CreateOrder(
            symbol="BTCUSDT",
            side="Sell",
            order_type="Limit",
            qty=Decimal("0.010"),
            price=Decimal(60_000),
            order_link_id="stranger",
        )
    )
    venue.flush()
    wallet = venue.exchange.wallet().wallet_balance
    rest = exchange.rest()

    node = NodeView(
        positions={"BTCUSDT": Decimal("0.020")},
        open_orders=frozenset({"gone"}),
        stops={"EMA:BTCUSDT": ("gone",)},
        balance_usdt=wallet + 5,
    )
    report = await asyncio.to_thread(audit, rest, node)
    assert [str(one).split(":")[0] for one in report.differences] == [
        "position BTCUSDT",
        "stop EMA",
        "unknown order stranger",
        "lost order gone",
        "balance USDT",
    ]
    assert (report.differences[0].node, report.differences[0].venue) == ("0.020", "0.010")

    agreed = NodeView(
        positions={"BTCUSDT": Decimal("0.010")},
        open_orders=frozenset({"stranger"}),
        stops={"EMA:BTCUSDT": ("stranger",)},
        balance_usdt=wallet,
    )
    assert (await asyncio.to_thread(audit, rest, agreed)).is_clean
