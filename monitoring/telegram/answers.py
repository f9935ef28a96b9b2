"""What each question is answered with: figures of the control API, stories of the event catalog."""

from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple

import msgspec

from catalog.codec import decode_plain
from catalog.identify import locate
from catalog.lineage import Lineage, OrderStory, trace
from catalog.reader import EntryFilter, entries
from catalog.store import EventStore
from monitoring.telegram.desk import Desk
from monitoring.telegram.report import DAY_NS, build_report
from monitoring.telegram.texts import Html, Texts, fit
from nautilus_bot.core.control import Health
from nautilus_bot.core.errors import NotFound
from nautilus_bot.core.snapshot import Account, LedgerState, SignalLine

SIGNALS_SHOWN: Final = 10
LINES_SHOWN: Final = 15
LINE_LENGTH: Final = 220
OPTIMISTIC: Final = {True: "🟢", False: "🔴"}


class Question(NamedTuple):
    """
    A question and all that is needed to answer it.

    Parameters
    ----------
    bot : str
        Name of the bot.
    argument : str
        What stood behind the command.
    now_ns : int
        Wall clock, ns UTC.
    """

    bot: str
    argument: str
    desk: Desk
    store: EventStore
    texts: Texts
    now_ns: int


def status(question: Question) -> str:
    """Return the bot in short."""
    bot = question.desk.status()
    texts, account = question.texts, bot.account
    return texts.say(
        "answer_status",
        bot=question.bot,
        mode=bot.mode,
        environment=bot.environment,
        state=bot.breakers.state,
        uptime=_length(bot.uptime_secs),
        equity=f"{account.equity_usdt:.2f}",
        day=f"{-account.daily_loss_pct:+.2f}",
        drawdown=f"{account.drawdown_pct:.2f}",
        positions=len(bot.positions),
        orders=bot.orders,
        trades=bot.trades,
        generated=bot.signals_generated,
        executed=bot.signals_executed,
        refused=sum(bot.signals_refused.values()),
        health=Html(_health_line(bot.health, texts)),
    )


def balance(question: Question) -> str:
    """Return equity, balance and exposure."""
    return question.texts.say("answer_balance", **_money(question.desk.status().account))


def positions(question: Question) -> str:
    """Return the open positions with their stops."""
    lines = [_position(one, question.texts) for one in question.desk.positions()]
    return fit(lines or [question.texts.word("answer_no_positions")], question.texts)


def profit(question: Question) -> str:
    """Return profit in all and by strategy."""
    texts, found = question.texts, question.desk.profit()
    lines = [
        texts.say(
            "answer_profit_line",
            strategy=one.strategy,
            symbol=_symbol(one.instrument_id),
            pnl=f"{one.realized_usdt:+.2f}",
            wins=one.wins,
            losses=one.losses,
        )
        for one in sorted(found.trades, key=lambda one: -one.realized_usdt)
    ]
    money = _money(found.account)
    head = texts.say(
        "answer_profit", realized=money["realized"], unrealized=money["unrealized"], fees=money["fees"]
    )
    return fit([head, *(lines or [texts.word("answer_no_trades")])], texts)


def daily(question: Question) -> str:
    """Return the report of the last 24 hours."""
    return _report(question, "answer_daily", DAY_NS)


def weekly(question: Question) -> str:
    """Return the report of the last seven days."""
    return _report(question, "answer_weekly", 7 * DAY_NS)


def signals(question: Question) -> str:
    """Return the latest signals and what became of them."""
    lines = [_signal(one, question.texts) for one in question.desk.signals(SIGNALS_SHOWN)]
    return fit(lines or [question.texts.word("answer_no_signals")], question.texts)


def why(question: Question) -> str:
    """Return the story of an order, signal or position."""
    folder = locate(question.store, "", question.argument)
    return fit(_story(trace(folder, question.argument), question.texts), question.texts)


