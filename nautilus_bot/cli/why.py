"""``nautilus-bot why``: the story behind an order, a fill, a signal or a position, as a tree."""

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Final

import typer
from rich.console import RenderableType
from rich.text import Text
from rich.tree import Tree

from catalog.identify import locate
from catalog.lineage import FillStory, Lineage, OrderStory, PositionStory, trace
from catalog.seen_bars import SeenBar, series_of
from catalog.store import DEFAULT_ROOT, EventStore
from nautilus_bot.cli.events import RootOption
from nautilus_bot.cli.output import JsonFlag, emit
from nautilus_bot.core import ids
from nautilus_bot.core.messages import ConditionMargin, Indicator, RiskVerdict, RuleCheck, Signal
from nautilus_bot.market.intervals import interval_of

RunOption = Annotated[
    str, typer.Option("--run", "-r", help="Run id, its beginning, or 'latest' [default: all, newest first].")
]

_ROLES: Final = {
    ids.ENTRY: "entry",
    ids.STOP: "stop-loss",
    ids.TARGET: "take-profit",
    ids.CLOSE: "closing order",
}
_ENDINGS: Final = {
    "stop": "the stop-loss was hit",
    "target": "the take-profit was reached",
    "close": "it was closed",
    "open": "it is still open",
}
_NS: Final = 1_000_000_000
_MS: Final = 1_000_000


def why(
    name: Annotated[
        str, typer.Argument(metavar="ID", help="Order, fill, signal or position id, or its beginning.")
    ],
    run: RunOption = "",
    root: RootOption = DEFAULT_ROOT,
    as_json: JsonFlag = False,
) -> None:
    """Tell why an order was made and what came of it: bar, indicators, signal, rules, fills, result."""
    folder = locate(EventStore(root), run, name)
    emit(trace(folder, name), as_json, render)


def render(story: Lineage) -> RenderableType:
    """Return the story as a tree."""
    tree = Tree(Text(f"{_headline(story)}   [{story.run_id}, {story.mode}]", style="bold"))
    _add_market(tree, story)
    if story.signal is not None:
        _add_signal(tree, story.signal)
    for order in story.orders:
        _add_order(tree, order, story.asked)
        if story.signal is not None and order.role == ids.ENTRY and not order.fills:
            tree.add(Text(f"result: {_nothing_came(order)}", style="bold"))
    if story.close is not None:
        tree.add(Text(f"closed by a signal of its own: {story.close.signal_id}, {story.close.reason}"))
    if story.position is not None:
        _add_result(tree, story.position)
    return tree


def _headline(story: Lineage) -> str:
    signal = story.signal
    asked = f"{story.asked} ({story.kind})"
    if signal is None:
        return asked
    symbol = signal.instrument_id.partition("-")[0]
    told = f"{signal.strategy} proposed to {signal.side} {symbol}"
    return f"{asked}: {told}" if story.asked == signal.signal_id else f"{asked} <- {signal.signal_id}: {told}"


def _add_market(tree: Tree, story: Lineage) -> None:
    if story.signal is None or story.bar is None:
        tree.add(f"market: {story.absent}")
        return
    branch = tree.add(f"market: {_bar(story.bar, story.signal)}")
    if story.absent:
        branch.add(story.absent)


def _bar(bar: SeenBar, signal: Signal) -> str:
    symbol = signal.instrument_id.partition("-")[0]
    interval = interval_of(series_of(signal.strategy_id))
    return f"the {interval} bar of {symbol} that closed at {bar_line(bar)}"


def bar_line(bar: SeenBar) -> str:
    """Return a bar's closing time and numbers."""
    names = ("open", "high", "low", "close", "volume")
    numbers = ", ".join(f"{name} {price(value)}" for name, value in zip(names, bar.ohlcv(), strict=True))
    return f"{when(bar.ts)}: {numbers}"


def _add_signal(tree: Tree, signal: Signal) -> None:
    if signal.indicators:
        tree.add("indicators: " + ", ".join(_indicator(one) for one in signal.indicators))
    levels = ""
    if signal.stop:
        levels = ", " + ", ".join(
            f"{name} {level} ({_away(signal, level)})"
            for name, level in (("stop", signal.stop), ("target", signal.target))
        )
    branch = tree.add(
        Text(
            f"signal at {when(signal.ts_event)}: {signal.side} at {signal.price}, "
            f"confidence {signal.confidence:.2f}{levels}",
            style="bold",
        )
    )
    branch.add(f"because: {signal.reason}")
    for condition in signal.conditions:
        branch.add(_condition(condition))


def _indicator(one: Indicator) -> str:
    return f"{one.name.replace('_', ' ')} {number(one.value)}"


def _away(signal: Signal, level: str) -> str:
    return f"{100 * (float(level) / float(signal.price) - 1):+.2f} %"


def _condition(one: ConditionMargin) -> str:
    mark = "met" if one.margin >= 0 else "MISSED"
    return f"{mark}: {one.name}, by {number(abs(one.margin))} {one.unit}"


