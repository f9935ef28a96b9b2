"""
The exchange's state in Bybit's JSON: names, string numbers, empty strings where Bybit sends them.

Each function returns a plain dict that is encoded once. A ``*_row`` is an element of a REST list, a
``*_message`` an element of a private topic's ``data``: Bybit's two forms differ in a few fields.
"""

from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any

from adapters.bybit_simulator.events import PositionView, WalletView
from adapters.bybit_simulator.ledger import LedgerEntry
from adapters.bybit_simulator.orders import Execution, Order

type Row = dict[str, Any]

CATEGORY = "linear"
SETTLE_COIN = "USDT"
ACCOUNT_TYPE = "UNIFIED"

_EIGHT_PLACES = Decimal("0.00000001")


def text(value: Decimal) -> str:
    """Return a decimal as Bybit writes it: no exponent, the digits it has."""
    return format(value, "f")


def amount(value: Decimal) -> str:
    """Return a computed amount with at most eight decimals and without trailing zeros."""
    rounded = format(value.quantize(_EIGHT_PLACES, rounding=ROUND_HALF_EVEN), "f").rstrip("0").rstrip(".")
    return "0" if rounded == "-0" else rounded


def optional_price(value: Decimal | None) -> str:
    """Return a price, or the empty string of an absent one."""
    return "" if value is None else text(value)


def order_row(order: Order) -> Row:
    """Return an order as in ``/v5/order/realtime`` and ``/v5/order/history``."""
    return {
        "orderId": order.order_id,
        "orderLinkId": order.order_link_id,
        "blockTradeId": "",
        "symbol": order.symbol,
        "price": text(order.price),
        "qty": text(order.qty),
        "side": order.side,
        "isLeverage": "",
        "positionIdx": order.position_idx,
        "orderStatus": order.status,
        "cancelType": order.cancel_type,
        "rejectReason": order.reject_reason,
        "avgPrice": "" if order.avg_price is None else amount(order.avg_price),
        "leavesQty": text(order.leaves_qty),
        "leavesValue": amount(order.leaves_value),
        "cumExecQty": text(order.cum_exec_qty),
        "cumExecValue": amount(order.cum_exec_value),
        "cumExecFee": amount(order.cum_exec_fee),
        "timeInForce": order.time_in_force,
        "orderType": order.order_type,
        "stopOrderType": order.stop_order_type,
        "orderIv": "",
        "triggerPrice": optional_price(order.trigger_price),
        "takeProfit": optional_price(order.take_profit),
        "stopLoss": optional_price(order.stop_loss),
        "tpTriggerBy": order.tp_trigger_by,
        "slTriggerBy": order.sl_trigger_by,
        "triggerDirection": order.trigger_direction,
        "triggerBy": order.trigger_by,
        "lastPriceOnCreated": text(order.last_price_on_created),
        "reduceOnly": order.reduce_only,
        "closeOnTrigger": order.close_on_trigger,
        "smpType": "None",
        "smpGroup": 0,
        "smpOrderId": "",
        "tpslMode": order.tpsl_mode,
        "tpLimitPrice": "",
        "slLimitPrice": "",
        "placeType": "",
        "createdTime": str(order.created_ms),
        "updatedTime": str(order.updated_ms),
    }


def order_message(order: Order) -> Row:
    """Return an order as in the ``order`` topic."""
    return order_row(order) | {
        "category": CATEGORY,
        "closedPnl": amount(order.closed_pnl),
        "createType": order.create_type,
        "feeCurrency": SETTLE_COIN,
    }


def execution_row(execution: Execution) -> Row:
    """Return a fill as in ``/v5/execution/list``."""
    return {
        "symbol": execution.symbol,
        "orderId": execution.order_id,
        "orderLinkId": execution.order_link_id,
        "side": execution.side,
        "orderPrice": text(execution.order_price),
        "orderQty": text(execution.order_qty),
        "leavesQty": text(execution.leaves_qty),
        "createType": execution.create_type,
        "orderType": execution.order_type,
        "stopOrderType": execution.stop_order_type,
        "execFee": amount(execution.exec_fee),
        "execId": execution.exec_id,
        "execPrice": text(execution.exec_price),
        "execQty": text(execution.exec_qty),
        "execType": execution.exec_type,
        "execValue": amount(execution.exec_value),
        "execTime": str(execution.exec_ms),
        # An empty currency panics Nautilus's parser; Bybit's live answer for linear contracts is the coin.
        "feeCurrency": SETTLE_COIN,
        "isMaker": execution.is_maker,
        "feeRate": text(execution.fee_rate),
        "tradeIv": "",
        "markIv": "",
        "markPrice": text(execution.mark_price),
        "indexPrice": text(execution.index_price),
        "underlyingPrice": "",
        "blockTradeId": "",
        "closedSize": text(execution.closed_size),
        "extraFees": "",
        "seq": execution.seq,
    }


def execution_message(execution: Execution) -> Row:
    """Return a fill as in the ``execution`` topic."""
    return execution_row(execution) | {
        "category": CATEGORY,
        "isLeverage": "0",
        "marketUnit": "",
        "execPnl": amount(execution.exec_pnl),
        "extraFees": [],
    }


