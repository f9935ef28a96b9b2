"""The parity report as one HTML file that needs nothing else."""

from datetime import UTC, datetime
from decimal import Decimal
from html import escape
from pathlib import Path
from typing import Final

from nautilus_bot.replay.booked import Booked
from nautilus_bot.replay.parity import Pair, ParityReport

_STYLE: Final = """
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 70rem; padding: 0 1rem;
       color: #1c1e21; background: #fff }
table { border-collapse: collapse; margin: 1rem 0; font-variant-numeric: tabular-nums }
th, td { padding: .25rem .75rem; border-bottom: 1px solid #d8dbe0; text-align: right }
th:first-child, td:first-child { text-align: left }
tfoot td { font-weight: 600 }
.up { color: #0a7d38 } .down { color: #b3261e } .none { color: #767b83 }
@media (prefers-color-scheme: dark) {
  body { color: #e8eaed; background: #16181b } th, td { border-color: #3a3f45 }
  .up { color: #5bd48a } .down { color: #ff8a80 }
}
"""
_EXPLAINED: Final = {
    "decisions": "another size, or a trade that the other side did not propose or its rules refused",
    "timing": "entered or left in another bar, or left for another reason",
    "fill price": "the same bar and the same reason, at another price",
    "fees": "fees paid",
    "funding": "funding received or paid",
    "missed trades": "approved in the session, filled only in the backtest",
    "extra trades": "approved in the backtest, filled only in the session",
}


def write_page(report: ParityReport, path: Path) -> Path:
    """Write the report as HTML and return its path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(render_page(report), encoding="utf-8")
    return path


def render_page(report: ParityReport) -> str:
    """Return the report as an HTML document."""
    title = f"{report.run_id} against its own backtest"
    parts = "".join(
        f"<tr><td>{part.cause}</td>{_money(part.cents)}<td>{part.trades}</td>"
        f'<td style="text-align:left">{escape(_EXPLAINED[part.cause])}</td></tr>'
        for part in report.parts
    )
    pairs = "".join(_row(pair) for pair in report.pairs)
    return f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{escape(title)}</title><style>{_STYLE}</style></head><body>
<h1>{escape(title)}</h1>
<p>The {escape(report.mode)} session made {_plain(report.session_pnl)} USDT, its backtest on the same market
{_plain(report.backtest_pnl)} USDT: a gap of {_plain(report.gap_cents)} USDT. {report.matched} trades are on
both sides, {report.only_session} only in the session, {report.only_backtest} only in the backtest.</p>
<h2>Where the gap comes from</h2>
<table><thead><tr><th>cause</th><th>USDT</th><th>trades</th><th></th></tr></thead><tbody>{parts}</tbody>
<tfoot><tr><td>gap</td>{_money(report.gap_cents)}<td></td><td></td></tr></tfoot></table>
<h2>Trades, the largest gap first</h2>
<table>
<thead><tr><th>strategy</th><th>decided (UTC)</th><th>session</th><th>backtest</th><th>gap</th></tr></thead>
<tbody>{pairs}</tbody></table></body></html>
"""


def _row(pair: Pair) -> str:
    trade = pair.session or pair.backtest
    assert trade is not None
    decided = datetime.fromtimestamp(trade.decided_ns // 1_000_000_000, tz=UTC)
    return (
        f"<tr><td>{escape(trade.strategy_id)}</td><td>{decided:%Y-%m-%d %H:%M}</td>"
        f"<td>{_trade(pair.session)}</td><td>{_trade(pair.backtest)}</td>{_money(pair.gap)}</tr>"
    )


def _trade(trade: Booked | None) -> str:
    if trade is None:
        return '<span class="none">none</span>'
    side = "long" if trade.sign > 0 else "short"
    return f"{side} {trade.quantity} from {trade.entry:,.4f} to {trade.exit:,.4f} ({trade.ended_by})"


def _money(value: Decimal) -> str:
    colour = "up" if value > 0 else "down" if value < 0 else "none"
    return f'<td class="{colour}">{_plain(value)}</td>'


def _plain(value: Decimal) -> str:
    return f"{value:+,.2f}"