def _add_order(tree: Tree, order: OrderStory, asked: str) -> None:
    if order.verdict is not None and (order.verdict.checks or not order.verdict.approved):
        _add_verdict(tree, order.verdict)
    role = _ROLES.get(order.role, "order")
    marked = "  <- asked for" if order.client_order_id == asked else ""
    at = f" at {order.trigger or order.price}" if order.trigger or order.price else ""
    kind = order.type.lower().replace("_", " ") or "never sent"
    line = f"{role} {order.client_order_id}: {order.side} {order.quantity} {kind}{at}{marked}"
    branch = tree.add(Text(line, style="bold" if order.role in (ids.ENTRY, ids.CLOSE) else ""))
    for line in _steps(order):
        branch.add(line)
    for fill in order.fills:
        branch.add(_fill(fill, asked))


def _add_verdict(tree: Tree, verdict: RiskVerdict) -> None:
    count = len(verdict.checks)
    if verdict.approved:
        branch = tree.add(Text(f"risk approved it: {count} rules asked", style="bold green"))
    else:
        branch = tree.add(Text(f"risk refused it: {verdict.rule}: {verdict.reason}", style="bold red"))
    for check in verdict.checks:
        branch.add(Text(check_line(check), style="" if check.approved else "red"))


def check_line(check: RuleCheck) -> str:
    """Return one rule's answer with its numbers."""
    said = "pass  " if check.approved else "REFUSE"
    numbers = ""
    if check.observed is not None and check.limit is not None:
        numbers = f": {number(check.observed)} {check.unit}, limit {number(check.limit)}"
    elif check.limit is not None:
        numbers = f": nothing to measure, limit {number(check.limit)} {check.unit}"
    return f"{said} {check.rule}{numbers}" + (f" ({check.reason})" if check.reason else "")


def _steps(order: OrderStory) -> Iterator[str]:
    if not order.steps:
        return
    begun = order.steps[0].ts
    words = []
    for step in order.steps:
        name = step.event.removeprefix("Order").lower()
        if name in ("filled", "initialized", "pendingcancel", "pendingupdate"):
            continue
        reason = f" ({step.reason})" if step.reason and name != "denied" else ""
        words.append(f"{name}{reason}{_later(step.ts - begun)}")
    if words:
        yield f"at {when(begun)} (node's clock): " + ", ".join(words)


def _later(ns: int) -> str:
    return f" after {duration(ns)}" if ns >= _MS else ""


def _fill(fill: FillStory, asked: str) -> str:
    worse = ""
    if fill.expected is not None and fill.slippage_bps is not None and fill.slippage_usdt is not None:
        word = "worse" if fill.slippage_bps > 0 else "better"
        against = f"the {fill.expected_from} {price(fill.expected)}"
        worse = f", as expected from {against}"
        if fill.slippage_bps:
            bps, usdt = float(abs(fill.slippage_bps)), float(abs(fill.slippage_usdt))
            worse = f", {number(bps)} bps ({number(usdt)} USDT) {word} than {against}"
    marked = "  <- asked for" if fill.trade_id == asked else ""
    return (
        f"filled {price(fill.quantity)} at {price(fill.price)} on {when(fill.ts_market)}{worse}; "
        f"fee {fill.fee:.4f} USDT ({fill.liquidity}){marked}"
    )


def _nothing_came(order: OrderStory) -> str:
    if order.verdict is not None and not order.verdict.approved:
        return f"no trade, since {order.verdict.rule} refused"
    last = order.steps[-1].event.removeprefix("Order").lower() if order.steps else "never sent"
    return f"no trade, the entry was {last} without a fill"


def _add_result(tree: Tree, position: PositionStory) -> None:
    held = f" after {duration(position.closed_ns - position.opened_ns)}" if position.closed_ns else ""
    ended = f"{_ENDINGS[position.ended_by]}{held}"
    prices = f"{position.side} {price(position.quantity)} from {price(position.entry)}"
    if position.exit:
        prices += f" to {price(position.exit)}"
    style = "bold green" if position.pnl > 0 else "bold red"
    branch = tree.add(Text(f"result: {position.pnl:+,.2f} USDT, {ended}", style=style))
    branch.add(prices)
    branch.add(
        f"{position.gross:+,.4f} by price - {position.fees:,.4f} fees {position.funding:+,.4f} funding "
        f"= {position.pnl:+,.4f} USDT"
    )


def when(ts_ns: int) -> str:
    """Return a time in UTC, to the millisecond where it has one."""
    moment = datetime.fromtimestamp(ts_ns // _NS, tz=UTC)
    millis = ts_ns % _NS // _MS
    return f"{moment:%Y-%m-%d %H:%M:%S}" + (f".{millis:03d}" if millis else "") + " UTC"


def duration(ns: int) -> str:
    """Return a length of time in the two largest units that matter."""
    seconds = ns / _NS
    if seconds < 1:
        return f"{ns / _MS:.3g} ms"
    if seconds < 60:
        return f"{seconds:.3g} s"
    minutes = round(seconds / 60)
    if minutes < 60:
        return f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    if hours < 48:
        return f"{hours} h {minutes} min"
    return f"{hours // 24} days {hours % 24} h"


def number(value: float) -> str:
    """Return a measured number with four significant digits, a large one with two decimals."""
    return f"{value:,.2f}" if abs(value) >= 1_000 else f"{value:.4g}"


def price(value: float | Decimal) -> str:
    """Return a price or quantity with all its digits but idle zeros."""
    return f"{value:,.10g}" if isinstance(value, float) else f"{value.normalize():,f}"
