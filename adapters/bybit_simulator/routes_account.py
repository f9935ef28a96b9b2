"""``/v5/account`` and ``/v5/user``: the one unified account."""

from typing import TYPE_CHECKING, Final

from adapters.bybit_simulator.routing import (
    Answer,
    Params,
    Route,
    paged,
    require_linear,
    require_text,
    span,
)
from adapters.bybit_simulator.wire import text, transaction_row, wallet_row

if TYPE_CHECKING:
    from adapters.bybit_simulator.venue import Venue

CREATED_AT: Final = "2025-01-01T00:00:00Z"
EXPIRES_AT: Final = "2099-01-01T00:00:00Z"
UNIFIED_ACCOUNT: Final = 4


def wallet_balance(venue: "Venue", params: Params) -> Answer:
    """Return the account's balances."""
    account_type = require_text(params, "accountType")
    if account_type != "UNIFIED":
        return Answer({"list": []})
    return Answer({"list": [wallet_row(venue.exchange.wallet())]})


def account_info(venue: "Venue", params: Params) -> Answer:  # noqa: ARG001  every handler has this form
    """Return the account's settings."""
    return Answer(
        {
            "marginMode": "REGULAR_MARGIN",
            "updatedTime": str(venue.clock()),
            "unifiedMarginStatus": UNIFIED_ACCOUNT,
            "dcpStatus": "OFF",
            "timeWindow": 10,
            "smpGroup": 0,
            "isMasterTrader": False,
            "spotHedgingStatus": "OFF",
        }
    )


def fee_rate(venue: "Venue", params: Params) -> Answer:
    """Return maker and taker fees by symbol."""
    if params.get("category"):
        require_linear(params)
    symbol = params.get("symbol")
    listed = [venue.board.market(str(symbol))] if symbol else list(venue.board)
    rows = [
        {
            "symbol": market.symbol,
            "takerFeeRate": text(market.instrument.taker_fee_rate),
            "makerFeeRate": text(market.instrument.maker_fee_rate),
        }
        for market in listed
    ]
    return Answer({"list": rows})


def set_margin_mode(venue: "Venue", params: Params) -> Answer:
    """Accept regular margin, the only mode there is."""
    venue.exchange.set_margin_mode(require_text(params, "setMarginMode"))
    return Answer({"reasons": []})


def transaction_log(venue: "Venue", params: Params) -> Answer:
    """Return every change of the balance, newest first: fills, fees, funding, deposits."""
    start, end = span(params)
    kind, symbol = params.get("type"), params.get("symbol")
    entries = [
        entry
        for entry in venue.exchange.transactions(str(symbol) if symbol else None, limit=None)
        if start <= entry.ts_ms <= end and (not kind or entry.type == kind)
    ]
    page, cursor = paged(entries, params, 20, 50)
    return Answer({"nextPageCursor": cursor, "list": [transaction_row(entry) for entry in page]})


def query_api_key(venue: "Venue", params: Params) -> Answer:  # noqa: ARG001  every handler has this form
    """Return what the key may do: trade contracts, nothing else."""
    return Answer(
        {
            "id": "1",
            "note": "simulated Bybit",
            "apiKey": venue.config.api_key,
            "readOnly": 0,
            "secret": "",
            "permissions": {
                "ContractTrade": ["Order", "Position"],
                "Spot": [],
                "Wallet": [],
                "Options": [],
                "Derivatives": ["DerivativesTrade"],
                "CopyTrading": [],
                "BlockTrade": [],
                "Exchange": [],
                "NFT": [],
                "Affiliate": [],
                "Earn": [],
            },
            "ips": ["127.0.0.1"],
            "type": 1,
            "deadlineDay": 3650,
            "expiredAt": EXPIRES_AT,
            "createdAt": CREATED_AT,
            "unified": 0,
            "uta": 1,
            "userID": 1,
            "inviterID": 0,
            "vipLevel": "No VIP",
            "mktMakerLevel": "0",
            "affiliateID": 0,
            "rsaPublicKey": "",
            "isMaster": True,
            "parentUid": "0",
            "kycLevel": "LEVEL_DEFAULT",
            "kycRegion": "",
            "userIDInt64": "1",
            "inviterIDInt64": "0",
            "affiliateIDInt64": "0",
        }
    )


ROUTES: Final = (
    Route("GET", "/v5/account/wallet-balance", wallet_balance),
    Route("GET", "/v5/account/info", account_info),
    Route("GET", "/v5/account/fee-rate", fee_rate),
    Route("POST", "/v5/account/set-margin-mode", set_margin_mode),
    Route("GET", "/v5/account/transaction-log", transaction_log),
    Route("GET", "/v5/user/query-api", query_api_key),
)
