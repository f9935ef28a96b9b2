"""Every fault does its harm while it lasts, and the exchange is whole again afterwards."""

import asyncio
import time
from decimal import Decimal

import aiohttp
import pytest

from adapters.bybit_simulator.faults import load_scenario, scenario_names
from adapters.bybit_simulator.requests import CreateOrder
from nautilus_bot.core.errors import NotFound

MARKET = {"category": "linear", "symbol": "BTCUSDT", "side": "Buy", "orderType": "Market", "qty": "0.010"}
PRIVATE = ("order", "execution", "position", "wallet")


async def buy(client, link_id, **changes):
    return await client.post("/v5/order/create", **(MARKET | {"orderLinkId": link_id} | changes))


async def position_size(client):
    return (await client.get("/v5/position/list", symbol="BTCUSDT"))["result"]["list"][0]["size"]


async def status_of(client, link_id):
    found = (await client.get("/v5/order/realtime", symbol="BTCUSDT", orderLinkId=link_id))["result"]["list"]
    return [order["orderStatus"] for order in found]


async def test_latency_delays_frames_but_keeps_their_order(client):
    await client.connect("private", *PRIVATE)
    await client.connect("trade")
    await client.fault(kind="latency", delay_ms=100, jitter_ms=50, channels=["private"])
    begun = time.monotonic()
    await client.command("order.create", MARKET | {"orderLinkId": "a"})
    await client.until(lambda: client.replies() and "wallet" in client.topics())
    (replied, _), (pushed, _) = client.arrivals[:2]
    assert (replied, pushed) == ("trade", "private"), "the reply has no latency"
    first = min(at for channel, at in client.arrivals if channel == "private")
    assert first - begun >= 0.05, "a stall makes it later, never earlier"
    topics = client.topics()
    assert (
        topics.index("order") < topics.index("execution") < topics.index("position") < topics.index("wallet")
    )


async def test_a_lost_request_never_reaches_the_exchange(client):
    await client.connect("trade")
    await client.fault(kind="lost_request", operations=["order.create"], times=1)
    await client.command("order.create", MARKET | {"orderLinkId": "lost"})
    await client.command("order.create", MARKET | {"orderLinkId": "next"})
    await client.until(client.replies)
    assert [reply["data"]["orderLinkId"] for reply in client.replies()] == ["next"]
    assert await status_of(client, "lost") == []


async def test_a_lost_acknowledgement_still_pushes_the_order(client):
    await client.connect("private", *PRIVATE)
    await client.connect("trade")
    await client.fault(kind="lost_acknowledgement", operations=["order.create"], times=1)
    await client.command("order.create", MARKET | {"orderLinkId": "a"})
    await client.until(lambda: "execution" in client.topics())
    await client.settle()
    assert client.replies() == []


async def test_an_order_accepted_though_its_reply_was_lost_can_only_be_found_by_asking(client):
    await client.connect("private", *PRIVATE)
    await client.connect("trade")
    await client.fault(kind="accepted_reply_lost", operations=["order.create"], times=1)
    await client.command("order.create", MARKET | {"orderLinkId": "a"})
    await client.settle()
    assert client.replies() == []
    assert client.topics() == []
    assert await status_of(client, "a") == ["Filled"]


async def test_a_rest_order_whose_reply_is_lost_is_filled_all_the_same(client):
    await client.fault(kind="accepted_reply_lost", operations=["/v5/order/create"], times=1)
    with pytest.raises(aiohttp.ClientError):
        await buy(client, "a")
    assert await status_of(client, "a") == ["Filled"]


async def test_a_question_is_never_taken_for_a_lost_command(client):
    await client.fault(kind="lost_request", times=1)
    assert (await client.get("/v5/order/realtime", symbol="BTCUSDT"))["retCode"] == 0
    with pytest.raises(aiohttp.ClientError):
        await buy(client, "a")
    assert (await buy(client, "b"))["retCode"] == 0


async def test_duplicated_private_messages_arrive_twice(client):
    await client.connect("private", "execution")
    number = await client.fault(kind="duplicated_private")
    await buy(client, "a")
    await client.until(lambda: len(client.topics()) == 2)
    first, second = client.frames["private"]
    assert first == second
    assert await client.stop_fault(number) == 200
    await buy(client, "b")
    await client.until(lambda: len(client.topics()) == 3)
    await client.settle()
    assert len(client.topics()) == 3


