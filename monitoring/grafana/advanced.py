"""The advanced dashboard: results by portfolio, strategy and symbol, and what became of every signal."""

from typing import Any, Final

from grafana_foundation_sdk.builders.dashboard import Dashboard, Row

from monitoring.grafana.panels import (
    GREEN,
    RED,
    YELLOW,
    Query,
    graph_panel,
    heat_panel,
    pie_panel,
    stat_panel,
    variable,
)

ALL: Final = 'portfolio=~"$portfolio"'
PAIR: Final = f'{ALL}, strategy=~"$strategy", symbol=~"$symbol"'


def build_advanced() -> Dashboard:
    """Return the dashboard."""
    dashboard = (
        Dashboard("Bot: advanced")
        .uid("nautilus-bot-advanced")
        .tags(["nautilus-bot"])
        .refresh("15s")
        .time("now-24h", "now")
        .timezone("utc")
        .readonly()
        .with_variable(variable("portfolio", "bot_up", multi=False))
        .with_variable(variable("strategy", "paper_signals_generated_total", ALL))
        .with_variable(variable("symbol", "paper_signals_generated_total", ALL))
    )
    for title, panels in (
        ("Account", _account()),
        ("Trades", _trades()),
        ("Signals", _signals()),
        ("Risk", _risk()),
        ("Latency", _latency()),
    ):
        dashboard = dashboard.with_row(Row(title))
        for panel in panels:
            dashboard = dashboard.with_panel(panel)
    return dashboard


def _account() -> list[Any]:
    return [
        stat_panel(
            "Portfolio value",
            Query(f"sum(bt_portfolio_value{{{ALL}}})"),
            unit="currencyUSD",
            steps=((None, RED), (9_000, YELLOW), (9_800, GREEN)),
            width=6,
        ),
        stat_panel(
            "Drawdown",
            Query(f"max(bt_drawdown_percent{{{ALL}}})"),
            unit="percent",
            steps=((None, GREEN), (5, YELLOW), (8, RED)),
            width=6,
        ),
        stat_panel(
            "Win rate",
            Query(
                f'100 * sum(bt_trades_closed_total{{{PAIR}, result="win"}})'
                f" / clamp_min(sum(bt_trades_closed_total{{{PAIR}}}), 1)"
            ),
            unit="percent",
            steps=((None, RED), (35, YELLOW), (45, GREEN)),
            decimals=1,
            width=6,
        ),
        stat_panel(
            "Total trades",
            Query(f"sum(bt_trades_closed_total{{{PAIR}}})"),
            unit="none",
            steps=((None, YELLOW), (1, GREEN)),
            decimals=0,
            width=6,
        ),
        graph_panel(
            "Equity curve",
            Query(f"sum(bot_equity_usdt{{{ALL}}})", "equity"),
            Query(f"sum(bot_balance_usdt{{{ALL}}})", "balance"),
            Query(f"sum(bot_peak_equity_usdt{{{ALL}}})", "peak"),
            unit="currencyUSD",
            width=16,
            height=9,
        ),
        graph_panel(
            "Drawdown and the day's loss",
            Query(f"max(bt_drawdown_percent{{{ALL}}})", "drawdown"),
            Query(f"max(bot_daily_loss_percent{{{ALL}}})", "loss since 00:00 UTC"),
            unit="percent",
            width=8,
            height=9,
            steps=((None, GREEN), (5, YELLOW), (10, RED)),
        ),
    ]


def _trades() -> list[Any]:
    return [
        pie_panel(
            "Won and lost",
            Query(f"sum by (result) (bt_trades_closed_total{{{PAIR}}})", "{{result}}"),
        ),
        graph_panel(
            "Trades over time",
            Query(
                f"sum by (result) (increase(bt_trades_closed_total{{{PAIR}}}[$__rate_interval]))",
                "{{result}}",
            ),
            unit="short",
            width=9,
            bars=True,
        ),
        graph_panel(
            "Closed profit by strategy",
            Query(f"sum by (strategy) (bot_realized_pnl_usdt{{{PAIR}}})", "{{strategy}}"),
            unit="currencyUSD",
            width=9,
        ),
        graph_panel(
            "Open positions",
            Query(f"sum by (strategy, symbol) (bot_position_usdt{{{PAIR}}})", "{{strategy}} {{symbol}}"),
            unit="currencyUSD",
            width=8,
        ),
        graph_panel(
            "Open profit",
            Query(f"sum by (symbol) (bot_unrealized_pnl_usdt{{{PAIR}}})", "{{symbol}}"),
            unit="currencyUSD",
            width=8,
        ),
        graph_panel(
            "Fees",
            Query(f"sum by (strategy) (bot_fees_usdt{{{PAIR}}})", "{{strategy}}"),
            unit="currencyUSD",
            width=8,
        ),
    ]


def _signals() -> list[Any]:
    return [
        graph_panel(
            "Signals",
            Query(f"sum(paper_signals_generated_total{{{PAIR}}})", "generated"),
            Query(f"sum(paper_signals_executed_total{{{PAIR}}})", "executed"),
            Query(f"sum(paper_signals_rejected_total{{{PAIR}}})", "rejected"),
            unit="short",
            width=10,
        ),
        graph_panel(
            "Refusals by rule",
            Query(
                f"sum by (rule) (increase(paper_signals_rejected_total{{{PAIR}}}[$__rate_interval]))",
                "{{rule}}",
            ),
            unit="short",
            width=8,
            bars=True,
        ),
        pie_panel(
            "All refusals",
            Query(f"sum by (rule) (paper_signals_rejected_total{{{PAIR}}})", "{{rule}}"),
        ),
    ]


def _risk() -> list[Any]:
    return [
        graph_panel(
            "Exposure",
            Query(f"sum(bot_exposure_gross_usdt{{{ALL}}})", "gross"),
            Query(f"sum(bot_exposure_net_usdt{{{ALL}}})", "net"),
            unit="currencyUSD",
            width=8,
        ),
        graph_panel(
            "Value at risk, one day, 95 %",
            Query(f"max(bot_value_at_risk_percent{{{ALL}}})", "value at risk"),
            Query(f'max(bot_risk_limit{{{ALL}, rule="portfolio_var", limit="limit_pct"}})', "limit"),
            unit="percent",
            width=8,
        ),
        graph_panel(
            "Correlation",
            Query(f"max by (of) (bot_correlation{{{ALL}}})", "{{of}}"),
            unit="none",
            width=8,
        ),
    ]


def _latency() -> list[Any]:
    return [
        heat_panel(
            "Order to fill",
            Query(
                "sum by (le) (increase(bot_order_latency_seconds_bucket"
                f'{{{ALL}, step="fill"}}[$__rate_interval]))',
                "{{le}}",
            ),
        ),
        heat_panel(
            "Tick to trade",
            Query(
                f"sum by (le) (increase(bot_tick_to_trade_seconds_bucket{{{ALL}}}[$__rate_interval]))",
                "{{le}}",
            ),
        ),
    ]
