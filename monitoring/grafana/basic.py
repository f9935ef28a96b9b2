"""The basic dashboard: six figures, green, yellow or red; readable across a room."""

from typing import Any, Final

from grafana_foundation_sdk.builders.dashboard import Dashboard

from monitoring.grafana.panels import GREEN, RED, YELLOW, Query, stat_panel, variable

CAPITAL_USDT: Final = 10_000
"""Capital of the shipped configuration; below 98 % of it the value is yellow, below 90 % red."""


def build_basic() -> Dashboard:
    """Return the dashboard."""
    dashboard = (
        Dashboard("Bot: basic")
        .uid("nautilus-bot-basic")
        .tags(["nautilus-bot"])
        .refresh("15s")
        .time("now-6h", "now")
        .timezone("utc")
        .readonly()
        .with_variable(variable("portfolio", "bot_up", multi=False))
    )
    for panel in _panels():
        dashboard = dashboard.with_panel(panel)
    return dashboard


def _panels() -> list[Any]:
    return [
        stat_panel(
            "Portfolio value",
            Query('sum(bt_portfolio_value{portfolio=~"$portfolio"})'),
            unit="currencyUSD",
            steps=((None, RED), (0.9 * CAPITAL_USDT, YELLOW), (0.98 * CAPITAL_USDT, GREEN)),
            width=8,
        ),
        stat_panel(
            "Drawdown",
            Query('max(bt_drawdown_percent{portfolio=~"$portfolio"})'),
            unit="percent",
            steps=((None, GREEN), (5, YELLOW), (8, RED)),
            width=8,
        ),
        stat_panel(
            "Win rate",
            Query('max(portfolio:win_rate:percent{portfolio=~"$portfolio"})'),
            unit="percent",
            steps=((None, RED), (35, YELLOW), (45, GREEN)),
            decimals=1,
            width=8,
        ),
        stat_panel(
            "Closed trades",
            Query('sum(portfolio:trades_closed:sum{portfolio=~"$portfolio"})'),
            unit="none",
            steps=((None, YELLOW), (1, GREEN)),
            decimals=0,
            width=8,
        ),
        stat_panel(
            "Profit and loss, open and closed",
            Query(
                'sum(portfolio:realized_pnl_usdt:sum{portfolio=~"$portfolio"})'
                ' + sum(portfolio:unrealized_pnl_usdt:sum{portfolio=~"$portfolio"})'
            ),
            unit="currencyUSD",
            steps=((None, RED), (-0.02 * CAPITAL_USDT, YELLOW), (0, GREEN)),
            width=8,
        ),
        stat_panel(
            "Oldest price",
            Query('max(bot_feed_age_seconds{portfolio=~"$portfolio"})'),
            unit="s",
            steps=((None, GREEN), (10, YELLOW), (30, RED)),
            decimals=1,
            width=8,
        ),
    ]