async def test_reordered_private_messages_swap_places(client):
    await client.connect("private", "order", "execution")
    await client.fault(kind="reordered_private")
    await buy(client, "a")
    await client.until(lambda: len(client.topics()) >= 3)
    assert client.topics()[0] == "execution"


async def test_a_late_private_message_is_overtaken_by_a_younger_one(client, simulator):
    await client.connect("private", "execution")
    await client.fault(kind="late_private", delay_ms=200, times=1)
    for name in ("late", "young"):  # within one turn of the loop: no stall lets the late one go first
        simulator.venue.exchange.create_order(
            CreateOrder(
                symbol="BTCUSDT", side="Buy", order_type="Market", qty=Decimal("0.010"), order_link_id=name
            )
        )
        simulator.venue.flush()
    await client.until(lambda: len(client.topics()) == 2)
    assert [frame["data"][0]["orderLinkId"] for frame in client.frames["private"]] == ["young", "late"]


async def test_a_partial_fill_is_followed_by_a_disconnect(client, simulator, price_ticks):
    await client.connect("private", *PRIVATE)
    await client.connect("trade")
    await client.fault(kind="partial_fill_then_disconnect", symbol="BTCUSDT", ratio=0.4)
    limit = MARKET | {"orderType": "Limit", "price": "50000.1", "orderLinkId": "a"}
    await client.command("order.create", limit)
    await client.until(lambda: {"private", "trade"} <= client.closed)
    assert await status_of(client, "a") == ["PartiallyFilled"]
    assert await position_size(client) == "0.004"
    for tick in price_ticks("49999.0", "49999.1"):
        simulator.publish(tick)
    assert await status_of(client, "a") == ["Filled"]


@pytest.mark.parametrize("channel", ["public", "private", "trade"])
async def test_dropped_sockets_close_and_refuse_to_open_while_it_lasts(client, channel):
    await client.connect(channel)
    number = await client.fault(kind="dropped_sockets", channels=[channel], for_secs=60)
    await client.until(lambda: channel in client.closed)
    with pytest.raises(aiohttp.WSServerHandshakeError):
        await client.connect(channel)
    await client.stop_fault(number)
    await client.connect(channel)


async def test_half_open_sockets_stay_open_but_silent_and_are_reset_in_the_end(client):
    await client.connect("trade")
    await client.connect("private", *PRIVATE)
    number = await client.fault(kind="half_open_sockets", channels=["trade", "private"])
    await client.command("order.create", MARKET | {"orderLinkId": "unheard"})
    await client.sockets["private"].send_json({"op": "ping"})
    await buy(client, "heard")
    await client.settle()
    assert client.frames["private"] == client.frames["trade"] == []
    assert client.closed == set()
    assert await status_of(client, "unheard") == []
    await client.stop_fault(number)
    await client.until(lambda: {"trade", "private"} <= client.closed)


async def test_a_rate_limit_storm_answers_10006_and_changes_nothing(client):
    number = await client.fault(kind="rate_limit_storm", operations=["order.create"])
    assert (await buy(client, "a"))["retCode"] == 10006
    assert await position_size(client) == "0"
    await client.stop_fault(number)
    assert (await buy(client, "a"))["retCode"] == 0


async def test_a_bad_gateway_answers_502_as_often_as_asked(client):
    await client.fault(kind="http_502", times=2)
    codes = [(await client.call("GET", "/v5/market/time"))[0] for _ in range(3)]
    assert codes == [502, 502, 200]


async def test_a_skewed_clock_refuses_honest_timestamps(client, simulator):
    honest = simulator.venue.clock()
    number = await client.fault(kind="clock_skew", offset_ms=60_000)
    skewed = (await client.call("GET", "/v5/market/time"))[1]["time"]
    assert skewed - honest >= 60_000
    key = simulator.config.api_key
    headers = {
        "X-BAPI-API-KEY": key,
        "X-BAPI-TIMESTAMP": str(honest),
        "X-BAPI-RECV-WINDOW": "5000",
        "X-BAPI-SIGN": client.sign(f"{honest}{key}5000"),
    }
    async with client.http.get(f"{simulator.http_url}/v5/account/info", headers=headers) as answer:
        assert (await answer.json())["retCode"] == 10002
    await client.stop_fault(number)
    assert (await client.get("/v5/account/info"))["retCode"] == 0