def strategies(question: Question) -> str:
    """Return the strategies with their signals and profit, and which of them are paused."""
    bot, seen = question.desk.status(), question.desk.snapshot()
    paused = bot.breakers.paused.keys()
    instances: dict[str, list[str]] = {}
    for strategy_id in bot.strategies:
        instances.setdefault(strategy_id.partition("-")[0], []).append(strategy_id)
    lines = []
    for name, ids in instances.items():
        counts = [one for one in seen.signal_counts if one.strategy == name]
        lines.append(
            question.texts.say(
                "answer_strategy",
                mark=_activity(paused, name, set(ids)),
                strategy=name,
                symbols=len(ids),
                signals=sum(one.generated for one in counts),
                executed=sum(one.executed for one in counts),
                refused=sum(sum(one.refused.values()) for one in counts),
                pnl=f"{sum(one.realized_usdt for one in seen.trades if one.strategy == name):+.2f}",
            )
        )
    return fit(lines, question.texts)


def risk(question: Question) -> str:
    """Return what keeps orders back, the use of limits, and the limits."""
    bot, texts = question.desk.status(), question.texts
    breakers, money = bot.breakers, _money(bot.account)
    head = texts.say(
        "answer_risk",
        state=breakers.state,
        reason=" ".join(filter(None, (breakers.rule or breakers.author, breakers.reason))),
        drawdown=f"{bot.account.drawdown_pct:.2f}",
        loss=f"{bot.account.daily_loss_pct:.2f}",
        gross=money["gross"],
        net=money["net"],
        paused=", ".join(breakers.paused) or texts.word("answer_none"),
        reduce_only=", ".join(name or "*" for name in breakers.reduce_only) or texts.word("answer_none"),
    )
    rules = [
        texts.say("answer_risk_rule", rule=rule, limits=limits)
        for rule, limits in _limits(question.store, bot.run_id)
    ]
    return fit([head, *rules], texts)


def health(question: Question) -> str:
    """Return each thing that must be well."""
    found, texts = question.desk.health(), question.texts
    lines = [
        texts.say("answer_health_line", mark=OPTIMISTIC[one.ok], name=one.name, text=one.text)
        for one in found.checks
    ]
    return fit([_health_line(found, texts), *lines], texts)


def log(question: Question) -> str:
    """Return the last lines of the log."""
    lines = [question.texts.plain(line[:LINE_LENGTH]) for line in question.desk.log(LINES_SHOWN)]
    if not lines:
        return question.texts.word("answer_no_log")
    return question.texts.say("answer_log", lines=Html("\n".join(lines)))


def version(question: Question) -> str:
    """Return the versions."""
    return "\n".join(
        question.texts.plain(f"{name} {text}") for name, text in question.desk.versions().items()
    )


# -- parts --------------------------------------------------------------------------------------------


def _activity(paused: AbstractSet[str], name: str, ids: set[str]) -> str:
    if name in paused or paused >= ids:
        return "⏸"
    return "⏯" if paused & ids else "▶️"


def _report(question: Question, text: str, length_ns: int) -> str:
    run_id = question.desk.last_run()
    if not run_id:
        return question.texts.word("answer_no_trades")
    report = build_report(question.store, run_id, question.now_ns - length_ns)
    return question.texts.say(text, **report.facts())


def _health_line(found: Health, texts: Texts) -> str:
    if found.ok:
        return texts.word("answer_healthy")
    wrong = "; ".join(f"{one.name}: {one.text}" for one in found.checks if not one.ok)
    return texts.say("answer_unhealthy", what=wrong)


def _money(account: Account) -> dict[str, str]:
    return {
        "equity": f"{account.equity_usdt:.2f}",
        "balance": f"{account.balance_usdt:.2f}",
        "unrealized": f"{account.unrealized_usdt:+.2f}",
        "realized": f"{account.realized_usdt:+.2f}",
        "fees": f"{account.fees_usdt:.2f}",
        "gross": f"{account.gross_exposure_usdt:.2f}",
        "net": f"{account.net_exposure_usdt:+.2f}",
    }


