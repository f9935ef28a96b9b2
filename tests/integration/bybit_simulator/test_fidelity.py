"""
The simulator's answers beside Bybit's own: same fields, same types, same formats.

Every answer is compared with the documentation's example and with recordings. A field that is always empty or
null in Bybit's payloads tells nothing of its format; every other difference is listed with its reason.
"""

import asyncio
import json
import os
import re
import time
from decimal import Decimal
from pathlib import Path

import aiohttp
import pytest

from adapters.bybit_simulator.auth import sign
from adapters.bybit_simulator.config import BybitSimulatorConfig
from adapters.bybit_simulator.prices import FundingTick
from adapters.bybit_simulator.rest import ROUTES
from adapters.bybit_simulator.server import BybitSimulator

SHARED = Path(os.environ.get("BOT_SHARED_DATA", Path(__file__).parents[4] / "shared" / "data"))
PAYLOADS = SHARED / "payloads"
pytestmark = pytest.mark.skipif(not PAYLOADS.is_dir(), reason="Bybit's payloads are not on this machine")

NUMBER = re.compile(r"-?\d+(\.\d+)?")
CATEGORY_SYMBOL = {"category": "linear", "symbol": "BTCUSDT"}

# Differences that hold everywhere: path of the field -> reason.
ALLOWED_EVERYWHERE = {
    "time": "some examples leave the envelope's time out",
    "retExtInfo": "some recordings leave it out",
    "result.nextPageCursor": "empty on the only page; the examples show a page in the middle",
    "orderId": "a UUID, as for linear contracts; some examples show the numbers of spot orders",
    "orderLinkId": "the client's own text, empty for orders that the exchange makes itself",
    "result.category": "a recording of order history leaves it out",
}
OLD_ORDER_FIELDS = {
    "cumFeeDetail": "fees in other coins (MNT) are not simulated",
    "placeType": "of options; the examples show price or order, or nothing",
    "tpslMode": "empty for an order without protection; the examples show one with",
    "slippageToleranceType": "slippage tolerance is not simulated",
    "slippageTolerance": "slippage tolerance is not simulated",
    "extraFees": "no extra fees on orders",
    "rpiTakerAccess": "retail price improvement is not simulated",
    "rpiMatchedQty": "retail price improvement is not simulated",
    "triggerPrice": "empty for an active order; Bybit shows 0.00 or empty, Nautilus takes both",
    "takeProfit": "empty when there is none; Bybit shows 0.00 or empty",
    "stopLoss": "empty when there is none; Bybit shows 0.00 or empty",
    "tpTriggerBy": "empty when there is none; Bybit shows UNKNOWN or empty",
    "slTriggerBy": "empty when there is none; Bybit shows UNKNOWN or empty",
    "triggerBy": "empty for an active order; Bybit shows UNKNOWN or empty",
    "stopOrderType": "empty for an active order; Bybit shows UNKNOWN or empty",
    "avgPrice": "empty before the first fill, as in newer answers; the examples show 0",
}
POSITION_FIELDS = {
    "breakEvenPrice": "not simulated",
    "mmrSysUpdateTime": "the example's spelling; recordings have mmrSysUpdatedTime",
    "mmrSysUpdatedTime": "the example spells it mmrSysUpdateTime",
    "bustPrice": "empty in cross margin; the examples show isolated margin",
    "takeProfit": "empty when there is none; the examples show one",
    "stopLoss": "empty when there is none; the examples show one",
    "sessionAvgPrice": "empty for USDT contracts",
    "openTime": "not simulated",
}

