"""Every panel and every alert, asked of the real Prometheus that scrapes a running bot."""

import re
import time
from collections.abc import Callable
from typing import Any

import pytest
import yaml

from monitoring.metrics import METRICS

pytestmark = pytest.mark.service

HANG_SECS = 200.0
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


def left_over[T](waiting: list[T], is_done: Callable[[T], object]) -> list[T]:
    """Ask again and again, of each until it is done once; return those that never were."""
    deadline = time.monotonic() + HANG_SECS
    while (waiting := [one for one in waiting if not is_done(one)]) and time.monotonic() < deadline:
        time.sleep(0.5)
    return waiting


def test_every_panel_returns_data(prometheus: Any, dashboards: dict[str, Any], filled_in: Any) -> None:
    queries = [
        (f"{name}: {panel['title']}: {target['expr']}", filled_in(target["expr"]))
        for name, dashboard in dashboards.items()
        for panel in dashboard["panels"]
        if panel["type"] != "row"
        for target in panel["targets"]
    ]
    # some measure what the bot must have done first, or over a minute
    empty = left_over(queries, lambda one: prometheus.query(one[1]))
    print(f"{len(queries)} queries, {len(empty)} empty")
    assert not empty, "\n".join(where for where, _ in empty)


def test_every_variable_offers_values(prometheus: Any, dashboards: dict[str, Any], filled_in: Any) -> None:
    variables = [one["query"] for dashboard in dashboards.values() for one in dashboard["templating"]["list"]]

    def offers(query: str) -> list[Any]:
        metric, label = re.fullmatch(r"label_values\((.+), (\w+)\)", query).groups()  # type: ignore[union-attr]
        found: list[Any] = prometheus.query(f"count by ({label}) ({filled_in(metric)})")
        return found

    assert left_over(variables, offers) == []


def test_every_alert_measures_something_and_none_fires_on_a_healthy_bot(
    prometheus: Any, monitoring: Any
) -> None:
    rules = yaml.safe_load((monitoring / "rules/alerts.yml").read_text())
    alerts = [rule for group in rules["groups"] for rule in group["rules"]]
    measures = [re.fullmatch(r"(.+) (>|==) ([\d.]+)", alert["expr"])[1] for alert in alerts]  # type: ignore[index]
    assert left_over(measures, prometheus.query) == [], "these alerts measure nothing"
    serious = {
        "BotDown",
        "TradingLoopStuck",
        "FeedStale",
        "JournalHalted",
        "JournalStalled",
        "MetricsIncomplete",
    }
    # asked for after a second here, not after a minute: one scrape that a busy machine was late with is over
    # at the next, what is wrong with the bot or the rule is not
    firing = 'ALERTS{alertstate="firing", alertname="%s"}'
    assert left_over(sorted(serious), lambda name: not prometheus.query(firing % name)) == []


def test_every_metric_of_the_table_is_exported(bot: Any) -> None:
    # counted only once it happens: a hole in the data, a funding settlement, a halt; others need history
    rare = {"bot_market_gaps_total", "bot_funding_usdt", "bot_halts_total"}
    waited = {metric.name for metric in METRICS} - rare
    deadline = time.monotonic() + HANG_SECS
    while waited and time.monotonic() < deadline:
        text = bot.metrics()
        waited = {name for name in waited if not re.search(rf"^{name}(_count)?{{", text, re.MULTILINE)}
        time.sleep(0.25)
    assert not waited, f"these have no value: {', '.join(sorted(waited))}"


def test_figures_in_prometheus_equal_those_of_the_event_catalog(bot: Any, prometheus: Any) -> None:
    """
    The bot trades on while both are asked, so the catalog is asked before and after: once it says the same
    twice, with three scrapes between, Prometheus must say exactly that. Any other figure is looked at
    again, since a busy machine scrapes late; it has to be right in the end.
    """
    catalog = bot.catalog()
    waiting = dict(COUNTS)
    compared: dict[str, float] = {}
    wrong: dict[str, tuple[float, float]] = {}
    deadline = time.monotonic() + HANG_SECS
    while waiting and time.monotonic() < deadline:
        before = {expr: _one(catalog, sql) for expr, sql in waiting.items()}
        time.sleep(3.5)
        found = {expr: prometheus.value(expr) for expr in waiting}
        after = {expr: _one(catalog, sql) for expr, sql in waiting.items()}
        for expr in list(waiting):
            if before[expr] != after[expr]:
                continue
            if found[expr] == pytest.approx(after[expr], abs=1e-6):
                compared[expr] = found[expr]
                del waiting[expr]
            else:
                wrong[expr] = (found[expr], after[expr])
    catalog.close()
    print(*(f"{expr} = {value:.6f}" for expr, value in compared.items()), sep="\n")
    assert not waiting, f"in Prometheus and in the catalog: {wrong}"
    assert compared["sum(paper_signals_generated_total)"] > 0
    assert compared["portfolio:realized_pnl_usdt:sum"] != 0


def _one(catalog: Any, sql: str) -> float:
    return float(catalog.sql(sql).rows[0][0])
