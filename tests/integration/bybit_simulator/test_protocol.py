"""REST and sockets as Bybit speaks them: logins, heartbeats, refusals, limits, paging, pushes."""

import json
import socket
from decimal import Decimal

import aiohttp
import pytest

from adapters.bybit_simulator.auth import sign
from adapters.bybit_simulator.config import BybitSimulatorConfig
from adapters.bybit_simulator.prices import FundingTick
from adapters.bybit_simulator.server import BybitSimulator
from nautilus_bot.core.errors import VenueError

MARKET = {"category": "linear", "symbol": "BTCUSDT", "side": "Buy", "orderType": "Market", "qty": "0.010"}
LIMIT = MARKET | {"orderType": "Limit", "price": "49000"}


async def raw_get(client, path, **headers):
    async with client.http.get(f"{client.simulator.http_url}{path}", headers=headers) as answer:
        return await answer.json()


def signed(client, *, key=None, timestamp=None, secret_text=None):
    key = key or client.simulator.config.api_key
    timestamp = str(timestamp or client.simulator.venue.clock())
    text = secret_text if secret_text is not None else f"{timestamp}{key}5000"
    return {
        "X-BAPI-API-KEY": key,
        "X-BAPI-TIMESTAMP": timestamp,
        "X-BAPI-RECV-WINDOW": "5000",
        "X-BAPI-SIGN": client.sign(text),
    }


async def test_a_private_request_without_a_key_or_with_a_wrong_one_answers_10003(client):
    assert (await raw_get(client, "/v5/account/info"))["retCode"] == 10003
    assert (await raw_get(client, "/v5/account/info", **signed(client, key="WRONG")))["retCode"] == 10003


async def test_a_wrong_signature_answers_10004_and_shows_what_was_to_be_signed(client):
    answer = await raw_get(client, "/v5/account/info", **signed(client, secret_text="something else"))
    assert answer["retCode"] == 10004
    assert "origin_string" in answer["retMsg"]


@pytest.mark.parametrize("offset_ms", [-6_000, 2_000])
async def test_a_timestamp_outside_the_window_answers_10002(client, offset_ms):
    now = client.simulator.venue.clock()
    client.simulator.venue.clock = lambda: now  # a stall would bring a later timestamp into the window
    headers = signed(client, timestamp=now + offset_ms)
    assert (await raw_get(client, "/v5/account/info", **headers))["retCode"] == 10002


async def test_public_requests_need_no_key(client):
    assert (await raw_get(client, "/v5/market/time"))["retCode"] == 0


@pytest.mark.parametrize("category", ["spot", "inverse", "option"])
async def test_absent_categories_say_so(client, category):
    answer = await raw_get(client, f"/v5/market/instruments-info?category={category}")
    assert answer["retCode"] == 10001
    assert "only linear" in answer["retMsg"]


async def test_hedge_mode_is_refused_and_one_way_mode_is_not_modified(client):
    hedge = await client.post("/v5/position/switch-mode", symbol="BTCUSDT", mode=3)
    assert "not supported" in hedge["retMsg"]
    assert (await client.post("/v5/position/switch-mode", symbol="BTCUSDT", mode=0))["retCode"] == 110025


async def test_an_unknown_route_answers_10017(client):
    assert (await raw_get(client, "/v5/asset/transfer/query-inter-transfer-list"))["retCode"] == 10017


async def test_the_same_leverage_again_answers_110043(client):
    leverage = {"symbol": "BTCUSDT", "buyLeverage": "7", "sellLeverage": "7"}
    codes = [(await client.post("/v5/position/set-leverage", **leverage))["retCode"] for _ in range(2)]
    assert codes == [0, 110043]


async def test_rate_limit_headers_count_down_to_10006():
    config = BybitSimulatorConfig(prices="none", rate_limits={"/v5/account/info": 3})
    async with BybitSimulator(config) as simulator, aiohttp.ClientSession() as http:
        client, now = SignedClient(simulator, http), simulator.venue.clock()
        simulator.venue.clock = lambda: now  # a window of a second that no stall can end
        answers = [await client.info() for _ in range(4)]
    assert [status for _, status in answers[:3]] == ["2", "1", "0"]
    assert [code for code, _ in answers] == [0, 0, 0, 10006]


