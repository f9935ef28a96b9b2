"""``nautilus-bot why-not``: why a strategy did not trade at a moment."""

from typing import Annotated

import typer
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from catalog.store import DEFAULT_ROOT, EventStore
from nautilus_bot.cli.events import OneRunOption, RootOption, parse_since
from nautilus_bot.cli.output import JsonFlag, emit, table
from nautilus_bot.cli.why import bar_line, check_line, number, when
from nautilus_bot.core.errors import ConfigError
from nautilus_bot.replay.why_not import SideMargins, Silence, explain


def why_not(
    strategy: Annotated[str, typer.Option("--strategy", "-s", help="Class name, or its beginning.")],
    symbol: Annotated[str, typer.Option("--symbol", "-p", help="E.g. BTCUSDT.")],
    at: Annotated[str, typer.Option("--at", help="Market time, UTC: 2025-01-31T12:00 or ns.")],
    run: OneRunOption = "latest",
    root: RootOption = DEFAULT_ROOT,
    as_json: JsonFlag = False,
) -> None:
    """Tell what was evaluated then, which condition was missed and by how much, or which rule refused."""
    at_ns = parse_since(at, "--at")
    if not at_ns:
        raise ConfigError("--at must be a time, e.g. 2025-01-31T12:00, was empty")
    folder = EventStore(root).folder(run)
    emit(explain(folder, strategy, symbol, at_ns), as_json, render)


def render(found: Silence) -> RenderableType:
    """Return the answer, then the numbers behind it."""
    head = f"{found.strategy} on {found.symbol} at {when(found.at_ns)}   [{found.run_id}]"
    parts: list[RenderableType] = [
        Text(head, style="bold"),
        Text(f"{_TITLES[found.answer]}: {found.sentence}"),
    ]
    if found.bar is not None:
        parts.append(Text(f"evaluated: the bar that closed at {bar_line(found.bar)}"))
    if found.indicators and found.answer != "warming up":
        shown = ", ".join(f"{one.name.replace('_', ' ')} {number(one.value)}" for one in found.indicators)
        parts.append(Text(f"indicators: {shown}"))
    if found.sides and found.answer not in ("no bar", "warming up"):
        parts.append(_margins(found.sides))
    if found.verdict is not None:
        parts.append(Text("what the rules said:"))
        parts += [Text(f"  {check_line(check)}") for check in found.verdict.checks]
    if found.held != "0":
        parts.append(Text(f"it held {found.held} {found.symbol} when the bar closed"))
    return Group(*parts)


_TITLES = {
    "no bar": "nothing was evaluated",
    "warming up": "no decision",
    "conditions": "no signal",
    "busy": "no signal",
    "refused": "no order",
    "traded": "it did trade",
    "unfilled": "no fill",
}


def _margins(sides: tuple[SideMargins, ...]) -> Table:
    first, second = sides
    rows = [
        (one.name, _margin(one.margin), _margin(other.margin), one.unit)
        for one, other in zip(first.margins, second.margins, strict=True)
    ]
    return table("", ("condition", f"for a {first.side}>", f"for a {second.side}>", "unit"), rows)


def _margin(margin: float) -> Text:
    if margin >= 0:
        return Text(f"met by {number(margin)}", style="green")
    return Text(f"missed by {number(-margin)}", style="red")
