"""The SQL of the views: amounts as exact decimals, orders and positions folded from their events."""

from typing import Final

from catalog.tables import KEY, TABLES, Column, Table

DECIMAL: Final = "DECIMAL(24, 10)"

RUN_COLUMNS: Final = (
    Column("run_id", "text", "name of the run"),
    Column("mode", "text", "backtest, replay, paper or live"),
    Column("status", "text", "RUNNING, ENDED, FAILED, CRASHED_RECOVERED or QUARANTINED"),
    Column("started", "time", "wall clock, UTC"),
    Column("ended", "time", "wall clock, UTC; empty while running"),
    Column("entries", "int", "entries when the manifest was last written"),
    Column("config_hash", "text", "SHA-256 of the configuration"),
    Column("code_hash", "text", "version of the program"),
    Column("parent_run", "text", "run that it continues, replays or forks"),
    Column("session", "text", "token in its ids"),
)
ORDER_COLUMNS: Final = (
    Column("run_id", "text", "the run"),
    Column("seq", "int", "entry that created the order"),
    Column("time", "time", "when it was created, UTC"),
    Column("client_order_id", "text", "the order's id"),
    Column("strategy_id", "text", "strategy instance"),
    Column("instrument_id", "text", "e.g. BTCUSDT-LINEAR.BYBIT"),
    Column("signal_id", "text", "the signal it belongs to"),
    Column("venue_order_id", "text", "the venue's id"),
    Column("order_side", "text", "BUY or SELL"),
    Column("order_type", "text", "MARKET, LIMIT, STOP_MARKET ..."),
    Column("quantity", "decimal", "quantity after the last update"),
    Column("price", "decimal", "limit price after the last update"),
    Column("trigger_price", "decimal", "trigger after the last update"),
    Column("reduce_only", "bool", "may only reduce"),
    Column("status", "text", "FILLED, PARTIALLY_FILLED, or the last event: ACCEPTED, CANCELED, DENIED ..."),
    Column("filled_qty", "decimal", "sum of the fills"),
    Column("avg_px", "float", "average fill price"),
    Column("reason", "text", "why it was denied or rejected"),
    Column("last_time", "time", "last event, UTC"),
)
POSITION_COLUMNS: Final = (
    Column("run_id", "text", "the run"),
    Column("seq", "int", "its last entry"),
    *next(table.columns[1:] for table in TABLES if table.name == "position_events"),
)

DERIVED: Final = {
    "orders": ("order_events",),
    "positions": ("position_events",),
    "runs": (),
}
"""Views that are folded from other tables."""

_ORDERS: Final = """
CREATE OR REPLACE TEMP VIEW orders AS
WITH folded AS (
    SELECT run_id, client_order_id,
        min(seq) AS seq, min(time) AS time, max(time) AS last_time,
        arg_min(strategy_id, seq) AS strategy_id, arg_min(instrument_id, seq) AS instrument_id,
        max(signal_id) AS signal_id, max(venue_order_id) AS venue_order_id,
        max(order_side) AS order_side, max(order_type) FILTER (event = 'OrderInitialized') AS order_type,
        arg_max(quantity, seq) AS quantity, arg_max(price, seq) AS price,
        arg_max(trigger_price, seq) AS trigger_price, bool_or(reduce_only) AS reduce_only,
        arg_max(event, seq) FILTER (NOT regexp_matches(event, '(Modify|Cancel)Rejected')) AS last_event,
        coalesce(sum(last_qty), 0) AS filled_qty,
        sum(last_qty::DOUBLE * last_px::DOUBLE) / nullif(sum(last_qty::DOUBLE), 0) AS avg_px,
        arg_max(reason, seq) AS reason
    FROM order_events GROUP BY run_id, client_order_id
)
SELECT run_id, seq, time, client_order_id, strategy_id, instrument_id, signal_id, venue_order_id, order_side,
    order_type, quantity, price, trigger_price, reduce_only,
    CASE
        WHEN filled_qty >= quantity THEN 'FILLED'
        WHEN last_event = 'OrderFilled' THEN 'PARTIALLY_FILLED'
        ELSE upper(regexp_replace(substr(last_event, 6), '([a-z])([A-Z])', '\\1_\\2', 'g'))
    END AS status,
    filled_qty, avg_px, reason, last_time
FROM folded ORDER BY run_id, seq
"""

_POSITIONS: Final = """
CREATE OR REPLACE TEMP VIEW positions AS
SELECT * EXCLUDE (time, event) FROM position_events
QUALIFY row_number() OVER (PARTITION BY run_id, position_id, opening_order_id ORDER BY seq DESC) = 1
ORDER BY run_id, seq
"""


def view_columns() -> dict[str, tuple[Column, ...]]:
    """Return every view's columns with their meaning, in the order of the documentation."""
    return {
        "runs": RUN_COLUMNS,
        "orders": ORDER_COLUMNS,
        "positions": POSITION_COLUMNS,
        **{table.name: (*KEY, *table.columns) for table in TABLES},
    }


def view_sql() -> list[str]:
    """Return the statements that make all views over the registered ``raw_`` tables."""
    return [*(_cast(table) for table in TABLES), _ORDERS, _POSITIONS]


def _cast(table: Table) -> str:
    columns = ", ".join(
        f"CAST({column.name} AS {DECIMAL}) AS {column.name}" if column.kind == "decimal" else column.name
        for column in (*KEY, *table.columns)
    )
    # names come from the literal tables above
    return f"CREATE OR REPLACE TEMP VIEW {table.name} AS SELECT {columns} FROM raw_{table.name}"  # noqa: S608