# (method, path) or topic -> (payload files, allowed differences)
REST_TABLE = {
    "/v5/market/time": (["docs:market/time"], {}),
    "/v5/market/instruments-info": (
        ["docs:market/instrument", "nautilus:http_get_instruments_linear"],
        {"symbolId": "an id without use", "preListingInfo": "no listed symbol is before its launch"},
    ),
    "/v5/market/kline": (["docs:market/kline", "nautilus:http_get_klines_linear"], {}),
    "/v5/market/orderbook": (["docs:market/orderbook", "nautilus:http_get_orderbook"], {}),
    "/v5/market/tickers": (["docs:market/tickers"], {}),
    "/v5/market/recent-trade": (
        ["docs:market/recent-trade", "nautilus:http_get_trades_recent"],
        {
            "execId": "symbol, time and number; the example shows another market's number",
        },
    ),
    "/v5/market/funding/history": (
        ["docs:market/history-fund-rate", "nautilus:http_get_funding_history"],
        {},
    ),
    "/v5/account/wallet-balance": (
        ["docs:account/wallet-balance", "nautilus:http_get_wallet_balance"],
        {
            "availableToWithdraw": "empty in a unified account, as Bybit documents since 2025",
            "availableToBorrow": "empty in a unified account, as the wallet topic shows",
        },
    ),
    "/v5/account/info": (["docs:account/account-info"], {}),
    "/v5/account/fee-rate": (
        ["docs:account/fee-rate", "nautilus:http_get_fee_rate"],
        {"baseCoin": "for options only"},
    ),
    "/v5/user/query-api": (
        ["docs:user/apikey-info", "nautilus:http_get_user_query_api"],
        {"permissions": "the key may only trade contracts", "kycRegion": "the account has no region"},
    ),
    "/v5/order/realtime": (
        [
            "docs:order/open-order",
            "nautilus:http_get_orders_realtime",
            "nautilus:http_get_orders_realtime_tp_sl",
        ],
        OLD_ORDER_FIELDS,
    ),
    "/v5/order/history": (["docs:order/order-list", "nautilus:http_get_orders_history"], OLD_ORDER_FIELDS),
    "/v5/execution/list": (
        ["docs:order/execution", "nautilus:http_get_executions"],
        {"extraFees": "none"},
    ),
    "/v5/position/list": (["docs:position/position", "nautilus:http_get_positions"], POSITION_FIELDS),
    "/v5/account/transaction-log": (
        ["docs:account/transaction-log"],
        {
            "id": "coin and number for a deposit",
            "tradeId": "empty for a deposit",
            "symbol": "empty for a deposit",
            "category": "empty for a deposit",
        },
    ),
    "/v5/order/create": (["docs:order/create-order"], {}),
    "/v5/order/amend": (["docs:order/amend-order"], {}),
    "/v5/order/cancel": (["docs:order/cancel-order"], {}),
    "/v5/order/cancel-all": (["docs:order/cancel-all"], {}),
    "/v5/order/create-batch": (["docs:order/batch-place"], {}),
    "/v5/order/amend-batch": (["docs:order/batch-amend"], {}),
    "/v5/order/cancel-batch": (["docs:order/batch-cancel"], {}),
    "/v5/position/set-leverage": (["docs:position/leverage"], {}),
    "/v5/position/switch-mode": (["docs:position/position-mode"], {}),
    "/v5/position/trading-stop": (["docs:position/trading-stop"], {}),
    "/v5/account/set-margin-mode": (
        ["docs:account/set-margin-mode"],
        {"reasons": "the example is a refusal with reasons"},
    ),
}
TOPIC_TABLE = {
    "tickers.BTCUSDT": (["docs:websocket/public/ticker", "nautilus:ws_ticker_linear"], {}),
    "publicTrade.BTCUSDT": (["docs:websocket/public/trade", "nautilus:ws_public_trade"], {}),
    "kline.1.BTCUSDT": (["docs:websocket/public/kline", "nautilus:ws_kline"], {}),
    "orderbook.50.BTCUSDT": (["docs:websocket/public/orderbook", "nautilus:ws_orderbook_delta"], {}),
    "order": (
        ["docs:websocket/private/order", "nautilus:ws_account_order", "nautilus:ws_account_order_filled",
         "nautilus:ws_account_order_stop_market"],
        OLD_ORDER_FIELDS | {
            "isLeverage": "optional for Nautilus, and in Bybit's REST form",
        },
    ),
    "execution": (
        ["docs:websocket/private/execution", "nautilus:ws_account_execution"],
        {"stopOrderType": "empty for an active order; Bybit shows UNKNOWN or empty", "extraFees": "none",
         "extraFees[]": "none", "feeCoin": "none", "feeType": "none", "subFeeType": "none", "fee": "none",
         "extraFees[].feeRate": "none"},
    ),
    "position": (["docs:websocket/private/position", "nautilus:ws_account_position"], POSITION_FIELDS | {
        "liqPrice": "empty without a position; the example shows 0",
    }),
    "wallet": (["docs:websocket/private/wallet", "nautilus:ws_account_wallet"], {
        "totalPerpUpl": "a misspelling in one recording",
        "availableToWithdraw": "empty in a unified account",
    }),
}  # fmt: skip