def _position(one: LedgerState, texts: Texts) -> str:
    stops = ", ".join(stop.trigger for stop in one.stops) if one.covered else texts.word("answer_no_stop")
    return texts.say(
        "answer_position",
        mark=OPTIMISTIC[one.unrealized_usdt >= 0],
        side="SHORT" if one.quantity.startswith("-") else "LONG",
        symbol=_symbol(one.instrument_id),
        quantity=one.quantity.removeprefix("-"),
        price=one.average_price,
        now=f"{one.mark:g}",
        pnl=f"{one.unrealized_usdt:+.2f}",
        strategy=one.strategy,
        stop=stops,
    )


def _signal(one: SignalLine, texts: Texts) -> str:
    return texts.say(
        "answer_signal",
        time=f"{datetime.fromtimestamp(one.ts_event // 1_000_000_000, UTC):%m-%d %H:%M}",
        state=texts.word(f"answer_state_{one.state}"),
        side=one.side,
        symbol=_symbol(one.instrument_id),
        price=one.price,
        confidence=f"{one.confidence:.2f}",
        strategy=one.strategy,
        rule=one.rule,
        id=one.signal_id,
    )


def _story(story: Lineage, texts: Texts) -> Iterator[str]:
    if story.signal is None:
        yield texts.say("answer_why_foreign", id=story.asked)
    else:
        signal = story.signal
        yield texts.say(
            "answer_why_signal",
            id=signal.signal_id,
            strategy=signal.strategy,
            side=signal.side,
            symbol=_symbol(signal.instrument_id),
            price=signal.price,
            confidence=f"{signal.confidence:.2f}",
            reason=signal.reason,
        )
    for order in story.orders:
        yield from _order(order, texts)
    if story.position is not None:
        position = story.position
        yield texts.say(
            "answer_why_result",
            pnl=f"{position.pnl:+.2f}",
            side=position.side,
            quantity=f"{position.quantity.normalize():f}",
            price=f"{position.entry:.8g}",
            exit=f"{position.exit:.8g}" if position.exit else "-",
            ending=position.ended_by,
        )


def _order(order: OrderStory, texts: Texts) -> Iterator[str]:
    verdict = order.verdict
    if verdict is not None and not verdict.approved:
        yield texts.say("answer_why_refused", rule=verdict.rule, reason=verdict.reason)
    elif verdict is not None and verdict.checks:
        yield texts.say("answer_why_approved", count=len(verdict.checks))
    yield texts.say(
        "answer_why_order",
        role=order.role,
        id=order.client_order_id,
        side=order.side,
        quantity=order.quantity,
        what=" ".join((order.type.lower().replace("_", " "), order.trigger or order.price)).strip(),
        steps=", ".join(step.event.removeprefix("Order").lower() for step in order.steps[1:]),
    )


def _limits(store: EventStore, run_id: str) -> Iterator[tuple[str, str]]:
    """Yield each rule that is switched on with its numbers, as the run's journal has them."""
    try:
        folder = store.folder(run_id)
    except NotFound:
        return
    for entry in entries(folder, where=EntryFilter(types=("RuleConfigured",))):
        rule = decode_plain(entry.type, entry.version, entry.payload)
        config: dict[str, Any] = msgspec.json.decode(rule["config"])
        numbers = ", ".join(
            f"{name} {value:g}"
            for name, value in config.items()
            if isinstance(value, int | float) and not isinstance(value, bool)
        )
        if rule["enabled"]:
            yield rule["rule"], numbers or "-"


def _symbol(instrument_id: str) -> str:
    return instrument_id.partition("-")[0]


def _length(secs: float) -> str:
    whole = int(secs)
    return f"{whole // 3600}:{whole // 60 % 60:02}:{whole % 60:02}"
