"""The few kinds of panels that the dashboards are made of."""

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from grafana_foundation_sdk.builders import common as common_builders
from grafana_foundation_sdk.builders import dashboard as builders
from grafana_foundation_sdk.builders import heatmap, piechart, prometheus, stat, statetimeline, timeseries
from grafana_foundation_sdk.models import common
from grafana_foundation_sdk.models import dashboard as models
from grafana_foundation_sdk.models import heatmap as heatmap_models
from grafana_foundation_sdk.models import piechart as piechart_models
from grafana_foundation_sdk.models.prometheus import PromQueryFormat

DATASOURCE: Final = models.DataSourceRef(type_val="prometheus", uid="prometheus")
GREEN: Final = "green"
YELLOW: Final = "yellow"
RED: Final = "red"
LAST: Final = "lastNotNull"

type Steps = Sequence[tuple[float | None, str]]


class Query(NamedTuple):
    """A question in PromQL and how its answer is called in the legend."""

    expr: str
    legend: str = ""


def stat_panel(
    title: str, query: Query, *, unit: str, steps: Steps, decimals: int = 2, width: int = 4
) -> Any:
    """
    Return one figure on a coloured ground.

    Parameters
    ----------
    title : str
        Heading.
    query : Query
        Asked for its latest value.
    unit : str
        Grafana's unit id, e.g. ``percent``.
    steps : Steps
        From which value on which colour; the first has None.
    decimals, width : int
        Digits behind the point; columns of 24.
    """
    return (
        stat.Panel()
        .title(title)
        .datasource(DATASOURCE)
        .unit(unit)
        .decimals(decimals)
        .thresholds(_thresholds(steps))
        .color_mode(common.BigValueColorMode.BACKGROUND_SOLID)
        .graph_mode(common.BigValueGraphMode.AREA)
        .reduce_options(common_builders.ReduceDataOptions().calcs([LAST]))
        .no_value("-")
        .height(6)
        .span(width)
        .with_target(_target(query, 0))
    )


def graph_panel(
    title: str,
    *queries: Query,
    unit: str,
    width: int = 12,
    height: int = 8,
    steps: Steps = (),
    bars: bool = False,
) -> Any:
    """Return lines over time, or stacked bars; ``steps`` colours areas by value."""
    panel = (
        timeseries.Panel()
        .title(title)
        .datasource(DATASOURCE)
        .unit(unit)
        .line_width(2)
        .fill_opacity(80 if bars else 10)
        .show_points(common.VisibilityMode.NEVER)
        .legend(common_builders.VizLegendOptions().show_legend(True).placement(common.LegendPlacement.BOTTOM))
        .tooltip(common_builders.VizTooltipOptions().mode(common.TooltipDisplayMode.MULTI))
        .height(height)
        .span(width)
    )
    if bars:
        panel = panel.draw_style(common.GraphDrawStyle.BARS).stacking(
            common_builders.StackingConfig().mode(common.StackingMode.NORMAL)
        )
    if steps:
        panel = panel.thresholds(_thresholds(steps)).thresholds_style(
            common_builders.GraphThresholdsStyleConfig().mode(common.GraphTresholdsStyleMode.LINE)
        )
    for number, query in enumerate(queries):
        panel = panel.with_target(_target(query, number))
    return panel


def pie_panel(title: str, query: Query, *, unit: str = "short", width: int = 6) -> Any:
    """Return shares of a whole, by their latest values."""
    return (
        piechart.Panel()
        .title(title)
        .datasource(DATASOURCE)
        .unit(unit)
        .pie_type(piechart_models.PieChartType.DONUT)
        .display_labels([piechart_models.PieChartLabels.NAME, piechart_models.PieChartLabels.PERCENT])
        .reduce_options(common_builders.ReduceDataOptions().calcs([LAST]))
        .height(8)
        .span(width)
        .with_target(_target(query, 0))
    )


def heat_panel(title: str, query: Query, *, width: int = 12) -> Any:
    """Return a latency histogram over time."""
    return (
        heatmap.Panel()
        .title(title)
        .datasource(DATASOURCE)
        .calculate(False)
        .color(
            heatmap.HeatmapColorOptions()
            .mode(heatmap_models.HeatmapColorMode.SCHEME)
            .scheme("Oranges")
            .steps(64)
        )
        .y_axis(heatmap.YAxisConfig().unit("s"))
        .height(8)
        .span(width)
        .with_target(_target(query, 0).format(PromQueryFormat.HEATMAP))
    )


def state_panel(title: str, query: Query, *, width: int = 12) -> Any:
    """Return states over time: green at 0, red at 1."""
    return (
        statetimeline.Panel()
        .title(title)
        .datasource(DATASOURCE)
        .thresholds(_thresholds(((None, GREEN), (1, RED))))
        .color_scheme(builders.FieldColor().mode(models.FieldColorModeId.THRESHOLDS))
        .show_value(common.VisibilityMode.NEVER)
        .height(8)
        .span(width)
        .with_target(_target(query, 0))
    )


def variable(name: str, metric: str, where: str = "", *, multi: bool = True) -> Any:
    """Return a choice of the values of a label, asked of Prometheus whenever the dashboard loads."""
    found = (
        builders.QueryVariable(name)
        .label(name)
        .datasource(DATASOURCE)
        .query(f"label_values({metric}{{{where}}}, {name})" if where else f"label_values({metric}, {name})")
        .refresh(models.VariableRefresh.ON_DASHBOARD_LOAD)
        .sort(models.VariableSort.ALPHABETICAL_ASC)
    )
    return found.multi(True).include_all(True).all_value(".*") if multi else found


def _target(query: Query, number: int) -> prometheus.Dataquery:
    target = prometheus.Dataquery().expr(query.expr).ref_id("ABCDEFGH"[number]).range()
    return target.legend_format(query.legend) if query.legend else target


def _thresholds(steps: Steps) -> builders.ThresholdsConfig:
    return (
        builders.ThresholdsConfig()
        .mode(models.ThresholdsMode.ABSOLUTE)
        .steps([models.Threshold(value=value, color=color) for value, color in steps])
    )
