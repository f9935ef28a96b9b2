"""pybit against the simulator, run as a process of its own: its streams keep threads of their own."""

import json
import os
import sys
import threading
import traceback

import pybit._http_manager
import pybit._websocket_trading
import pybit.unified_trading as pybit_api
from pybit.exceptions import InvalidRequestError

PATIENCE_SECS = 60


class Waiting:
    """Keep the messages of a stream, and wait for the first one that fits."""

    def __init__(self):
        self.messages = []
        self.changed = threading.Condition()

    def __call__(self, message):
        with self.changed:
            self.messages.append(message)
            self.changed.notify_all()

    def first(self, fits=lambda _: True):
        def found():
            return next((message for message in self.messages if fits(message)), None)

        with self.changed:
            assert self.changed.wait_for(lambda: found() is not None, PATIENCE_SECS), self.messages
            return found()


def point_at(port):
    """Replace pybit's addresses, which it builds in its constructors from module constants."""
    pybit._http_manager.HTTP_URL = f"http://127.0.0.1:{port}"
    pybit_api.PUBLIC_WSS = f"ws://127.0.0.1:{port}/v5/public/{{CHANNEL_TYPE}}"
    pybit_api.PRIVATE_WSS = f"ws://127.0.0.1:{port}/v5/private"
    pybit._websocket_trading.TRADE_WSS = f"ws://127.0.0.1:{port}/v5/trade"


def main():
    port = int(sys.argv[1])
    point_at(port)
    keys = {"api_key": "SIMULATED", "api_secret": "SIMULATED"}
    linear = {"category": "linear", "symbol": "BTCUSDT"}
    rest = pybit_api.HTTP(testnet=False, **keys)
    rest.endpoint = f"http://127.0.0.1:{port}"
    seen = {
        "time": rest.get_server_time()["retCode"],
        "tick": rest.get_instruments_info(**linear)["result"]["list"][0]["priceFilter"]["tickSize"],
        "klines": len(rest.get_kline(**linear, interval=1)["result"]["list"]),
        "equity": rest.get_wallet_balance(accountType="UNIFIED")["result"]["list"][0]["totalEquity"],
        "taker": rest.get_fee_rates(**linear)["result"]["list"][0]["takerFeeRate"],
        "bid": rest.get_tickers(**linear)["result"]["list"][0]["bid1Price"],
    }

    private = {name: Waiting() for name in ("order", "execution", "position", "wallet")}
    account = pybit_api.WebSocket(testnet=False, channel_type="private", **keys)
    account.order_stream(callback=private["order"])
    account.execution_stream(callback=private["execution"])
    account.position_stream(callback=private["position"])
    account.wallet_stream(callback=private["wallet"])
    market, public = pybit_api.WebSocket(testnet=False, channel_type="linear"), Waiting()
    market.ticker_stream(symbol="BTCUSDT", callback=public)
    seen["ticker"] = public.first()["data"]["ask1Price"]

    order = linear | {"side": "Buy", "orderType": "Market", "qty": "0.010"}
    placed = rest.place_order(**order, orderLinkId="rest-1")
    seen["placed"] = placed["result"]["orderLinkId"]
    fill = private["execution"].first()["data"][0]
    seen["fill"] = [fill["orderLinkId"], fill["execPrice"], fill["execQty"]]
    seen["filled"] = private["order"].first(lambda m: m["data"][0]["orderStatus"] == "Filled")["topic"]
    seen["position"] = private["position"].first()["data"][0]["size"]
    seen["wallet"] = private["wallet"].first()["data"][0]["coin"][0]["coin"]

    trading = pybit_api.WebSocketTrading(testnet=False, **keys)
    acks = Waiting()
    trading.place_order(acks, **order, orderLinkId="ws-1")
    seen["ack"] = acks.first()["data"]["orderLinkId"]
    private["execution"].first(lambda m: m["data"][0]["orderLinkId"] == "ws-1")
    seen["size"] = rest.get_positions(**linear)["result"]["list"][0]["size"]
    try:
        rest.cancel_order(**linear, orderLinkId="nothing")
    except InvalidRequestError as error:
        seen["cancel"] = error.status_code
    print(json.dumps(seen), flush=True)
    # pybit's reader threads are not daemons of ours to join
    account.exit()
    market.exit()
    trading.exit()


if __name__ == "__main__":
    try:
        main()
    except Exception:  # noqa: BLE001  whatever it was is shown
        # nor would they let a script end that failed
        traceback.print_exc()
        sys.stderr.flush()
        os._exit(1)
