"""``nautilus-bot replay``: run a recorded session again, with the same node, and compare."""

from decimal import Decimal
from typing import Annotated, Any, Final

import msgspec
import typer
from rich.console import Group, RenderableType
from rich.text import Text

from catalog.store import DEFAULT_ROOT, EventStore
from nautilus_bot.cli.events import RootOption, parse_since
from nautilus_bot.cli.output import JsonFlag, emit, progress, table
from nautilus_bot.core.errors import ConfigError
from nautilus_bot.replay.decisions import Decision
from nautilus_bot.replay.fork import entry_at, fork_run
from nautilus_bot.replay.run_replay import ReplayResult, replay_run
from nautilus_bot.replay.tally import Tally

_HOW: Final = {
    "record": "its recorded inputs and execution events, through the same node",
    "again": "the same bars, through the same node",
    "market": "the market it saw, with simulated fills",
    "fork": "its state at that moment, then the market it saw, with simulated fills",
}
_SHOWN_DIFFERENCES: Final = 12


def replay(
    run: Annotated[str, typer.Argument(help="Run id, its beginning, or 'latest'.")] = "latest",
    market: Annotated[
        bool, typer.Option("--market", help="Simulate fills instead of replaying them.")
    ] = False,
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", help="What if: risk.max_drawdown_pct=3; repeatable, simulates fills."),
    ] = None,
    until: Annotated[
        str, typer.Option(help="With --fork: entry number, or market time, UTC: 2025-01-31T12:00.")
    ] = "",
    fork: Annotated[
        bool, typer.Option("--fork", help="Go on from --until as a new run, with simulated fills.")
    ] = False,
    root: RootOption = DEFAULT_ROOT,
    as_json: JsonFlag = False,
) -> None:
    """Run a session again from its own record: every signal, verdict and order must come out the same."""
    if fork != bool(until):
        raise ConfigError("--until and --fork must be given together: where, and that it goes on from there")
    store = EventStore(root)
    with progress(f"replaying {run}"):
        result = (
            fork_run(store, run, _entry(store, run, until), settings or ())
            if fork
            else replay_run(store, run, market=market, settings=settings or ())
        )
    emit(result, as_json, render)
    if result.how in ("record", "again") and not result.decisions.is_identical:
        raise typer.Exit(1)


def _entry(store: EventStore, run: str, until: str) -> int:
    if until.isdigit() and len(until) < len("20250131"):
        return int(until)
    return entry_at(store.folder(run), parse_since(until, "--until"))


def render(result: ReplayResult) -> RenderableType:
    """Return the verdict, the counts, and the first difference."""
    parts: list[RenderableType] = [
        Text(f"{result.run_id} ({result.mode}) replayed from {_HOW[result.how]}", style="bold")
    ]
    if result.settings:
        parts.append(Text("with " + ", ".join(result.settings)))
    if result.code_changed:
        parts.append(Text("the program has changed since it was recorded", style="yellow"))
    parts.append(_verdict(result))
    rows = [(kind.kind, f"{kind.recorded:,}", f"{kind.replayed:,}") for kind in result.kinds]
    parts.append(table("", ("decisions", "recorded>", "replayed>"), rows))
    if result.replayed is not None and result.how not in ("record", "again"):
        parts.append(_money(result.original, result.replayed))
    report = result.decisions
    if not report.is_identical:
        parts.append(Text("first difference", style="bold"))
        parts += [Text(line) for line in _difference(report.expected, report.got)]
    if result.replay_run:
        parts.append(Text(f"recorded as {result.replay_run}: nautilus-bot why ID --run {result.replay_run}"))
    return Group(*parts)


def _verdict(result: ReplayResult) -> Text:
    report = result.decisions
    if report.is_identical:
        return Text(
            f"identical: {report.identical:,} of {report.recorded:,} decisions (100 %)", style="green"
        )
    share = 100.0 * report.identical / report.recorded if report.recorded else 0.0
    style = "red" if result.how in ("record", "again") else ""
    return Text(
        f"the first {report.identical:,} of {report.recorded:,} decisions are the same ({share:.1f} %)", style
    )


def _money(original: Tally, replayed: Tally) -> RenderableType:
    rows = [
        (name.replace("_", " "), _number(was), _number(now), _number(now - was))
        for name, was, now in _pairs(original, replayed)
    ]
    return table("", ("what", "recorded>", "replayed>", "difference>"), rows)


def _pairs(original: Tally, replayed: Tally) -> list[tuple[str, Any, Any]]:
    left, right = msgspec.structs.asdict(original), msgspec.structs.asdict(replayed)
    refused = (left.pop("refused"), right.pop("refused"))
    pairs = [(name, left[name], right[name]) for name in left]
    rules = sorted({*refused[0], *refused[1]})
    return pairs + [
        (f"refused by {rule}", refused[0].get(rule, 0), refused[1].get(rule, 0)) for rule in rules
    ]


def _number(value: int | Decimal) -> str:
    return f"{value:,.2f}" if isinstance(value, Decimal) else f"{value:,}"


def _difference(expected: Decision | None, got: Decision | None) -> list[str]:
    """Return both sides, and of two messages of one kind only the fields that differ."""
    where = f" (entry {expected.seq})" if expected is not None and expected.seq else ""
    lines = [f"  recorded{where}: {_kind(expected)}", f"  replayed: {_kind(got)}"]
    if expected is None or got is None or expected.kind != got.kind:
        return lines + [f"    {one.content[:300]}" for one in (expected, got) if one is not None]
    left, right = msgspec.json.decode(expected.content), msgspec.json.decode(got.content)
    found = list(_fields("", left, right))[:_SHOWN_DIFFERENCES]
    return lines + [f"    {path}: recorded {was!r}, replayed {now!r}" for path, was, now in found]


def _kind(decision: Decision | None) -> str:
    if decision is None:
        return "nothing more"
    content = msgspec.json.decode(decision.content)
    name = ""
    if isinstance(content, dict):
        name = content.get("client_order_id") or content.get("signal_id") or ""
    elif content:
        name = str(content[0])
    return f"{decision.kind} {name}"


def _fields(path: str, left: Any, right: Any) -> list[tuple[str, Any, Any]]:
    if isinstance(left, dict) and isinstance(right, dict):
        pairs = [(f"{path}.{key}", left.get(key), right.get(key)) for key in dict.fromkeys((*left, *right))]
    elif isinstance(left, list) and isinstance(right, list) and len(left) == len(right):
        pairs = [(f"{path}[{i}]", a, b) for i, (a, b) in enumerate(zip(left, right, strict=True))]
    else:
        return [] if left == right else [(path.removeprefix(".") or "value", left, right)]
    return [found for pair in pairs for found in _fields(*pair)]
