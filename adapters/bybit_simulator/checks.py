"""What Bybit refuses before an order ever reaches the book, in the order in which it looks."""

from decimal import Decimal

from adapters.bybit_simulator.instruments import LinearInstrument
from adapters.bybit_simulator.ledger import Position
from adapters.bybit_simulator.markets import SymbolMarket
from adapters.bybit_simulator.orders import FALLING, RISING, ZERO, OrderSide
from adapters.bybit_simulator.refusals import Code, Refused, bad_request
from adapters.bybit_simulator.requests import CreateOrder, SetTradingStop

MAX_LINK_ID = 36


def check_category(category: str) -> None:
    """Refuse everything but linear perpetuals."""
    if category != "linear":
        raise bad_request(f"category {category} is not simulated: only linear is")


def check_position_idx(position_idx: int) -> None:
    """Refuse hedge-mode orders: the account is in one-way mode."""
    if position_idx != 0:
        raise bad_request("position idx not match position mode")


def check_protection_mode(request: CreateOrder | SetTradingStop) -> None:
    """Refuse protection that is not simulated: for a part of the position, or with limit orders."""
    if request.tpsl_mode == "Partial":
        raise bad_request("tpslMode Partial is not simulated: only Full is")
    if "Limit" in (request.tp_order_type, request.sl_order_type):
        raise bad_request("tpOrderType and slOrderType Limit are not simulated: only Market is")


def check_form(request: CreateOrder) -> None:
    """Refuse combinations of fields that make no order."""
    check_category(request.category)
    check_position_idx(request.position_idx)
    if len(request.order_link_id) > MAX_LINK_ID:
        raise bad_request("OrderLinkedID length can not exceed 36")
    check_protection_mode(request)
    if request.order_type == "Market" and request.time_in_force == "PostOnly":
        raise bad_request("Market order cannot be PostOnly")
    if request.order_type == "Limit" and not request.price:
        raise bad_request("Order price is required for a Limit order")
    if request.trigger_price is not None and request.trigger_direction not in (RISING, FALLING):
        raise bad_request("TriggerDirection invalid")


def check_qty(qty: Decimal, instrument: LinearInstrument, *, market: bool) -> None:
    """Refuse a quantity off the lot grid or outside the bounds."""
    if qty < instrument.min_order_qty:
        raise bad_request("The number of contracts exceeds minimum limit allowed")
    if qty % instrument.qty_step:
        raise bad_request("Qty invalid")
    largest = instrument.max_market_qty if market else instrument.max_order_qty
    if qty > largest:
        raise bad_request("The number of contracts exceeds maximum limit allowed: too large")


def check_price(price: Decimal, instrument: LinearInstrument, name: str = "Price") -> None:
    """Refuse a price off the tick grid or outside the instrument's bounds."""
    if price % instrument.tick_size:
        raise bad_request(f"{name} invalid")
    if not instrument.min_price <= price <= instrument.max_price:
        raise Refused(Code.PRICE_OUT_OF_RANGE, "Order price exceeds the allowable range.")


def check_price_limit(price: Decimal, side: OrderSide, market: SymbolMarket) -> None:
    """Refuse to buy far above or to sell far below the mark price."""
    mark, ratio = market.mark, market.instrument.price_limit_ratio
    if not mark:
        return
    if side == "Buy" and price > mark * (1 + ratio):
        raise Refused(Code.BUY_PRICE_TOO_HIGH, "The order price is higher than the maximum buying price")
    if side == "Sell" and price < mark * (1 - ratio):
        raise Refused(Code.SELL_PRICE_TOO_LOW, "The order price is lower than the minimum selling price")


def check_notional(value: Decimal, instrument: LinearInstrument) -> None:
    """Refuse an order that is worth less than the instrument's minimum."""
    if value < instrument.min_notional:
        raise Refused(
            Code.NOTIONAL_TOO_LOW,
            f"Order does not meet minimum order value {instrument.min_notional}{instrument.settle_coin}",
        )


def check_trigger(trigger_price: Decimal, direction: int, trigger_by: str, market: SymbolMarket) -> None:
    """Refuse a trigger that the market has reached already."""
    check_price(trigger_price, market.instrument, "TriggerPrice")
    current = market.price_of(trigger_by)
    if direction == RISING and trigger_price <= current:
        raise Refused(
            Code.EXPECT_RISING,
            f"expect Rising, but trigger_price[{trigger_price}] <= current[{current}]??{trigger_by}",
        )
    if direction == FALLING and trigger_price >= current:
        raise Refused(
            Code.EXPECT_FALLING,
            f"expect Falling, but trigger_price[{trigger_price}] >= current[{current}]??{trigger_by}",
        )


def check_reduces(side: OrderSide, position: Position) -> None:
    """Refuse a reduce-only order that has nothing to reduce."""
    if not position.size:
        raise Refused(Code.REDUCE_ONLY, "current position is zero, cannot fix reduce-only order qty")
    if not position.closable(side):
        raise Refused(Code.REDUCE_ONLY, "Reduce-only rule not satisfied")


def check_protection(
    side: OrderSide | str,
    base_price: Decimal,
    take_profit: Decimal | None,
    stop_loss: Decimal | None,
    instrument: LinearInstrument,
) -> None:
    """Refuse a take-profit or stop-loss on the wrong side of the price the position has or would have."""
    if take_profit:
        check_price(take_profit, instrument, "TakeProfit")
        _check_beyond("TakeProfit", take_profit, side, base_price, above=side == "Buy")
    if stop_loss:
        check_price(stop_loss, instrument, "StopLoss")
        _check_beyond("StopLoss", stop_loss, side, base_price, above=side != "Buy")


def _check_beyond(name: str, price: Decimal, side: str, base: Decimal, *, above: bool) -> None:
    if (price > base) if above else (price < base):
        return
    word = "higher" if above else "lower"
    raise bad_request(
        f"{name}:{price} set for {side} position should be {word} than base_price:{base}??LastPrice"
    )


def check_new_order(request: CreateOrder, market: SymbolMarket, position: Position) -> None:
    """
    Refuse an order that Bybit would refuse, margins aside.

    Parameters
    ----------
    request : CreateOrder
        Already of the right form.
    market : SymbolMarket
        Market of the order's symbol.
    position : Position
        The net position it would change.

    Raises
    ------
    Refused
        With Bybit's code and text.
    """
    instrument = market.instrument
    check_qty(request.qty, instrument, market=request.order_type == "Market")
    price = request.price if request.order_type == "Limit" else None
    if request.trigger_price is None and price is None and market.book.best_opposite(request.side) is None:
        raise Refused(
            Code.NO_LIQUIDITY, "Unable to retrieve a price of the market order due to low liquidity"
        )
    reference = price or request.trigger_price or market.book.best_opposite(request.side) or market.reference
    if price:
        check_price(price, instrument)
        if request.trigger_price is None:
            check_price_limit(price, request.side, market)
    if request.trigger_price is not None:
        check_trigger(request.trigger_price, request.trigger_direction, request.trigger_by, market)
    if request.reduce_only or request.close_on_trigger:
        check_reduces(request.side, position)
    else:
        check_notional(request.qty * reference, instrument)
    if request.trigger_price is None and price is None and market.book.best_opposite(request.side) is None:
        raise Refused(
            Code.NO_LIQUIDITY, "Unable to retrieve a price of the market order due to low liquidity"
        )
    check_protection(request.side, reference or ZERO, request.take_profit, request.stop_loss, instrument)
