"""Every panel and every alert, asked of the real Prometheus that scrapes a running bot."""

import re
import time
from typing import Any

import pytest
import yaml

from monitoring.metrics import METRICS

pytestmark = pytest.mark.service

COUNTS = {
    "sum(paper_signals_generated_total)": "SELECT count(*) FROM signals",
    "sum(paper_signals_executed_total)": (
        "SELECT count(DISTINCT signal_id) FROM fills WHERE regexp_matches(client_order_id, '-[EC]$')"
    ),
    'sum(paper_signals_rejected_total{result="refused"})': (
        "SELECT count(*) FROM verdicts WHERE NOT approved AND role IN ('E', 'C')"
    ),
    'sum(bt_trades_closed_total{result="win"})': (
        "SELECT count(*) FROM position_events WHERE event = 'PositionClosed' AND realized_pnl > 0"
    ),
    'sum(bt_trades_closed_total{result="loss"})': (
        "SELECT count(*) FROM position_events WHERE event = 'PositionClosed' AND realized_pnl <= 0"
    ),
    "portfolio:realized_pnl_usdt:sum": (
        "SELECT coalesce(sum(realized_pnl), 0)::DOUBLE FROM position_events WHERE event = 'PositionClosed'"
    ),
    "portfolio:fees_usdt:sum": "SELECT coalesce(sum(fee), 0)::DOUBLE FROM fills",
    'sum(bot_orders_total{result="submitted"})': "SELECT count(*) FROM entries WHERE type = 'OrderSubmitted'",
    'sum(bot_orders_total{result="filled"})': "SELECT count(*) FROM fills",
    'sum(bot_orders_total{result="denied"})': "SELECT count(*) FROM entries WHERE type = 'OrderDenied'",
}


def test_every_panel_returns_data(prometheus: Any, dashboards: dict[str, Any], filled_in: Any) -> None:
    empty, panels, queries, series = [], 0, 0, 0
    for name, dashboard in dashboards.items():
        for panel in dashboard["panels"]:
            if panel["type"] == "row":
                continue
            panels += 1
            for target in panel["targets"]:
                found = prometheus.query(filled_in(target["expr"]))
                queries += 1
                series += len(found)
                if not found:
                    empty.append(f"{name}: {panel['title']}: {target['expr']}")
    print(f"{panels} panels, {queries} queries, {series} series, {len(empty)} empty")
    assert not empty, "\n".join(empty)


def test_every_variable_offers_values(prometheus: Any, dashboards: dict[str, Any], filled_in: Any) -> None:
    for dashboard in dashboards.values():
        for variable in dashboard["templating"]["list"]:
            metric, label = re.fullmatch(r"label_values\((.+), (\w+)\)", variable["query"]).groups()
            assert prometheus.query(f"count by ({label}) ({filled_in(metric)})"), variable["query"]


def test_every_alert_measures_something_and_none_fires_on_a_healthy_bot(
    prometheus: Any, monitoring: Any
) -> None:
    rules = yaml.safe_load((monitoring / "rules/alerts.yml").read_text())
    alerts = [rule for group in rules["groups"] for rule in group["rules"]]
    for alert in alerts:
        measure, _, _ = re.fullmatch(r"(.+) (>|==) ([\d.]+)", alert["expr"]).groups()
        assert prometheus.query(measure), f"{alert['alert']} measures nothing: {measure}"
    firing = prometheus.query('ALERTS{alertstate="firing"}')
    print(f"{len(alerts)} alerts, firing: {[one['metric']['alertname'] for one in firing]}")
    serious = {
        "BotDown",
        "TradingLoopStuck",
        "FeedStale",
        "JournalHalted",
        "JournalStalled",
        "MetricsIncomplete",
    }
    assert not serious & {one["metric"]["alertname"] for one in firing}


def test_every_metric_of_the_table_is_exported(bot: Any) -> None:
    # counted only once it happens: a hole in the data, a funding settlement, a halt; others need history
    rare = {"bot_market_gaps_total", "bot_funding_usdt", "bot_halts_total"}
    waited = {metric.name for metric in METRICS} - rare
    deadline = time.monotonic() + 120
    while waited and time.monotonic() < deadline:
        text = bot.metrics()
        waited = {name for name in waited if not re.search(rf"^{name}(_count)?{{", text, re.MULTILINE)}
        time.sleep(0.25)
    assert not waited, f"these have no value: {', '.join(sorted(waited))}"


def test_figures_in_prometheus_equal_those_of_the_event_catalog(bot: Any, prometheus: Any) -> None:
    """
    The bot trades on while both are asked, so the catalog is asked before and after: when it says the same
    twice, with three scrapes between, Prometheus must say exactly that.
    """
    catalog = bot.catalog()
    waiting = dict(COUNTS)
    compared: dict[str, float] = {}
    deadline = time.monotonic() + 120
    while waiting and time.monotonic() < deadline:
        before = {expr: _one(catalog, sql) for expr, sql in waiting.items()}
        time.sleep(3.5)
        found = {expr: prometheus.value(expr) for expr in waiting}
        after = {expr: _one(catalog, sql) for expr, sql in waiting.items()}
        for expr in list(waiting):
            if before[expr] == after[expr]:
                assert found[expr] == pytest.approx(after[expr], abs=1e-6), expr
                compared[expr] = found[expr]
                del waiting[expr]
    catalog.close()
    print(*(f"{expr} = {value:.6f}" for expr, value in compared.items()), sep="\n")
    assert not waiting
    assert compared["sum(paper_signals_generated_total)"] > 0
    assert compared["portfolio:realized_pnl_usdt:sum"] != 0


def _one(catalog: Any, sql: str) -> float:
    return float(catalog.sql(sql).rows[0][0])
