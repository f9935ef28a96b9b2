"""A small exchange with a quiet market, and short words to trade on it."""

from decimal import Decimal

import pytest

from adapters.bybit_simulator.events import Executed, OrderChanged, PositionChanged, WalletChanged
from adapters.bybit_simulator.exchange import Exchange
from adapters.bybit_simulator.instruments import listed_instruments
from adapters.bybit_simulator.refusals import Refused
from adapters.bybit_simulator.requests import AmendOrder, CreateOrder, SetTradingStop, parse_request

BTC = "BTCUSDT"


def d(text) -> Decimal:
    return Decimal(str(text))


def levels(*pairs):
    return tuple((d(price), d(qty)) for price, qty in pairs)


class Desk:
    """Trade BTCUSDT at 50000 with 10000 USDT; the wall clock ticks a millisecond a look."""

    def __init__(self, wallet="10000"):
        self.now = 1_700_000_000_000
        self.exchange = Exchange(
            listed_instruments(["BTCUSDT", "ETHUSDT"]), wallet_usdt=d(wallet), wall_clock=self._wall_clock
        )
        self.market_ms = 1_600_000_000_000
        self.quote("49999.9", "50000.0", qty="10")
        self.mark("50000")
        self.exchange.drain()

    def _wall_clock(self):
        self.now += 1
        return self.now

    def book(self, bids, asks, symbol=BTC):
        self.market_ms += 100
        self.exchange.on_book(symbol, levels(*bids), levels(*asks), self.market_ms)

    def quote(self, bid, ask, qty="10", symbol=BTC):
        self.book([(bid, qty)], [(ask, qty)], symbol)

    def trade(self, price, qty="1", side="Sell", symbol=BTC):
        self.market_ms += 100
        self.exchange.on_trade(symbol, d(price), d(qty), side, self.market_ms)

    def mark(self, price, index=None, symbol=BTC):
        self.exchange.on_mark(symbol, d(price), d(index or price), self.market_ms)

    def move(self, price, symbol=BTC):
        """Let book, mark and a trade go to a price."""
        self.quote(d(price) - d("0.1"), price, symbol=symbol)
        self.mark(price, symbol=symbol)
        self.trade(price, symbol=symbol)

    def order(self, side="Buy", qty="0.1", symbol=BTC, **fields):
        kind = "Limit" if "price" in fields else "Market"
        body = {"symbol": symbol, "side": side, "orderType": kind, "qty": qty} | fields
        return self.exchange.create_order(parse_request(CreateOrder, body))

    def amend(self, symbol=BTC, **fields):
        return self.exchange.amend_order(parse_request(AmendOrder, {"symbol": symbol} | fields))

    def trading_stop(self, symbol=BTC, **fields):
        self.exchange.set_trading_stop(parse_request(SetTradingStop, {"symbol": symbol} | fields))

    def refusal(self, call, *args, **fields):
        with pytest.raises(Refused) as refused:
            call(*args, **fields)
        return refused.value.code

    def find(self, order):
        return self.exchange.find_order(order_id=order.order_id)

    @property
    def size(self):
        position = self.exchange.position(BTC)
        return position.size if position.side != "Sell" else -position.size

    @property
    def stops(self):
        return {order.stop_order_type: order for order in self.exchange.open_orders(stop_orders=True)}

    def heard(self):
        """Return what was pushed since the last call, in short words."""
        return [_word(event) for event in self.exchange.drain()]


def _word(event):
    match event:
        case OrderChanged(order=order):
            return f"order {order.status}"
        case Executed(execution=execution):
            return f"execution {execution.exec_qty}@{execution.exec_price}"
        case PositionChanged(position=position):
            return f"position {position.side or 'flat'} {position.size}"
        case WalletChanged():
            return "wallet"


@pytest.fixture
def desk():
    return Desk()


@pytest.fixture
def new_desk():
    return Desk
