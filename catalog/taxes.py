"""Trades in the columns that tax programs read: one line a fill, in UTC, buys and sells, fees apart."""

from typing import Final

from catalog.queries import EventQueries, Result

TAX_VIEW: Final = """
SELECT strftime(time, '%Y-%m-%d %H:%M:%S') AS "Date (UTC)",
    order_side AS "Side", split_part(instrument_id, '-', 1) AS "Pair",
    trim(trailing '.' FROM trim(trailing '0' FROM quantity::VARCHAR)) AS "Amount",
    trim(trailing '.' FROM trim(trailing '0' FROM price::VARCHAR)) AS "Price",
    trim(trailing '.' FROM trim(trailing '0' FROM round(quantity * price, 8)::VARCHAR)) AS "Total (USDT)",
    trim(trailing '.' FROM trim(trailing '0' FROM fee::VARCHAR)) AS "Fee", fee_currency AS "Fee currency",
    'Bybit' AS "Exchange", 'perpetual future' AS "Type",
    trade_id AS "Trade ID", client_order_id AS "Order ID", run_id AS "Run"
FROM fills ORDER BY time, seq
"""
"""Every fill; profits of futures arise when a position closes, which the view ``positions`` has."""


def tax_lines(queries: EventQueries) -> Result:
    """Return all fills of the chosen runs in the columns of a tax program."""
    return queries.sql(TAX_VIEW)