def kind_of(value):
    """Return the type of a JSON value, and for strings what they hold."""
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, str):
        return "empty" if not value else "number" if NUMBER.fullmatch(value) else "text"
    return {int: "int", float: "float", dict: "object", list: "list", type(None): "null"}[type(value)]


def shape_of(value, path="", shape=None):
    """Return the kinds seen at each path; list elements share the path ``x[]``."""
    shape = {} if shape is None else shape
    shape.setdefault(path, set()).add(kind_of(value))
    if isinstance(value, dict):
        for name, item in value.items():
            shape_of(item, f"{path}.{name}" if path else name, shape)
    elif isinstance(value, list):
        for item in value:
            shape_of(item, f"{path}[]", shape)
    return shape


def json_type(kind):
    return "string" if kind in {"empty", "number", "text"} else kind


def differences(ours, theirs):
    """Yield each path at which our shape is not within theirs, with what was found."""
    for path in sorted(set(ours) | set(theirs)):
        parent = path.rpartition(".")[0]
        if path not in ours:
            # Nothing can be said of the fields of a list that holds nothing.
            if parent in ours or not parent:
                yield path, f"Bybit has it ({sorted(theirs[path])}), the simulator has not"
        elif path not in theirs:
            if parent in theirs or not parent:
                yield path, f"the simulator has it ({sorted(ours[path])}), Bybit has not"
        else:
            known = theirs[path] - {"null"}
            if not known or (known == {"empty"} and {json_type(k) for k in ours[path]} == {"string"}):
                continue
            for kind in ours[path] - theirs[path]:
                yield path, f"the simulator sends {kind}, Bybit {sorted(theirs[path])}"


def unexplained(ours, theirs, allowed):
    allowed = ALLOWED_EVERYWHERE | allowed
    return [
        f"{path}: {found}"
        for path, found in differences(ours, theirs)
        if path not in allowed and not {part.removesuffix("[]") for part in path.split(".")} & set(allowed)
    ]


def payloads_of(reference):
    """Return the answers in a payload file: for documentation those of linear contracts."""
    source, _, name = reference.partition(":")
    if source == "nautilus":
        return [json.loads((PAYLOADS / "nautilus" / f"{name}.json").read_text())]
    page = json.loads((PAYLOADS / "bybit_docs_v5" / f"{name}.json").read_text())
    found = []
    for example in page["examples"]:
        if re.search("Subscribe Example|Option|Spot", example["section"] + example["tab"]):
            continue
        payload = example["payload"]
        for one in payload if isinstance(payload, list) else [payload]:
            answer = one.get("payload", one)
            # the ticker page also shows a dated future, BTC-26DEC25
            if "DEC25" not in str(answer.get("topic", "")):
                found.append(answer)
    return found


def shape_of_references(references):
    shape = {}
    for reference in references:
        for payload in payloads_of(reference):
            shape_of(payload, "", shape)
    return shape


