"""What the node believes about its account, in the words of the audit."""

from decimal import Decimal

from nautilus_trader.cache.cache import Cache
from nautilus_trader.model.identifiers import InstrumentId

from adapters.bybit.audit import NodeView
from nautilus_bot.core import ids
from nautilus_bot.node.holdings import symbol_of
from nautilus_bot.risk.context import RiskContext

EXTERNAL = "EXTERNAL"


def build_node_view(cache: Cache, context: RiskContext) -> NodeView:
    """Return positions, open orders, stops and balance as the node has them now."""
    names = {instrument.id.value: symbol_of(instrument.id) for instrument in cache.instruments()}
    opened = cache.orders_open()
    stops: dict[str, tuple[str, ...]] = {
        f"{strategy_id}:{names.get(instrument_id, instrument_id)}": tuple(
            order.client_order_id.value
            for order in opened
            if ids.role_of(order.client_order_id.value) == ids.STOP
            and order.strategy_id.value == strategy_id
            and order.instrument_id.value == instrument_id
        )
        for strategy_id, instrument_id, held in context.ledgers.open_positions()
        if strategy_id != EXTERNAL and not _is_dust(cache, context, instrument_id, held.quantity)
    }
    return NodeView(
        positions={symbol: context.ledgers.net(name) for name, symbol in names.items()},
        open_orders=frozenset(order.client_order_id.value for order in opened),
        stops=stops,
        balance_usdt=Decimal(str(context.balance_usdt)),
    )


def _is_dust(cache: Cache, context: RiskContext, instrument_id: str, quantity: Decimal) -> bool:
    """Tell whether a ledger is worth less than any order at the venue may be: it cannot have a stop."""
    instrument = cache.instrument(InstrumentId.from_str(instrument_id))
    if instrument is None or instrument.min_notional is None:
        return False
    value = abs(quantity) * Decimal(str(context.marks.get(instrument_id, 0)))
    least: Decimal = instrument.min_notional.as_decimal()
    return 0 < value < least