@pytest.mark.parametrize(
    ("channel", "expected"),
    [
        ("public", {"op": "ping", "ret_msg": "pong", "success": True}),
        ("private", {"op": "pong"}),
        ("trade", {"op": "pong", "retCode": 0, "retMsg": "OK"}),
    ],
)
async def test_each_socket_answers_ping_in_its_own_shape(client, channel, expected):
    await client.connect(channel)
    await client.sockets[channel].send_json({"op": "ping", "req_id": "7"})
    await client.until(lambda: client.frames[channel])
    assert client.frames[channel][0].items() >= expected.items()


@pytest.mark.parametrize(
    ("spoil", "word"),
    [
        (lambda args: ["WRONG", *args[1:]], "API key is invalid"),
        (lambda args: [*args[:2], "00"], "error sign"),
        (lambda args: [args[0], 1, args[2]], "expired"),
    ],
)
async def test_a_failed_login_says_why_and_leaves_the_private_topics_closed(client, spoil, word):
    async with client.http.ws_connect(f"{client.simulator.ws_url}/v5/private") as private:
        expires = client.simulator.venue.clock() + 5_000
        args = [client.simulator.config.api_key, expires, client.sign(f"GET/realtime{expires}")]
        await private.send_json({"op": "auth", "args": spoil(args)})
        answer = await private.receive_json()
        assert answer["success"] is False
        assert word in answer["ret_msg"]
        await private.send_json({"op": "subscribe", "args": ["order"]})
        assert (await private.receive_json())["success"] is False


async def test_a_command_without_login_is_refused(client):
    async with client.http.ws_connect(f"{client.simulator.ws_url}/v5/trade") as trade:
        await trade.send_json({"reqId": "1", "op": "order.create", "args": [MARKET]})
        assert (await trade.receive_json())["retCode"] == 10005


async def test_an_unknown_topic_is_refused_by_name(client):
    async with client.http.ws_connect(f"{client.simulator.ws_url}/v5/public/linear") as public:
        await public.send_json({"op": "subscribe", "args": ["liquidation.BTCUSDT"], "req_id": "9"})
        answer = await public.receive_json()
    assert (answer["success"], answer["req_id"]) == (False, "9")
    assert "liquidation.BTCUSDT" in answer["ret_msg"]


async def test_a_trade_reply_names_its_request_and_carries_the_limits(client):
    await client.connect("trade")
    await client.command("order.create", MARKET | {"orderLinkId": "a"}, req_id="q1")
    await client.until(client.replies)
    reply = client.replies()[0]
    assert (reply["reqId"], reply["retCode"], reply["data"]["orderLinkId"]) == ("q1", 0, "a")
    assert {"X-Bapi-Limit", "X-Bapi-Limit-Status", "X-Bapi-Limit-Reset-Timestamp"} <= set(reply["header"])


async def test_a_stale_command_is_refused_by_its_timestamp(client):
    await client.connect("trade")
    old = {"X-BAPI-TIMESTAMP": "1600000000000"}
    await client.sockets["trade"].send_json(
        {"reqId": "1", "op": "order.create", "header": old, "args": [MARKET]}
    )
    await client.until(client.replies)
    assert client.replies()[0]["retCode"] == 10002


@pytest.mark.parametrize("is_wrapped", [True, False])
async def test_both_shapes_of_a_batch_amendment_are_understood(client, is_wrapped):
    await client.connect("trade")
    batch = {"category": "linear", "request": [LIMIT | {"orderLinkId": name} for name in ("a", "b")]}
    await client.post("/v5/order/create-batch", **batch)
    changes = [
        {"category": "linear", "symbol": "BTCUSDT", "orderLinkId": n, "price": "48000"} for n in ("a", "b")
    ]
    args = [{"category": "linear", "request": changes}] if is_wrapped else changes
    await client.command("order.amend-batch", *args)
    await client.until(client.replies)
    assert [item["code"] for item in client.replies()[0]["retExtInfo"]["list"]] == [0, 0]
    orders = (await client.get("/v5/order/realtime", symbol="BTCUSDT"))["result"]["list"]
    assert {order["price"] for order in orders} == {"48000"}


async def test_each_order_of_a_batch_succeeds_or_fails_alone(client):
    orders = [LIMIT | {"orderLinkId": "a"}, LIMIT | {"orderLinkId": "a"}, LIMIT | {"orderLinkId": "c"}]
    answer = await client.post("/v5/order/create-batch", request=orders)
    assert [item["code"] for item in answer["retExtInfo"]["list"]] == [0, 110072, 0]
    assert [bool(item["orderId"]) for item in answer["result"]["list"]] == [True, False, True]


