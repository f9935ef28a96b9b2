"""What only the owner of an account may ask of Bybit: positions, balances, orders, executions, fees."""

from decimal import Decimal
from typing import Any, Final

import msgspec

from adapters.bybit.pybit_session import PybitSession, reads

NS_PER_MS: Final = 1_000_000
MAX_ROWS: Final = 200


class VenuePosition(msgspec.Struct, frozen=True):
    """The net position that the venue holds in a symbol; quantity is signed."""

    symbol: str
    quantity: Decimal
    average_price: Decimal


class FeeRate(msgspec.Struct, frozen=True):
    """What the account pays for a trade in a symbol, as a ratio of its value."""

    symbol: str
    maker: Decimal
    taker: Decimal


class VenueExecution(msgspec.Struct, frozen=True):
    """
    One row of the account's execution list.

    Parameters
    ----------
    exec_id, symbol : str
        E.g. ``BTCUSDT``.
    kind : str
        Bybit's word: ``Trade``, ``Funding``, ``BustTrade`` (liquidation) ...
    order_link_id : str
        Our client order id; empty for what we did not order.
    fee : Decimal
        What it cost, USDT; of a funding settlement positive when we paid.
    fee_rate : Decimal
        Ratio of the value; of a funding settlement its rate.
    price : Decimal
        Of the trade; of a funding settlement the mark price.
    ts : int
        Execution time on the venue's wall clock, ns UTC.
    """

    exec_id: str
    symbol: str
    kind: str
    order_link_id: str
    fee: Decimal
    fee_rate: Decimal
    price: Decimal
    ts: int


class AccountRequests(PybitSession):
    """Signed questions."""

    @reads
    def funding_execution_ids(self, symbol: str) -> set[str]:
        """Return the ids of the latest funding settlements in the account's execution list."""
        return {row.exec_id for row in self.executions(symbol, kind="Funding") if row.kind == "Funding"}

    @reads
    def executions(self, symbol: str = "", *, kind: str = "", limit: int = 100) -> list[VenueExecution]:
        """
        Return the account's latest executions, newest first.

        Parameters
        ----------
        symbol : str, default ""
            Empty for all symbols.
        kind : str, default ""
            E.g. ``Trade`` or ``Funding``; empty for all kinds.
        limit : int, default 100
            At most 100.
        """
        wanted = {name: value for name, value in (("symbol", symbol), ("execType", kind)) if value}
        result = self._ask(self._session.get_executions, category="linear", limit=limit, **wanted)
        return [_execution(row) for row in result["list"]]

    @reads
    def positions(self) -> dict[str, VenuePosition]:
        """Return the venue's open positions by symbol."""
        rows = self._pages(self._session.get_positions, category="linear", settleCoin="USDT", limit=MAX_ROWS)
        found = {}
        for row in rows:
            size = Decimal(row["size"] or 0)
            if size:
                sign = 1 if row["side"] == "Buy" else -1
                found[row["symbol"]] = VenuePosition(row["symbol"], sign * size, Decimal(row["avgPrice"]))
        return found

    @reads
    def wallet_balance_usdt(self) -> Decimal:
        """Return the account's USDT wallet balance."""
        result = self._ask(self._session.get_wallet_balance, accountType="UNIFIED")
        for coin in result["list"][0]["coin"]:
            if coin["coin"] == "USDT":
                return Decimal(coin["walletBalance"])
        return Decimal(0)

    @reads
    def open_orders(self) -> list[dict[str, Any]]:
        """Return the account's open orders, conditional ones too, as Bybit describes them."""
        rows = self._pages(self._session.get_open_orders, category="linear", settleCoin="USDT", limit=50)
        # whoever reads them relies on these
        return [row for row in rows if (row["symbol"], row["orderId"], row["orderLinkId"])]

    @reads
    def find_order(self, symbol: str, order_link_id: str) -> dict[str, Any] | None:
        """
        Return an order by our id, open or ended, as Bybit describes it; None when the venue never had it.

        Raises
        ------
        VenueError, AuthFailed, VenueTimeout
            If the venue does not answer: nothing is known then.
        """
        wanted = {"category": "linear", "symbol": symbol, "orderLinkId": order_link_id}
        for method in (self._session.get_open_orders, self._session.get_order_history):
            rows = self._ask(method, **wanted)["list"]
            if rows:
                return dict(rows[0])
        return None

    @reads
    def cancel_order(self, symbol: str, order_link_id: str) -> None:
        """Cancel an open order by our id; one that has ended meanwhile is an error like any other."""
        self._ask(self._session.cancel_order, category="linear", symbol=symbol, orderLinkId=order_link_id)

    @reads
    def order_history(self) -> list[dict[str, Any]]:
        """Return the account's latest 50 orders as Bybit describes them, newest first."""
        result = self._ask(self._session.get_order_history, category="linear", settleCoin="USDT", limit=50)
        return list(result["list"])

    @reads
    def permissions(self) -> dict[str, Any]:
        """Return what the key may do, as ``/v5/user/query-api`` says."""
        return dict(self._ask(self._session.get_api_key_information))

    @reads
    def fee_rates(self, symbol: str = "") -> dict[str, FeeRate]:
        """Return the account's fee rates by symbol, of all symbols by default."""
        wanted = {"symbol": symbol} if symbol else {}
        result = self._ask(self._session.get_fee_rates, category="linear", **wanted)
        return {
            row["symbol"]: FeeRate(row["symbol"], Decimal(row["makerFeeRate"]), Decimal(row["takerFeeRate"]))
            for row in result["list"]
        }


def _execution(row: dict[str, Any]) -> VenueExecution:
    return VenueExecution(
        exec_id=row["execId"],
        symbol=row["symbol"],
        kind=row["execType"],
        order_link_id=row["orderLinkId"],
        fee=Decimal(row["execFee"] or 0),
        fee_rate=Decimal(row["feeRate"] or 0),
        price=Decimal(row["execPrice"] or 0),
        ts=int(row["execTime"]) * NS_PER_MS,
    )
