"""``nautilus-bot list-strategies``."""

from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.console import RenderableType

from nautilus_bot.cli.output import JsonFlag, emit, table
from nautilus_bot.config.loader import load_config
from strategies.kernels.table import KERNELS


class ListedParameter(msgspec.Struct, frozen=True):
    """One parameter: its value in the configuration, and the bounds it must keep."""

    name: str
    value: float
    low: float
    high: float
    unit: str
    doc: str


class ListedStrategy(msgspec.Struct, frozen=True):
    """One entry of the configuration."""

    strategy: str
    enabled: bool
    timeframe: str
    symbols: tuple[str, ...]
    evaluation: str
    warmup_bars: int
    parameters: tuple[ListedParameter, ...]


def list_strategies(
    config: Annotated[
        Path, typer.Option("--config", "-c", help="Session file, or the folder of backtest.json.")
    ] = Path("configs"),
    parameters: Annotated[bool, typer.Option(help="Show every parameter with its bounds.")] = False,
    as_json: JsonFlag = False,
) -> None:
    """List the strategies of the configuration, with their parameters."""
    listed = _listed(config)
    emit(listed, as_json, _parameter_table if parameters else _strategy_table)


def _listed(config: Path) -> tuple[ListedStrategy, ...]:
    loaded = load_config(config)
    return tuple(
        ListedStrategy(
            strategy=entry.strategy,
            enabled=entry.enabled,
            timeframe=loaded.timeframe_of(entry),
            symbols=loaded.symbols_of(entry),
            evaluation=entry.evaluation,
            warmup_bars=KERNELS[entry.strategy].warmup_bars(tuple(entry.parameters.values())),
            parameters=tuple(
                ListedParameter(
                    known.name, entry.parameters[known.name], known.low, known.high, known.unit, known.doc
                )
                for known in KERNELS[entry.strategy].parameters
            ),
        )
        for entry in loaded.strategies.strategies
    )


def _strategy_table(listed: tuple[ListedStrategy, ...]) -> RenderableType:
    rows = (
        (
            one.strategy,
            "on" if one.enabled else "off",
            one.timeframe,
            " ".join(one.symbols),
            one.evaluation,
            one.warmup_bars,
            len(one.parameters),
        )
        for one in listed
    )
    columns = ("strategy", "state", "bars", "symbols", "evaluation", "warm-up bars>", "parameters>")
    return table("", columns, rows)


def _parameter_table(listed: tuple[ListedStrategy, ...]) -> RenderableType:
    rows = (
        (one.strategy, known.name, f"{known.value:g}", f"{known.low:g}", f"{known.high:g}", known.unit)
        for one in listed
        for known in one.parameters
    )
    return table("", ("strategy", "parameter", "value>", "low>", "high>", "unit"), rows)