class Recorder:
    """A client that trades a little, so that every endpoint and topic has something to show."""

    def __init__(self, simulator, http):
        self.simulator = simulator
        self.http = http
        self.answers = {}

    async def call(self, method, path, params):
        config = self.simulator.config
        now = str(time.time_ns() // 1_000_000)
        query = "&".join(f"{k}={v}" for k, v in params.items()) if method == "GET" else ""
        body = "" if method == "GET" else json.dumps(params)
        headers = {
            "X-BAPI-API-KEY": config.api_key,
            "X-BAPI-TIMESTAMP": now,
            "X-BAPI-RECV-WINDOW": "5000",
            "X-BAPI-SIGN": sign(config.api_secret, f"{now}{config.api_key}5000{query}{body}"),
        }
        url = f"{self.simulator.http_url}{path}" + (f"?{query}" if query else "")
        async with self.http.request(method, url, data=body or None, headers=headers) as answer:
            envelope = await answer.json()
        self.answers.setdefault(path, []).append(envelope)
        return envelope

    async def trade(self):
        order = CATEGORY_SYMBOL | {
            "side": "Buy",
            "orderType": "Market",
            "qty": "0.010",
            "orderLinkId": "entry",
        }
        stop = order | {"side": "Sell", "triggerPrice": "49000", "triggerDirection": 2, "orderLinkId": "stop"}
        rest = order | {"orderType": "Limit", "price": "49000", "orderLinkId": "rest"}
        post = "POST"
        await self.call(post, "/v5/order/create", order)
        await self.call(post, "/v5/order/create", stop)
        await self.call(post, "/v5/order/create", rest)
        await self.call(post, "/v5/order/amend", CATEGORY_SYMBOL | {"orderLinkId": "rest", "price": "48900"})
        await self.call(post, "/v5/order/create", rest | {"orderLinkId": "gone"})
        await self.call(post, "/v5/order/cancel", CATEGORY_SYMBOL | {"orderLinkId": "gone"})
        batch = {
            "category": "linear",
            "request": [rest | {"orderLinkId": "b1"}, rest | {"orderLinkId": "b2"}],
        }
        await self.call(post, "/v5/order/create-batch", batch)
        changed = [{"symbol": "BTCUSDT", "orderLinkId": name, "price": "48800"} for name in ("b1", "b2")]
        await self.call(post, "/v5/order/amend-batch", {"category": "linear", "request": changed})
        named = [{"symbol": "BTCUSDT", "orderLinkId": name} for name in ("b1", "nothing")]
        await self.call(post, "/v5/order/cancel-batch", {"category": "linear", "request": named})
        await self.call(post, "/v5/position/trading-stop", CATEGORY_SYMBOL | {"stopLoss": "45000"})
        leverage = CATEGORY_SYMBOL | {"buyLeverage": "7", "sellLeverage": "7"}
        await self.call(post, "/v5/position/set-leverage", leverage)
        await self.call(post, "/v5/position/switch-mode", CATEGORY_SYMBOL | {"mode": 0})
        await self.call(post, "/v5/account/set-margin-mode", {"setMarginMode": "REGULAR_MARGIN"})

    async def ask(self):
        for path in ("time", "instruments-info", "orderbook", "tickers", "recent-trade", "funding/history"):
            await self.call("GET", f"/v5/market/{path}", CATEGORY_SYMBOL)
        await self.call("GET", "/v5/market/kline", CATEGORY_SYMBOL | {"interval": "1"})
        await self.call("GET", "/v5/account/wallet-balance", {"accountType": "UNIFIED"})
        await self.call("GET", "/v5/account/info", {})
        await self.call("GET", "/v5/account/transaction-log", {"accountType": "UNIFIED"})
        await self.call("GET", "/v5/account/fee-rate", CATEGORY_SYMBOL)
        await self.call("GET", "/v5/user/query-api", {})
        for path in ("/v5/order/realtime", "/v5/order/history", "/v5/execution/list", "/v5/position/list"):
            await self.call("GET", path, CATEGORY_SYMBOL)
        await self.call("POST", "/v5/order/cancel-all", CATEGORY_SYMBOL)


async def listen(http, simulator, path, topics, frames, ready):
    async with http.ws_connect(f"{simulator.ws_url}{path}") as socket:
        if path == "/v5/private":
            config, expires = simulator.config, str(time.time_ns() // 1_000_000 + 5_000)
            signature = sign(config.api_secret, f"GET/realtime{expires}")
            await socket.send_json({"op": "auth", "args": [config.api_key, expires, signature]})
            frames.setdefault("auth", []).append(await socket.receive_json())
        await socket.send_json({"op": "subscribe", "args": topics, "req_id": "1"})
        frames.setdefault(f"ack {path}", []).append(await socket.receive_json())
        ready.set()
        async for message in socket:
            frame = json.loads(message.data)
            frames.setdefault(frame["topic"], []).append(frame)


@pytest.fixture(scope="module")
def recorded(price_ticks, minute_history):
    """Trade, ask and listen once; returns REST answers by path and frames by topic."""

    async def record():
        frames = {}
        config = BybitSimulatorConfig(prices="none", rate_limit_scale=100)
        async with (
            BybitSimulator(config, history={"BTCUSDT": minute_history}) as simulator,
            aiohttp.ClientSession() as http,
        ):
            simulator.publish(FundingTick("BTCUSDT", minute_history[-1][0], Decimal("0.0001")))
            for tick in price_ticks("50000.0", "50000.1", trade="50000.0"):
                simulator.publish(tick)
            public = [topic for topic in TOPIC_TABLE if "." in topic]
            private = [topic for topic in TOPIC_TABLE if "." not in topic]
            ready = [asyncio.Event(), asyncio.Event()]
            listeners = [
                asyncio.create_task(listen(http, simulator, "/v5/public/linear", public, frames, ready[0])),
                asyncio.create_task(listen(http, simulator, "/v5/private", private, frames, ready[1])),
            ]
            await asyncio.gather(*(event.wait() for event in ready))
            while "orderbook.50.BTCUSDT" not in frames:
                await asyncio.sleep(0.01)
            for tick in price_ticks("50000.0", "50000.2", trade="50000.2"):
                simulator.publish(tick)
            recorder = Recorder(simulator, http)
            await recorder.trade()
            await recorder.ask()
            while set(TOPIC_TABLE) - set(frames):
                await asyncio.sleep(0.01)
            for listener in listeners:
                listener.cancel()
            await asyncio.gather(*listeners, return_exceptions=True)
        return recorder.answers, frames

    return asyncio.run(asyncio.wait_for(record(), 240))


@pytest.mark.parametrize("path", REST_TABLE)
def test_a_rest_answer_has_bybits_fields_types_and_formats(recorded, path):
    references, allowed = REST_TABLE[path]
    ours = {}
    for answer in recorded[0][path]:
        shape_of(answer, "", ours)
    assert unexplained(ours, shape_of_references(references), allowed) == []


@pytest.mark.parametrize("topic", TOPIC_TABLE)
def test_a_topic_frame_has_bybits_fields_types_and_formats(recorded, topic):
    references, allowed = TOPIC_TABLE[topic]
    ours = {}
    for frame in recorded[1][topic]:
        shape_of(frame, "", ours)
    assert unexplained(ours, shape_of_references(references), allowed) == []


def test_every_implemented_endpoint_is_compared():
    assert {path for _, path in ROUTES} == set(REST_TABLE)


def test_a_missing_field_a_wrong_type_and_a_wrong_format_are_found():
    theirs = shape_of({"a": "1", "b": True, "c": "x", "d": 1})
    ours = shape_of({"a": "text", "b": "1", "c": "", "e": 1})
    assert [path for path, _ in differences(ours, theirs)] == ["a", "b", "c", "d", "e"]
