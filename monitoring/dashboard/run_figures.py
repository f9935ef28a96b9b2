"""A recorded run as text: its figures and its trades."""

from datetime import UTC, datetime
from typing import Final

from catalog.manifest import RunManifest
from monitoring.dashboard import words
from monitoring.dashboard.markup import Cell, card, cards, table
from monitoring.dashboard.recorded import Row

RUNS: Final = ("Run", "Mode", "Status", "Started", "Lasted>", "Entries>", "Parent")
STATUS: Final = {"RUNNING": "badge ok", "ENDED": "badge idle", "CRASHED_RECOVERED": "badge warn"}
TRADES: Final = (
    "Closed, venue time",
    "Symbol",
    "Strategy",
    "Side",
    "Quantity>",
    "Entry>",
    "Exit>",
    "PnL>",
    "Order",
)


def run_cards(curve: list[Row], by_strategy: list[Row]) -> str:
    """Return the figures of a run."""
    trades, wins = sum(row["trades"] for row in by_strategy), sum(row["wins"] for row in by_strategy)
    pnl = sum(row["pnl"] for row in by_strategy)
    last = curve[-1]["equity_usdt"] if curve else None
    gain = last - curve[0]["equity_usdt"] if last is not None else None
    worst = max((row["drawdown_pct"] for row in curve), default=None)
    return cards(
        (
            card("Equity", words.usdt(last), "at the last mark"),
            card("Gain", words.usdt(gain, signed=True), "since the first mark", tone=words.tone(gain)),
            card("Closed PnL", words.usdt(pnl, signed=True), "after fees", tone=words.tone(pnl)),
            card("Max drawdown", words.pct(worst), "of the marks"),
            card("Trades", str(trades), f"{wins} won"),
            card("Win rate", f"{100 * wins / trades:.0f} %" if trades else words.DASH, "of closed trades"),
        )
    )


def trade_table(trades: list[Row]) -> str:
    """Return closed positions as a table."""
    return table("Trades", TRADES, [_trade(row) for row in trades], "No trade was closed.")


def _trade(row: Row) -> list[str | Cell]:
    pnl = float(row["realized_pnl"] or 0)
    long = row["entry"] == "BUY"
    return [
        f"{row['closed']:%d %b %H:%M:%S}",
        words.symbol(row["instrument_id"]),
        words.strategy(row["strategy_id"].partition("-")[0]),
        Cell("long" if long else "short", "gain" if long else "loss"),
        f"{row['peak_qty'].normalize():f}",
        words.price(row["avg_px_open"]),
        words.price(row["avg_px_close"]),
        Cell(words.usdt(pnl, signed=True), words.tone(pnl)),
        Cell(row["opening_order_id"], "id"),
    ]


def run_rows(runs: list[RunManifest]) -> list[list[str | Cell]]:
    """Return the runs as rows of a table."""
    return [
        [
            Cell(one.run_id, "id"),
            one.mode,
            Cell(one.status.lower().replace("_", " "), STATUS.get(one.status, "badge bad")),
            f"{datetime.fromtimestamp(one.started_ns / 1e9, UTC):%Y-%m-%d %H:%M}",
            words.length((one.ended_ns - one.started_ns) / 1e9) if one.ended_ns else words.DASH,
            f"{one.last_seq:,}" if one.last_seq else words.DASH,
            Cell(one.parent_run or words.DASH, "id"),
        ]
        for one in runs
    ]


def strategies_and_symbols(manifest: RunManifest) -> tuple[list[str], list[str]]:
    """Return what a run was configured to trade: strategies that are on, and symbols."""
    strategies = manifest.config.get("strategies", {}).get("strategies", [])
    symbols = manifest.config.get("backtest", {}).get("symbols", [])
    return sorted({one["strategy"] for one in strategies if one.get("enabled", True)}), list(symbols)