def _position_fields(position: PositionView) -> Row:
    return {
        "positionIdx": 0,
        "riskId": 1,
        "riskLimitValue": amount(position.risk_limit_value),
        "symbol": position.symbol,
        "side": position.side,
        "size": text(position.size) if position.size else "0",
        "positionValue": amount(position.position_value),
        "tradeMode": 0,
        "positionStatus": "Normal",
        "autoAddMargin": 0,
        "adlRankIndicator": 0,
        "leverage": amount(position.leverage),
        "positionBalance": amount(position.position_im),
        "markPrice": text(position.mark_price),
        "liqPrice": "" if position.liq_price is None else amount(position.liq_price),
        "bustPrice": "",
        "positionMM": amount(position.position_mm),
        "positionMMByMp": amount(position.position_mm),
        "positionIM": amount(position.position_im),
        "positionIMByMp": amount(position.position_im),
        "tpslMode": "Full",
        "takeProfit": optional_price(position.take_profit),
        "stopLoss": optional_price(position.stop_loss),
        "trailingStop": "0",
        "unrealisedPnl": amount(position.unrealised_pnl),
        "curRealisedPnl": amount(position.cur_realised_pnl),
        "cumRealisedPnl": amount(position.cum_realised_pnl),
        "seq": position.seq,
        "isReduceOnly": False,
        "mmrSysUpdatedTime": "",
        "leverageSysUpdatedTime": "",
        "sessionAvgPrice": "",
        "createdTime": str(position.created_ms),
        "updatedTime": str(position.updated_ms),
    }


def position_row(position: PositionView) -> Row:
    """Return a position as in ``/v5/position/list``."""
    return _position_fields(position) | {"avgPrice": amount(position.avg_price)}


def position_message(position: PositionView) -> Row:
    """Return a position as in the ``position`` topic."""
    return _position_fields(position) | {"category": CATEGORY, "entryPrice": amount(position.avg_price)}


def wallet_row(wallet: WalletView) -> Row:
    """Return the account as in ``/v5/account/wallet-balance`` and in the ``wallet`` topic."""
    equity = amount(wallet.equity)
    balance = amount(wallet.wallet_balance)
    initial_margin = amount(wallet.order_im + wallet.position_im)
    maintenance_margin = amount(wallet.position_mm)
    im_rate, mm_rate = amount(wallet.im_rate), amount(wallet.mm_rate)
    return {
        "accountType": ACCOUNT_TYPE,
        "accountLTV": "0",
        "accountIMRate": im_rate,
        "accountIMRateByMp": im_rate,
        "accountMMRate": mm_rate,
        "accountMMRateByMp": mm_rate,
        "totalEquity": equity,
        "totalWalletBalance": balance,
        "totalMarginBalance": equity,
        "totalAvailableBalance": amount(wallet.available_balance),
        "totalPerpUPL": amount(wallet.unrealised_pnl),
        "totalInitialMargin": initial_margin,
        "totalInitialMarginByMp": initial_margin,
        "totalMaintenanceMargin": maintenance_margin,
        "totalMaintenanceMarginByMp": maintenance_margin,
        "coin": [_coin(wallet, equity, balance)],
    }


def _coin(wallet: WalletView, equity: str, balance: str) -> Row:
    return {
        "coin": SETTLE_COIN,
        "equity": equity,
        "usdValue": equity,
        "walletBalance": balance,
        # Bybit leaves both empty for a unified account
        "availableToWithdraw": "",
        "availableToBorrow": "",
        "borrowAmount": "0",
        "accruedInterest": "0",
        "totalOrderIM": amount(wallet.order_im),
        "totalPositionIM": amount(wallet.position_im),
        "totalPositionMM": amount(wallet.position_mm),
        "unrealisedPnl": amount(wallet.unrealised_pnl),
        "cumRealisedPnl": amount(wallet.cum_realised_pnl),
        "bonus": "0",
        "collateralSwitch": True,
        "marginCollateral": True,
        "locked": "0",
        "spotHedgingQty": "0",
        "spotBorrow": "0",
    }


def transaction_row(entry: LedgerEntry) -> Row:
    """Return an entry as in ``/v5/account/transaction-log``."""
    return {
        "id": f"{entry.symbol or SETTLE_COIN}_{entry.seq}",
        "symbol": entry.symbol,
        "category": CATEGORY if entry.symbol else "",
        "side": entry.side or "None",
        "transactionTime": str(entry.ts_ms),
        "type": entry.type,
        "transSubType": "",
        "qty": text(entry.qty),
        "size": text(entry.qty),
        "currency": SETTLE_COIN,
        "tradePrice": text(entry.price),
        "funding": amount(entry.funding) if entry.funding else "",
        "fee": amount(entry.fee),
        "feeRate": text(entry.fee_rate),
        "cashFlow": amount(entry.cash_flow),
        "change": amount(entry.change),
        "cashBalance": amount(entry.balance),
        "bonusChange": "",
        "tradeId": entry.trade_id,
        "orderId": entry.order_id,
        "orderLinkId": entry.order_link_id,
        "extraFees": "",
    }