async def test_open_orders_are_paged_by_cursor_and_the_last_page_has_none(client):
    for number in range(5):
        await client.post("/v5/order/create", **LIMIT, orderLinkId=f"o{number}")
    seen, cursor, pages = [], "", 0
    while pages == 0 or cursor:
        page = (await client.get("/v5/order/realtime", settleCoin="USDT", limit=2, cursor=cursor))["result"]
        seen += [order["orderLinkId"] for order in page["list"]]
        cursor, pages = page["nextPageCursor"], pages + 1
    assert sorted(seen) == [f"o{number}" for number in range(5)]
    assert pages == 3


async def test_settle_coin_and_order_filter_select(client):
    await client.post("/v5/order/create", **LIMIT, orderLinkId="active")
    stop = MARKET | {"triggerPrice": "51000", "triggerDirection": 1, "orderLinkId": "stop"}
    await client.post("/v5/order/create", **stop)

    async def found(**params):
        answer = await client.get("/v5/order/realtime", **params)
        return sorted(order["orderLinkId"] for order in answer["result"]["list"])

    assert await found(settleCoin="USDT") == ["active", "stop"]
    assert await found(settleCoin="USDC") == []
    assert await found(settleCoin="USDT", orderFilter="StopOrder") == ["stop"]
    assert await found(settleCoin="USDT", orderFilter="Order") == ["active"]


@pytest.mark.parametrize("path", ["/v5/order/history", "/v5/execution/list"])
async def test_history_is_of_the_span_that_is_asked_for(client, path):
    await client.post("/v5/order/create", **MARKET, orderLinkId="early")
    await client.settle()
    between = client.simulator.venue.clock()
    while client.simulator.venue.clock() == between:
        await client.settle()
    await client.post("/v5/order/create", **MARKET, orderLinkId="late")
    await client.settle()

    async def names(**span):
        rows = (await client.get(path, category="linear", symbol="BTCUSDT", **span))["result"]["list"]
        return [row["orderLinkId"] for row in rows]

    assert await names() == ["late", "early"]
    assert await names(startTime=between + 1) == ["late"]
    assert await names(endTime=between) == ["early"]


async def test_klines_page_backwards_until_history_begins(minute_history):
    config = BybitSimulatorConfig(prices="none")
    async with (
        BybitSimulator(config, history={"BTCUSDT": minute_history}) as simulator,
        aiohttp.ClientSession() as http,
    ):
        starts, end = [], None
        while True:
            query = (
                f"category=linear&symbol=BTCUSDT&interval=1&limit=25{'' if end is None else f'&end={end}'}"
            )
            async with http.get(f"{simulator.http_url}/v5/market/kline?{query}") as answer:
                rows = (await answer.json())["result"]["list"]
            if not rows:
                break
            starts += [int(row[0]) for row in rows]
            end = starts[-1] - 1
    assert starts == [bar[0] for bar in reversed(minute_history)]


async def test_a_fill_is_pushed_as_order_execution_order_position_wallet(client):
    await client.connect("private", "order", "execution", "position", "wallet")
    await client.post("/v5/order/create", **MARKET, orderLinkId="a")
    await client.until(lambda: "wallet" in client.topics())
    assert client.topics() == ["order", "execution", "order", "position", "wallet"]
    states = [f["data"][0]["orderStatus"] for f in client.frames["private"] if f["topic"] == "order"]
    assert states == ["New", "Filled"]


async def test_a_tick_that_fills_an_order_is_pushed_before_publish_returns(client, simulator, price_ticks):
    await client.post("/v5/order/create", **LIMIT, orderLinkId="rest")
    await client.connect("private", "execution")
    written = []
    session = simulator.venue.sessions.on("private")[0]
    push = session.push
    session.push = lambda frame: (written.append(json.loads(frame)), push(frame))
    for tick in price_ticks("48999.0", "48999.1"):
        simulator.publish(tick)
    assert [frame["data"][0]["orderLinkId"] for frame in written] == ["rest"]


async def test_a_topic_of_one_category_carries_its_own_name(client):
    await client.connect("private", "order.linear")
    await client.post("/v5/order/create", **LIMIT, orderLinkId="a")
    await client.until(client.topics)
    assert client.topics() == ["order.linear"]


