"""The story behind an order, fill, signal or position, as a readable tree."""

from collections.abc import Iterator
from datetime import UTC, datetime
from html import escape
from typing import Final

from catalog.lineage import FillStory, Lineage, OrderStory, PositionStory
from catalog.seen_bars import SeenBar
from monitoring.dashboard import words
from nautilus_bot.core import ids
from nautilus_bot.core.messages import RiskVerdict, RuleCheck, Signal

ROLES: Final = {
    ids.ENTRY: "Entry",
    ids.STOP: "Stop-loss",
    ids.TARGET: "Take-profit",
    ids.CLOSE: "Closing order",
}
ENDINGS: Final = {
    "stop": "the stop-loss was hit",
    "target": "the take-profit was reached",
    "close": "it was closed",
    "open": "it is still open",
}


def story_tree(story: Lineage) -> str:
    """Return the whole story, each part with what it rests on below it."""
    parts = "".join(_parts(story))
    return f'<div class="story" data-name="story"><header>{escape(_headline(story))}</header>{parts}</div>'


def _headline(story: Lineage) -> str:
    if story.signal is None:
        return f"{story.asked} ({story.kind})"
    signal = story.signal
    return f"{words.strategy(signal.strategy)} proposed to {signal.side} {words.symbol(signal.instrument_id)}"


def _parts(story: Lineage) -> Iterator[str]:
    yield _part("Market", _market(story))
    if story.signal is not None:
        yield from _signal(story.signal)
    for order in story.orders:
        yield from _order(order)
    if story.close is not None:
        yield _part("Closed by a signal of its own", [f"{story.close.signal_id}: {story.close.reason}"])
    if story.position is not None:
        yield _result(story.position)


def _part(title: str, lines: list[str], kind: str = "") -> str:
    below = "".join(f"<li>{escape(one)}</li>" for one in lines if one)
    return f'<div class="part {kind}"><h4>{escape(title)}</h4><ul>{below}</ul></div>'


def _market(story: Lineage) -> list[str]:
    return [_bar(story.bar) if story.bar is not None else "", story.absent]


def _bar(bar: SeenBar) -> str:
    names = ("open", "high", "low", "close", "volume")
    numbers = ", ".join(f"{name} {value:,.8g}" for name, value in zip(names, bar.ohlcv(), strict=True))
    return f"the bar that closed at {_when(bar.ts)}: {numbers}"


def _signal(signal: Signal) -> Iterator[str]:
    levels = f", stop {signal.stop}, target {signal.target}" if signal.stop else ""
    title = f"Signal {signal.side} at {signal.price}, confidence {signal.confidence:.2f}{levels}"
    indicators = ", ".join(f"{one.name.replace('_', ' ')} {one.value:.4g}" for one in signal.indicators)
    conditions = [
        f"{'met' if one.margin >= 0 else 'MISSED'}: {one.name}, by {abs(one.margin):.4g} {one.unit}"
        for one in signal.conditions
    ]
    yield _part(
        title, [signal.reason, f"indicators: {indicators}" if indicators else "", *conditions], "signal"
    )


def _order(order: OrderStory) -> Iterator[str]:
    verdict = order.verdict
    if verdict is not None and (verdict.checks or not verdict.approved):
        yield _part(
            _verdict(verdict), [_check(one) for one in verdict.checks], "good" if verdict.approved else "bad"
        )
    at = f" at {order.trigger or order.price}" if order.trigger or order.price else ""
    kind = order.type.lower().replace("_", " ") or "never sent"
    title = (
        f"{ROLES.get(order.role, 'Order')} {order.client_order_id}: {order.side} {order.quantity} {kind}{at}"
    )
    yield _part(title, [_steps(order), *(_fill(fill) for fill in order.fills)])


def _verdict(verdict: RiskVerdict) -> str:
    if verdict.approved:
        return f"Risk approved it: {len(verdict.checks)} rules asked"
    return f"Risk refused it: {verdict.rule}: {verdict.reason}"


def _check(check: RuleCheck) -> str:
    said = "pass" if check.approved else "REFUSE"
    numbers = ""
    if check.observed is not None and check.limit is not None:
        numbers = f": {check.observed:.4g} {check.unit}, limit {check.limit:.4g}"
    return f"{said} {check.rule}{numbers}" + (f" ({check.reason})" if check.reason else "")


def _steps(order: OrderStory) -> str:
    dull = ("OrderInitialized", "OrderFilled", "OrderPendingCancel", "OrderPendingUpdate")
    told = [
        step.event.removeprefix("Order").lower() + (f" ({step.reason})" if step.reason else "")
        for step in order.steps
        if step.event not in dull
    ]
    return ", ".join(told)


def _fill(fill: FillStory) -> str:
    worse = f", {fill.slippage_bps:+.2f} bps against the {fill.expected_from}" if fill.slippage_bps else ""
    return (
        f"filled {fill.quantity.normalize():f} at {fill.price.normalize():f} on {_when(fill.ts_market)}"
        f"{worse}; fee {fill.fee:.4f} USDT ({fill.liquidity})"
    )


def _result(position: PositionStory) -> str:
    money = (
        f"{position.gross:+,.4f} by price - {position.fees:,.4f} fees {position.funding:+,.4f} funding "
        f"= {position.pnl:+,.4f} USDT"
    )
    prices = f"{position.side} {position.quantity.normalize():f} from {position.entry:,.8g}"
    prices += f" to {position.exit:,.8g}" if position.exit else ""
    title = f"Result {position.pnl:+,.2f} USDT: {ENDINGS[position.ended_by]}"
    return _part(title, [prices, money], "good" if position.pnl > 0 else "bad")


def _when(ts_ns: int) -> str:
    return f"{datetime.fromtimestamp(ts_ns // 1_000_000_000, UTC):%Y-%m-%d %H:%M:%S} UTC"
