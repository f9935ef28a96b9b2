"""The table of metrics keeps to Prometheus' customs, and stands in the documentation."""

import re
from pathlib import Path

from nautilus_trader.model import events

from monitoring.book import MetricsBook
from monitoring.metrics import METRICS
from nautilus_bot.core import messages

DOCUMENT = Path(__file__).parents[3] / "docs" / "monitoring.md"
ELSEWHERE = {"snapshot", "risk context", "journal", "exporter", "run manifest"}
ASKED_FOR = {
    "bt_portfolio_value",
    "bt_drawdown_percent",
    "bt_win_rate",
    "bt_trades_closed_total",
    "paper_signals_generated_total",
    "paper_signals_executed_total",
    "paper_signals_rejected_total",
}


def test_names_are_unique_and_say_their_kind() -> None:
    names = [metric.name for metric in METRICS]
    assert len(set(names)) == len(names)
    for metric in METRICS:
        assert re.fullmatch(r"(bt|bot|paper)(_[a-z]+)+", metric.name), metric.name
        assert (metric.kind == "counter") == metric.name.endswith("_total"), metric.name
        assert (metric.kind == "histogram") == bool(metric.buckets), metric.name
        assert list(metric.buckets) == sorted(set(metric.buckets)), metric.name
        assert metric.help.endswith("."), metric.name


def test_the_names_that_dashboards_ask_for_are_there_with_their_labels() -> None:
    labels = {metric.name: set(metric.labels) for metric in METRICS}
    assert labels.keys() >= ASKED_FOR
    for name in ASKED_FOR - {"bt_portfolio_value", "bt_drawdown_percent"}:
        assert {"asset_class", "strategy", "symbol"} <= labels[name], name
    assert "result" in labels["bt_trades_closed_total"]
    assert {"result", "rule"} <= labels["paper_signals_rejected_total"]


def test_every_source_is_an_event_that_exists() -> None:
    for metric in METRICS:
        for source in metric.source.split(", "):
            assert source in ELSEWHERE or hasattr(messages, source) or hasattr(events, source), metric


def test_the_document_lists_exactly_the_table() -> None:
    section = DOCUMENT.read_text(encoding="utf-8").partition("\n## Metrics\n")[2].partition("\n## ")[0]
    listed = re.findall(r"^\| `(\w+)` \| (\w+) \|", section, re.MULTILINE)
    assert listed == [(metric.name, metric.kind) for metric in METRICS]


def test_every_metric_is_a_family_even_before_it_has_a_value() -> None:
    families = {family.name for family in MetricsBook("paper").families()}
    assert families == {metric.name.removesuffix("_total") for metric in METRICS}
