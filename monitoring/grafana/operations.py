"""The operations dashboard: is the machine well that trades."""

from typing import Any, Final

from grafana_foundation_sdk.builders.dashboard import Dashboard

from monitoring.grafana.panels import (
    GREEN,
    RED,
    YELLOW,
    Query,
    graph_panel,
    stat_panel,
    state_panel,
    variable,
)

ALL: Final = 'portfolio=~"$portfolio"'


def build_operations() -> Dashboard:
    """Return the dashboard."""
    dashboard = (
        Dashboard("Bot: operations")
        .uid("nautilus-bot-operations")
        .tags(["nautilus-bot"])
        .refresh("15s")
        .time("now-3h", "now")
        .timezone("utc")
        .readonly()
        .with_variable(variable("portfolio", "bot_up", multi=False))
    )
    for panel in (*_figures(), *_market(), *_orders(), *_process()):
        dashboard = dashboard.with_panel(panel)
    return dashboard


def _figures() -> list[Any]:
    return [
        stat_panel(
            "Bot",
            Query('min(up{job="nautilus-bot"})'),
            unit="bool_on_off",
            steps=((None, RED), (1, GREEN)),
            decimals=0,
        ),
        stat_panel(
            "Runs since",
            Query(f"1000 * max(bot_start_time_seconds{{{ALL}}})"),
            unit="dateTimeFromNow",
            steps=((None, GREEN),),
            decimals=0,
        ),
        stat_panel(
            "Trading loop's last sample",
            Query(f"max(bot_sample_age_seconds{{{ALL}}})"),
            unit="s",
            steps=((None, GREEN), (3, YELLOW), (10, RED)),
            decimals=1,
        ),
        stat_panel(
            "Journal's last entry",
            Query(f"max(bot_journal_lag_seconds{{{ALL}}})"),
            unit="s",
            steps=((None, GREEN), (10, YELLOW), (60, RED)),
            decimals=1,
        ),
        stat_panel(
            "Halts in force",
            Query(f"sum(bot_breaker{{{ALL}}})"),
            unit="none",
            steps=((None, GREEN), (1, RED)),
            decimals=0,
        ),
        stat_panel(
            "Positions without stop",
            Query(f"sum(bot_position_unprotected{{{ALL}}})"),
            unit="none",
            steps=((None, GREEN), (1, RED)),
            decimals=0,
        ),
    ]


def _market() -> list[Any]:
    return [
        graph_panel(
            "Age of prices",
            Query(f"max by (symbol) (bot_feed_age_seconds{{{ALL}}})", "{{symbol}}"),
            unit="s",
            width=8,
            steps=((None, GREEN), (10, YELLOW), (30, RED)),
        ),
        graph_panel(
            "Reconnects",
            Query(f"sum by (link) (increase(bot_reconnects_total{{{ALL}}}[$__rate_interval]))", "{{link}}"),
            unit="short",
            width=8,
            bars=True,
        ),
        state_panel("Breakers", Query(f"max by (breaker) (bot_breaker{{{ALL}}})", "{{breaker}}"), width=8),
    ]


def _orders() -> list[Any]:
    return [
        graph_panel(
            "Orders by step",
            Query(f"sum by (result) (increase(bot_orders_total{{{ALL}}}[$__rate_interval]))", "{{result}}"),
            unit="short",
            width=8,
            bars=True,
        ),
        graph_panel(
            "Order latency",
            Query(f"portfolio_step:order_latency_seconds:p95{{{ALL}}}", "{{step}} p95"),
            Query(f"portfolio:tick_to_trade_seconds:p50{{{ALL}}}", "tick to trade p50"),
            unit="s",
            width=8,
        ),
        graph_panel(
            "Notices",
            Query(
                f"sum by (severity) (increase(bot_notices_total{{{ALL}}}[$__rate_interval]))", "{{severity}}"
            ),
            unit="short",
            width=8,
            bars=True,
        ),
    ]


def _process() -> list[Any]:
    return [
        graph_panel(
            "Journal",
            Query(f"sum by (file) (bot_journal_bytes{{{ALL}}})", "{{file}}"),
            unit="bytes",
            width=6,
        ),
        graph_panel(
            "Entries per second",
            Query(f"sum(rate(bot_journal_entries_total{{{ALL}}}[$__rate_interval]))", "entries"),
            unit="short",
            width=6,
        ),
        graph_panel(
            "Memory",
            Query('process_resident_memory_bytes{job="nautilus-bot"}', "resident"),
            unit="bytes",
            width=6,
        ),
        graph_panel(
            "Processor and delay of the trading loop",
            Query('rate(process_cpu_seconds_total{job="nautilus-bot"}[$__rate_interval])', "cores"),
            Query(f"max(bot_loop_lag_seconds{{{ALL}}})", "loop delay, s"),
            unit="short",
            width=6,
        ),
    ]
