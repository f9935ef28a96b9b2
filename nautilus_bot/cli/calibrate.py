"""``nautilus-bot calibrate``."""

from pathlib import Path
from typing import Annotated, Literal

import msgspec
import typer
from rich.console import Group, RenderableType
from rich.text import Text

from nautilus_bot.cli.output import JsonFlag, emit, progress, table
from nautilus_bot.cli.validation_options import (
    CONFIG_FOLDER,
    ConfigOption,
    DataOption,
    IntervalOption,
    SymbolOption,
    TimerangeOption,
    load,
)
from nautilus_bot.core.errors import ConfigError
from nautilus_bot.research.backtest.table import short_name
from nautilus_bot.research.validation.calibrate import StrategyCalibration, calibrate_all
from nautilus_bot.research.validation.calibration_report import write_calibration


class Calibrated(msgspec.Struct, frozen=True, kw_only=True):
    """What was fitted, and where it was written."""

    strategies: tuple[StrategyCalibration, ...]
    file: str
    report: str


def calibrate(
    config: ConfigOption = CONFIG_FOLDER,
    strategy: Annotated[
        list[str] | None,
        typer.Option("--strategy", "-s", help="Class name; repeatable [default: all enabled]."),
    ] = None,
    symbol: SymbolOption = None,
    interval: IntervalOption = "",
    timerange: TimerangeOption = "",
    data_catalog: DataOption = "",
    method: Annotated[
        Literal["auto", "isotonic", "platt", "constant"],
        typer.Option(help="auto: what forecasts best within the fitted part."),
    ] = "auto",
    fit_pct: Annotated[
        float, typer.Option(help="First part of the signals that is fitted on, percent.")
    ] = 60.0,
    out: Annotated[
        Path,
        typer.Option(help="Mapping file; name it as 'calibration' of the min_confidence rule to use it."),
    ] = Path("var/calibration.json"),
    as_json: JsonFlag = False,
) -> None:
    """Fit the confidence of signals to what became of them, and judge the fit on later signals."""
    if not 10.0 <= fit_pct <= 90.0:
        raise ConfigError(f"--fit-pct must be within 10 and 90, was {fit_pct:g}")
    session, subjects = load(config, strategy or [], symbol, interval, timerange, data_catalog)
    with progress("calibrating"):
        found = calibrate_all(subjects, method=method, fit_ratio=fit_pct / 100.0)
    report = write_calibration(found, subjects, out, Path(session.backtest.report_path))
    emit(Calibrated(strategies=found, file=str(out), report=str(report)), as_json, _render)


def _render(found: Calibrated) -> RenderableType:
    columns = (
        "strategy",
        "fitted>",
        "judged>",
        "method",
        "won %>",
        "break-even %>",
        "Brier raw>",
        "mapped>",
        "constant>",
        "error raw>",
        "mapped>",
    )
    curve = [
        (short_name(one.strategy), f"{part.forecast:.2f}", f"{part.observed:.2f}", part.count)
        for one in found.strategies
        for part in one.calibrated.curve
    ]
    return Group(
        table("Out-of-sample", columns, [_cells(one) for one in found.strategies]),
        table("Reliability of the mapped confidence", ("strategy", "says>", "came true>", "signals>"), curve),
        Text(f"mapping: {found.file}\nreport: {found.report}"),
    )


def _cells(one: StrategyCalibration) -> tuple[str, ...]:
    return (
        short_name(one.strategy),
        f"{one.fitted:,}",
        f"{one.judged:,}",
        one.mapping.method,
        f"{100 * one.base_rate:.1f}",
        f"{100 * one.break_even:.1f}",
        f"{one.raw.brier:.4f}",
        f"{one.calibrated.brier:.4f}",
        f"{one.constant.brier:.4f}",
        f"{one.raw.error:.3f}",
        f"{one.calibrated.error:.3f}",
    )
