"""Many notifications in one message: counted by kind, refusals by rule, profits added up, errors in full."""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Final

from monitoring.telegram.kinds import KINDS, Notification
from monitoring.telegram.texts import Texts, fit, units

SHOWN_IN_FULL: Final = 10
RULES_SHOWN: Final = 6
_ORDER: Final = {kind.name: number for number, kind in enumerate(KINDS)}


def summarize(notifications: Sequence[Notification], texts: Texts, dropped: int = 0) -> str:
    """
    Return one message that stands for several, none of them critical.

    Parameters
    ----------
    notifications : Sequence[Notification]
        Oldest first, at least one.
    texts : Texts
        The language.
    dropped : int, default 0
        How many more there were that were dropped.
    """
    first, last = notifications[0].ts_ns, notifications[-1].ts_ns
    lines = [texts.say("summary", count=len(notifications), since=_time(first), until=_time(last))]
    counts = Counter(one.kind for one in notifications)
    for kind in sorted(counts, key=lambda name: _ORDER.get(name, len(_ORDER))):
        detail = _detail(kind, [one for one in notifications if one.kind == kind])
        name = texts.word(f"kind_{kind}")
        lines.append(texts.say("summary_line", count=counts[kind], kind=name, detail=detail))
    if dropped:
        lines.append(texts.say("summary_dropped", count=dropped))
    severe = [one for one in notifications if one.severity == "error"]
    lines += [texts.tell(one) for one in severe[-SHOWN_IN_FULL:]]
    return fit(lines, texts)


def pack(texts: Sequence[str], longest: int) -> int:
    """Return how many whole messages, in order, fit into one of a length; at least one."""
    used = 0
    for number, text in enumerate(texts):
        used += units(text) + 2
        if used > longest:
            return max(1, number)
    return len(texts)


def _detail(kind: str, notifications: list[Notification]) -> str:
    if kind == "signal_refused":
        rules = Counter(one.facts.get("rule", "?") for one in notifications)
        return " (" + ", ".join(f"{rule} {count}" for rule, count in rules.most_common(RULES_SHOWN)) + ")"
    if kind == "position_closed":
        profit = sum((Decimal(one.facts.get("pnl", "0")) for one in notifications), Decimal(0))
        return f" ({profit:+} USDT)"
    return ""


def _time(ts_ns: int) -> str:
    return f"{datetime.fromtimestamp(ts_ns // 1_000_000_000, UTC):%H:%M:%S}"
