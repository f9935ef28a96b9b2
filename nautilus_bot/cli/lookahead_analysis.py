"""``nautilus-bot lookahead-analysis``."""

from typing import Annotated, Final

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
    SeedOption,
    SymbolOption,
    TimerangeOption,
    load,
)
from nautilus_bot.core.errors import DataError
from nautilus_bot.research.backtest.table import short_name
from nautilus_bot.research.validation.lookahead import Lookahead, analyse

FAILED: Final = 1
LEAST_BARS: Final = 500


class Analysed(msgspec.Struct, frozen=True, kw_only=True):
    """The analysis of one strategy on one symbol."""

    strategy: str
    symbol: str
    interval: str
    market: str
    result: Lookahead


def lookahead_analysis(
    config: ConfigOption = CONFIG_FOLDER,
    strategy: Annotated[
        list[str] | None,
        typer.Option("--strategy", "-s", help="Class name; repeatable [default: all enabled]."),
    ] = None,
    symbol: SymbolOption = None,
    interval: IntervalOption = "",
    timerange: TimerangeOption = "",
    data_catalog: DataOption = "",
    bars: Annotated[int, typer.Option(help="Bars looked at, the latest ones.")] = 5_000,
    cuts: Annotated[int, typer.Option(help="Points in time at which the future is changed.")] = 12,
    seed: SeedOption = 1,
    as_json: JsonFlag = False,
) -> None:
    """Prove that no signal changes when the future is cut off or altered; leaves with 1 when one does."""
    if bars < LEAST_BARS:
        raise DataError(f"a proof needs {LEAST_BARS} bars or more, {bars} were asked for; raise --bars")
    _, subjects = load(config, strategy or [], symbol, interval, timerange, data_catalog)
    found = []
    with progress("analysing", total=len(subjects)) as job:
        for subject in subjects:
            count = len(subject.setting.market)
            part = subject.setting.window(max(0, count - bars), count)
            found.append(
                Analysed(
                    strategy=part.strategy,
                    symbol=subject.symbol,
                    interval=subject.interval,
                    market=subject.origin,
                    result=analyse(part, subject.configured, cuts=cuts, seed=seed),
                )
            )
            job.advance()
    emit(tuple(found), as_json, _render)
    if not all(one.result.passed for one in found):
        raise typer.Exit(FAILED)


def _render(found: tuple[Analysed, ...]) -> RenderableType:
    rows = [
        (
            short_name(one.strategy),
            one.symbol,
            one.result.signals,
            proof.name,
            Text("pass", style="green") if proof.passed else Text("FAIL", style="red"),
            proof.reads,
        )
        for one in found
        for proof in one.result.proofs
    ]
    starts = [
        (
            short_name(one.strategy),
            one.symbol,
            late.bars,
            late.compared,
            late.differing,
            f"{late.deviation:.1e}",
        )
        for one in found
        for late in one.result.late_starts
    ]
    failed = sum(not one.result.passed for one in found)
    sentence = (
        f"{failed} of {len(found)} FAIL" if failed else f"all {len(found)} pass: no decision knows the future"
    )
    return Group(
        table("", ("strategy", "symbol", "signals>", "property", "", "what was found"), rows),
        table(
            "Recursive analysis: what a late start changes",
            ("strategy", "symbol", "bars fed>", "decisions compared>", "differing>", "indicators differ by>"),
            starts,
        ),
        Text(sentence, style="bold red" if failed else "bold green"),
    )