JUNK = [
    "",
    "not json",
    "[]",
    "1",
    "{}",
    '{"op": 1}',
    '{"op": "subscribe", "args": 5}',
    '{"op": "subscribe", "args": [null, {"a": 1}]}',
    '{"op": "auth", "args": "x"}',
    '{"op": "auth", "args": [[], {}, null]}',
    '{"op": "order.create", "header": 1, "args": [{}]}',
    '{"op": "order.create", "args": {}}',
    '{"op": "order.create-batch", "header": HEADER, "args": [{"category": "linear", "request": [5]}]}',
    '{"op": "order.create", "header": HEADER, "args": [{"category": "linear", "symbol": []}]}',
    '{"op": "order.cancel", "header": HEADER, "args": [{"category": ["linear"]}]}',
]


@pytest.mark.parametrize("channel", ["public", "private", "trade"])
async def test_nonsense_is_answered_and_the_socket_lives_on(client, channel):
    await client.connect(channel)
    header = json.dumps({"X-BAPI-TIMESTAMP": str(client.simulator.venue.clock())})
    for text in JUNK:
        await client.sockets[channel].send_str(text.replace("HEADER", header))
    await client.until(lambda: len(client.frames[channel]) == len(JUNK))
    await client.sockets[channel].send_json({"op": "ping"})
    await client.until(lambda: "pong" in str(client.frames[channel][-1]))


@pytest.mark.parametrize(
    ("method", "path", "params"),
    [
        ("POST", "/v5/order/create", {"qty": {}}),
        ("POST", "/v5/order/create", {"category": "linear", "symbol": "BTCUSDT", "side": "Up"}),
        ("POST", "/v5/order/create-batch", {"category": "linear", "request": "x"}),
        ("POST", "/v5/order/cancel", {"category": "linear", "symbol": ["BTCUSDT"]}),
        (
            "POST",
            "/v5/position/set-leverage",
            {"category": "linear", "symbol": "BTCUSDT", "buyLeverage": "x"},
        ),
        ("POST", "/v5/position/switch-mode", {"category": "linear", "mode": "x"}),
        (
            "GET",
            "/v5/market/kline",
            {"category": "linear", "symbol": "BTCUSDT", "interval": "1", "limit": "x"},
        ),
        ("GET", "/v5/market/tickers", {"category": "linear", "symbol": "NOPE"}),
        ("GET", "/v5/position/list", {"category": "linear"}),
        ("GET", "/v5/order/realtime", {"category": "linear", "orderFilter": "x"}),
    ],
)
async def test_a_senseless_request_is_refused_by_10001(client, method, path, params):
    status, answer = await client.call(method, path, **params)
    assert (status, answer["retCode"]) == (200, 10001)


@pytest.mark.parametrize("is_told", [True, False])
async def test_funding_is_pushed_as_an_execution_only_when_asked_for(price_ticks, bybit_client, is_told):
    config = BybitSimulatorConfig(prices="none", funding_executions=is_told)
    async with BybitSimulator(config) as simulator, aiohttp.ClientSession() as http:
        for tick in price_ticks("50000.0", "50000.1", trade="50000.0"):
            simulator.publish(tick)
        client = bybit_client(simulator, http)
        await client.post("/v5/order/create", **MARKET, orderLinkId="a")
        await client.connect("private", "execution", "wallet")
        simulator.publish(FundingTick("BTCUSDT", simulator.venue.board.now_ms(), Decimal("0.0001")))
        await client.until(lambda: "wallet" in client.topics())
        await client.settle()
        kinds = [f["data"][0]["execType"] for f in client.frames["private"] if f["topic"] == "execution"]
        await client.close()
    assert kinds == (["Funding"] if is_told else [])


async def test_a_port_in_use_is_named():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(VenueError, match=f"port {port} must be free"):
            await BybitSimulator(BybitSimulatorConfig(port=port, prices="none")).start()


class SignedClient:
    """Ask for the account's settings, keeping the limit that remains."""

    def __init__(self, simulator, http):
        self.simulator, self.http = simulator, http

    async def info(self):
        config, now = self.simulator.config, str(self.simulator.venue.clock())
        headers = {
            "X-BAPI-API-KEY": config.api_key,
            "X-BAPI-TIMESTAMP": now,
            "X-BAPI-RECV-WINDOW": "5000",
            "X-BAPI-SIGN": sign(config.api_secret, f"{now}{config.api_key}5000"),
        }
        async with self.http.get(f"{self.simulator.http_url}/v5/account/info", headers=headers) as answer:
            return (await answer.json())["retCode"], answer.headers.get("X-Bapi-Limit-Status")
