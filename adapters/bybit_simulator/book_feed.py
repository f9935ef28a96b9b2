"""The ``orderbook`` topics: a snapshot, then deltas whose ``u`` has no gap."""

from typing import Any, Final

from adapters.bybit_simulator.market_board import PublicMarket
from adapters.bybit_simulator.wire import text

DEPTHS: Final = (1, 50, 200)

type Side = dict[str, str]


class BookFeed:
    """
    What one ``orderbook.{depth}.{symbol}`` topic has told its listeners so far.

    Parameters
    ----------
    depth : int
        Levels on each side.
    market : PublicMarket
        Where the book comes from.
    """

    def __init__(self, depth: int, market: PublicMarket) -> None:
        self.topic = f"orderbook.{depth}.{market.symbol}"
        self._depth = depth
        self._market = market
        self._bids: Side = {}
        self._asks: Side = {}
        self._update_id = 0

    def snapshot(self) -> dict[str, Any]:
        """Return what the listeners have, for one who joins them."""
        if not self._update_id:
            self._bids, self._asks = self._sides()
            self._update_id = 1
        return self._frame("snapshot", list(self._bids.items()), list(self._asks.items()))

    def delta(self) -> dict[str, Any] | None:
        """Return what changed since the last frame; None when nothing did."""
        bids, asks = self._sides()
        changed_bids, changed_asks = _changes(self._bids, bids), _changes(self._asks, asks)
        if not changed_bids and not changed_asks:
            return None
        self._bids, self._asks = bids, asks
        self._update_id += 1
        return self._frame("delta", changed_bids, changed_asks)

    def _sides(self) -> tuple[Side, Side]:
        market, depth = self._market, self._depth
        bids = {text(price): text(qty) for price, qty in market.bids[:depth]}
        asks = {text(price): text(qty) for price, qty in market.asks[:depth]}
        return bids, asks

    def _frame(self, kind: str, bids: list[tuple[str, str]], asks: list[tuple[str, str]]) -> dict[str, Any]:
        return {
            "topic": self.topic,
            "type": kind,
            "ts": self._market.ts_ms,
            "data": {
                "s": self._market.symbol,
                "b": bids,
                "a": asks,
                "u": self._update_id,
                "seq": self._market.seq,
            },
            "cts": self._market.book_ts_ms,
        }


def _changes(before: Side, after: Side) -> list[tuple[str, str]]:
    """Return new and changed levels, and those that went, with quantity 0."""
    changed = [(price, qty) for price, qty in after.items() if before.get(price) != qty]
    return changed + [(price, "0") for price in before if price not in after]
