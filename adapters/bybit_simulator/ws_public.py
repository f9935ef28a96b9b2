"""``/v5/public/linear``: tickers, trades, klines and order books."""

import asyncio
from typing import Any, Final

import msgspec

from adapters.bybit_simulator.book_feed import DEPTHS, BookFeed
from adapters.bybit_simulator.fault_board import FaultBoard
from adapters.bybit_simulator.klines import INTERVALS, Kline
from adapters.bybit_simulator.market_board import MarketBoard, PublicMarket, PublicTrade
from adapters.bybit_simulator.prices import BookTick, FundingTick, MarketTick, MarkTick, TradeTick
from adapters.bybit_simulator.session import Message, Session
from adapters.bybit_simulator.topics import Topics, topic_names
from adapters.bybit_simulator.wire_market import kline_message, ticker_message, trade_message

# Bybit's first frame follows its acknowledgement after a moment, and pybit relies on it: it registers its
# callback after it has sent the subscription.
JOIN_SECS: Final = 0.02

_encode: Final = msgspec.json.Encoder().encode


class PublicStream:
    """
    Turn ticks into public frames for those who listen.

    Parameters
    ----------
    board : MarketBoard
        The public markets.
    faults : FaultBoard
        Whether a book stands still.
    """

    def __init__(self, board: MarketBoard, faults: FaultBoard) -> None:
        self.topics = Topics()
        self._board = board
        self._faults = faults
        self._books: dict[str, BookFeed] = {}
        self._joining: set[tuple[str, Session]] = set()

    def on_tick(self, tick: MarketTick) -> None:
        """Take a tick into the public market and publish what it changes."""
        market = self._board.find(tick)
        if market is None:
            return
        for interval, bar in market.roll(tick.ts_ms):
            self._publish_kline(market, interval, bar, confirm=True)
        match tick:
            case BookTick():
                market.on_book(tick)
                self._publish_book(market)
                self._publish_ticker(market)
            case TradeTick():
                self._publish_trade(market, market.on_trade(tick))
            case MarkTick():
                market.on_mark(tick)
                self._publish_ticker(market)
            case FundingTick():
                market.on_funding(tick)
                self._publish_ticker(market)

    def on_message(self, session: Session, message: Message) -> None:
        """Answer one operation of a client."""
        operation = message.get("op")
        if operation == "ping":
            session.reply(_answer(session, message, "pong"))
        elif operation in ("subscribe", "unsubscribe"):
            self._change_topics(session, message, operation)
        else:
            session.reply(_answer(session, message, f"error:invalid op:{operation}", success=False))

    def forget(self, session: Session) -> None:
        """Drop the subscriptions of a socket that went."""
        self._joining = {(topic, other) for topic, other in self._joining if other is not session}
        self.topics.forget(session)

    def _change_topics(self, session: Session, message: Message, operation: str) -> None:
        names = topic_names(message)
        unknown = [topic for topic in names if not self._exists(topic)]
        if unknown or not names:
            problem = f"error:handler not found,topic:{','.join(unknown)}"
            session.reply(_answer(session, message, problem, success=False))
            return
        session.reply(_answer(session, message, ""))
        for topic in names:
            if operation == "subscribe":
                self._joining.add((topic, session))
                asyncio.get_running_loop().call_later(JOIN_SECS, self._join, topic, session)
            else:
                self._joining.discard((topic, session))
                self.topics.unsubscribe(topic, session)

    def _join(self, topic: str, session: Session) -> None:
        if (topic, session) not in self._joining:
            return
        self._joining.discard((topic, session))
        kind, *_, symbol = topic.split(".")
        market = self._board.market(symbol)
        before = topic in self.topics
        if kind == "orderbook":
            feed = self._feed(topic, market)
            if before:
                self.topics.subscribe(topic, session)
                session.push(_encode(feed.snapshot()))
            else:
                # Nobody followed the book meanwhile: begin anew from what it is now.
                self._books[topic] = feed = BookFeed(int(topic.split(".")[1]), market)
                self.topics.subscribe(topic, session)
                self.topics.publish(topic, feed.snapshot())
            return
        self.topics.subscribe(topic, session)
        if kind == "kline":
            # From now on this interval is built, so that its end is told even if no trade comes first.
            market.series(topic.split(".")[1])
        if kind == "tickers":
            session.push(_encode(self._ticker_frame(market, "snapshot")))

    def _feed(self, topic: str, market: PublicMarket) -> BookFeed:
        if topic not in self._books:
            self._books[topic] = BookFeed(int(topic.split(".")[1]), market)
        return self._books[topic]

    def _exists(self, topic: str) -> bool:
        parts = topic.split(".")
        match parts:
            case ["tickers" | "publicTrade", symbol]:
                return self._board.knows(symbol)
            case ["kline", interval, symbol]:
                return interval in INTERVALS and self._board.knows(symbol)
            case ["orderbook", depth, symbol]:
                return depth in {str(d) for d in DEPTHS} and self._board.knows(symbol)
            case _:
                return False

    def _publish_book(self, market: PublicMarket) -> None:
        if self._faults.is_stale(market.symbol):
            return
        for depth in DEPTHS:
            topic = f"orderbook.{depth}.{market.symbol}"
            if topic in self.topics and (frame := self._feed(topic, market).delta()):
                self.topics.publish(topic, frame)

    def _publish_ticker(self, market: PublicMarket) -> None:
        topic = f"tickers.{market.symbol}"
        if topic in self.topics and market.bids and market.asks and not self._faults.is_stale(market.symbol):
            self.topics.publish(topic, self._ticker_frame(market, "delta"))

    def _ticker_frame(self, market: PublicMarket, kind: str) -> dict[str, Any]:
        return {
            "topic": f"tickers.{market.symbol}",
            "type": kind,
            "data": ticker_message(market),
            "cs": market.seq,
            "ts": market.ts_ms,
        }

    def _publish_trade(self, market: PublicMarket, published: PublicTrade) -> None:
        topic = f"publicTrade.{market.symbol}"
        if topic in self.topics:
            data = [trade_message(published)]
            self.topics.publish(topic, {"topic": topic, "type": "snapshot", "ts": market.ts_ms, "data": data})
        for interval in INTERVALS:
            if f"kline.{interval}.{market.symbol}" in self.topics:
                forming = market.series(interval).forming
                if forming is not None:
                    self._publish_kline(market, interval, forming, confirm=False)

    def _publish_kline(self, market: PublicMarket, interval: str, bar: Kline, *, confirm: bool) -> None:
        topic = f"kline.{interval}.{market.symbol}"
        if topic in self.topics:
            data = [kline_message(bar, interval, market.instrument, market.ts_ms, confirm=confirm)]
            self.topics.publish(topic, {"topic": topic, "data": data, "ts": market.ts_ms, "type": "snapshot"})


def _answer(session: Session, message: Message, ret_msg: str, *, success: bool = True) -> Message:
    return {
        "success": success,
        "ret_msg": ret_msg,
        "conn_id": session.conn_id,
        "req_id": message.get("req_id", ""),
        "op": message.get("op"),
    }
