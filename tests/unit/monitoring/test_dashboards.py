"""The dashboards: what is checked in is what the code says, and Grafana can read it."""

import itertools
import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

pytest.importorskip("grafana_foundation_sdk", reason="the SDK is a development dependency")

from monitoring.grafana.build import DASHBOARDS, FOLDER, outdated, render
from monitoring.metrics import METRICS

MONITORING = FOLDER.parents[1]
FILES = sorted(DASHBOARDS)
KNOWN_TYPES = {"row", "stat", "timeseries", "piechart", "heatmap", "state-timeline"}
COLOURS = {"green", "yellow", "red"}


def load(name: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((FOLDER / name).read_text(encoding="utf-8"))
    return document


def queries(dashboard: dict[str, Any]) -> list[str]:
    return [target["expr"] for panel in dashboard["panels"] for target in panel.get("targets") or ()]


def test_the_checked_in_files_are_what_the_code_says() -> None:
    assert outdated() == [], "run python -m monitoring.grafana.build"
    assert sorted(path.name for path in FOLDER.glob("*.json")) == FILES


def test_a_change_in_the_code_is_noticed(tmp_path: Path) -> None:
    for name, build in DASHBOARDS.items():
        (tmp_path / name).write_text(render(build()), encoding="utf-8")
    assert outdated(tmp_path) == []
    (tmp_path / "basic.json").write_text("{}", encoding="utf-8")
    assert outdated(tmp_path) == ["basic.json"]


@pytest.mark.parametrize("name", FILES)
def test_panels_have_ids_of_their_own_and_do_not_overlap(name: str) -> None:
    panels = load(name)["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    for panel in panels:
        place = panel["gridPos"]
        assert panel["type"] in KNOWN_TYPES
        assert panel["title"]
        assert place["x"] + place["w"] <= 24
    for one, two in itertools.combinations((panel["gridPos"] for panel in panels), 2):
        beside = one["x"] + one["w"] <= two["x"] or two["x"] + two["w"] <= one["x"]
        apart = one["y"] + one["h"] <= two["y"] or two["y"] + two["h"] <= one["y"]
        assert beside or apart, (name, one, two)


@pytest.mark.parametrize("name", FILES)
def test_every_panel_asks_the_provisioned_datasource_with_its_own_reference(name: str) -> None:
    source = yaml.safe_load((MONITORING / "grafana/provisioning/datasources/prometheus.yml").read_text())
    (provisioned,) = source["datasources"]
    for panel in load(name)["panels"]:
        if panel["type"] == "row":
            continue
        assert panel["datasource"] == {"type": "prometheus", "uid": provisioned["uid"]}
        references = [target["refId"] for target in panel["targets"]]
        assert references
        assert len(set(references)) == len(references)


@pytest.mark.parametrize("name", FILES)
def test_queries_name_only_metrics_that_exist_and_variables_that_are_offered(name: str) -> None:
    recorded = {
        rule["record"]
        for group in yaml.safe_load((MONITORING / "rules/recording.yml").read_text())["groups"]
        for rule in group["rules"]
    }
    exported = {metric.name for metric in METRICS}
    exported |= {f"{metric.name}_bucket" for metric in METRICS if metric.kind == "histogram"}
    exported |= {"up", "process_resident_memory_bytes", "process_cpu_seconds_total"}
    dashboard = load(name)
    offered = {variable["name"] for variable in dashboard["templating"]["list"]} | {"__rate_interval"}
    for expr in queries(dashboard):
        named = set(re.findall(r"[a-z][a-z0-9_:]+(?=\{)", expr))
        assert named, expr
        assert named <= exported | recorded, expr
        assert set(re.findall(r"\$(\w+)", expr)) <= offered, expr


def test_the_basic_dashboard_is_six_figures_in_green_yellow_and_red() -> None:
    panels = load("basic.json")["panels"]
    assert [panel["type"] for panel in panels] == ["stat"] * 6
    used = {
        step["color"] for panel in panels for step in panel["fieldConfig"]["defaults"]["thresholds"]["steps"]
    }
    assert used == COLOURS


def test_the_advanced_dashboard_has_what_was_asked_for() -> None:
    dashboard = load("advanced.json")
    assert [variable["name"] for variable in dashboard["templating"]["list"]] == [
        "portfolio",
        "strategy",
        "symbol",
    ]
    titles = {panel["title"]: panel["type"] for panel in dashboard["panels"]}
    assert titles["Equity curve"] == "timeseries"
    assert titles["Won and lost"] == "piechart"
    assert titles["Refusals by rule"] == "timeseries"
    assert titles["Order to fill"] == "heatmap"
    assert {"Portfolio value", "Drawdown", "Win rate", "Total trades", "Trades over time", "Signals"} <= set(
        titles
    )