async def test_a_stale_book_stands_still_and_is_right_again_afterwards(client, simulator, price_ticks):
    await client.connect("public", "orderbook.50.BTCUSDT", "tickers.BTCUSDT", "publicTrade.BTCUSDT")
    await client.until(lambda: len(client.topics("public")) >= 2)
    number = await client.fault(kind="stale_book", symbols=["BTCUSDT"])
    for tick in price_ticks("51000.0", "51000.1", trade="51000.0"):
        simulator.publish(tick)
    await client.until(lambda: "publicTrade.BTCUSDT" in client.topics("public"))
    assert client.topics("public").count("orderbook.50.BTCUSDT") == 1
    await client.stop_fault(number)
    for tick in price_ticks("51000.0", "51000.2"):
        simulator.publish(tick)
    await client.until(lambda: client.topics("public").count("orderbook.50.BTCUSDT") == 2)
    book = rebuilt(frame for frame in client.frames["public"] if frame["topic"].startswith("orderbook"))
    assert max(book["b"], key=float) == "51000.0"
    assert min(book["a"], key=float) == "51000.2"


async def test_a_forced_liquidation_takes_the_position_away(client):
    await buy(client, "a")
    await client.connect("private", *PRIVATE)
    await client.fault(kind="forced_liquidation", symbol="BTCUSDT")
    await client.until(lambda: "execution" in client.topics())
    execution = next(f for f in client.frames["private"] if f["topic"] == "execution")["data"][0]
    assert execution["execType"] == "BustTrade"
    assert await position_size(client) == "0"


async def test_a_position_closed_from_outside_is_pushed_without_the_bots_id(client):
    await buy(client, "a")
    await client.connect("private", *PRIVATE)
    await client.fault(kind="position_closed_outside", symbol="BTCUSDT")
    await client.until(lambda: "execution" in client.topics())
    execution = next(f for f in client.frames["private"] if f["topic"] == "execution")["data"][0]
    assert (execution["side"], execution["orderLinkId"]) == ("Sell", "")
    assert await position_size(client) == "0"


async def test_a_fault_ends_by_itself_after_its_time(client, simulator):
    await client.fault(kind="http_502", for_secs=0.05)
    await client.until(lambda: not simulator.venue.faults.active)
    assert (await client.call("GET", "/v5/market/time"))[0] == 200


async def test_a_scenario_plays_its_faults_in_time(client, simulator):
    scenario = load_scenario("bad_network")
    simulator.venue.faults.play(scenario)
    assert simulator.venue.faults.active == {}
    simulator.venue.faults.clear()
    await asyncio.sleep(0)


async def test_control_needs_its_token_and_names_what_is_wrong(client, simulator):
    url = f"{simulator.http_url}/control/faults"
    async with client.http.post(url, json={"kind": "http_502"}) as answer:
        assert answer.status == 401
    headers = {"X-Control-Token": simulator.control_token}
    async with client.http.post(url, json={"kind": "earthquake"}, headers=headers) as answer:
        assert answer.status == 400
        assert "earthquake" in await answer.text()


@pytest.mark.parametrize("name", scenario_names())
def test_every_shipped_scenario_is_valid_and_described(name):
    scenario = load_scenario(name)
    assert scenario.description
    assert scenario.faults


def test_an_unknown_scenario_names_the_closest_one():
    with pytest.raises(NotFound, match="did you mean 'bad_network'"):
        load_scenario("bad_netwrk")


def rebuilt(frames):
    """Build a book from a snapshot and its deltas, checking that ``u`` has no gap."""
    book, last = {"b": {}, "a": {}}, None
    for frame in frames:
        data = frame["data"]
        if frame["type"] == "snapshot":
            book = {"b": {}, "a": {}}
        else:
            assert data["u"] == last + 1
        last = data["u"]
        for side in ("b", "a"):
            for price, qty in data[side]:
                book[side][price] = qty
                if float(qty) == 0:
                    del book[side][price]
    return book
