"""Limits against their use: from the run's own configuration, the account now, and the latest verdicts."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

import msgspec

from monitoring.dashboard import words
from monitoring.dashboard.markup import Cell, bar
from monitoring.dashboard.recorded import Row
from nautilus_bot.core.messages import RuleCheck
from nautilus_bot.core.snapshot import Account, BreakerState

REFUSALS: Final = ("Time", "Strategy", "Symbol", "Rule", "Found>", "Limit>", "Why", "Signal")
RULES: Final = ("Rule", "State", "Limits")
UPWARDS: Final = ("min_confidence", "throttle", "cooldown")
"""Rules whose limit is a floor: what was found must be above."""
HISTORY: Final = "samples"
"""Unit of a rule that has too little history to measure: no use of its limit."""
WHOLE: Final = ("count", "usdt", "secs", "orders", "entries", "breakers")
UNITS: Final = {"pct": " %", "usdt": " USDT", "secs": " s", "ratio": "", "count": "", "breakers": ""}


class Limit(msgspec.Struct, frozen=True, kw_only=True):
    """
    One limit and how much of it is used.

    Parameters
    ----------
    used, limit : float
        In ``unit``.
    floor : bool
        Whether the limit is a lower one.
    source : str
        Where the number comes from.
    """

    rule: str
    used: float
    limit: float
    unit: str
    source: str
    floor: bool = False

    @property
    def share(self) -> float:
        """Used part of the limit; 1 is reached."""
        if self.floor:
            return 1.0 if self.used < self.limit else 0.0
        return self.used / self.limit if self.limit > 0 else float(self.used > 0)


def account_limits(rules: Iterable[Mapping[str, Any]], account: Account) -> list[Limit]:
    """Return the limits that stand against the account as it is now; rules that are off are left out."""
    on = {rule["rule"]: rule for rule in rules if rule.get("enabled", True)}
    now, equity = "now", account.equity_usdt
    limits = []
    if "drawdown_halt" in on:
        limits.append(("drawdown_halt", account.drawdown_pct, on["drawdown_halt"]["limit_pct"], "pct"))
    if "daily_loss" in on:
        limits.append(("daily_loss", max(0.0, account.daily_loss_pct), on["daily_loss"]["limit_pct"], "pct"))
    if "exposure" in on and equity > 0:
        limits.append(("exposure gross", account.gross_exposure_usdt / equity, on["exposure"]["gross"], "x"))
        limits.append(("exposure net", abs(account.net_exposure_usdt) / equity, on["exposure"]["net"], "x"))
    return [
        Limit(rule=rule, used=used, limit=limit, unit=unit, source=now) for rule, used, limit, unit in limits
    ]


def verdict_limits(checks: Iterable[Row], known: Iterable[str]) -> list[Limit]:
    """Return the latest use of every other limit, as the rules found it at the latest entries."""
    seen = {name.partition(" ")[0] for name in known} | {"trading_state"}
    limits: list[Limit] = []
    for row in checks:
        for check in msgspec.json.decode(row["checks"], type=list[RuleCheck]):
            if check.rule in seen or check.limit is None or check.observed is None:
                continue
            seen.add(check.rule)
            if check.unit == HISTORY or not check.limit:
                continue
            limits.append(_limit(check, f"{words.symbol(row['instrument_id'])} at {row['time']:%H:%M:%S}"))
    return limits


def _limit(check: RuleCheck, source: str) -> Limit:
    assert check.limit is not None
    assert check.observed is not None
    return Limit(
        rule=check.rule,
        used=check.observed,
        limit=check.limit,
        unit=check.unit,
        source=f"last entry: {source}",
        floor=check.rule in UPWARDS,
    )


def limit_bar(one: Limit) -> str:
    """Return a limit with its bar."""
    limit = f"at least {_number(one.limit, one.unit)}" if one.floor else _number(one.limit, one.unit)
    share = (0.0 if one.used >= one.limit else 1.0) if one.floor else one.share
    return bar(one.rule.replace("_", " "), _number(one.used, one.unit), limit, share, one.source)


def _number(value: float, unit: str) -> str:
    text = f"{value:,.0f}" if unit in WHOLE else f"{value:,.2f}"
    return text + ("x" if unit == "x" else UNITS.get(unit, f" {unit}"))


def breaker_lines(breakers: BreakerState) -> list[tuple[str, str]]:
    """Return what keeps orders from opening risk: sentence and kind of line."""
    lines = []
    if breakers.state == "halted":
        who = breakers.rule or breakers.author
        until = f", until {words.moment(breakers.until_ns)} UTC" if breakers.until_ns else ""
        lines.append((f"Halted by {who}{until}: {breakers.reason}", "bad"))
    for name, reason in breakers.reduce_only.items():
        lines.append((f"Reduce only, {words.symbol(name) or 'everything'}: {reason}", "warn"))
    for name, reason in breakers.paused.items():
        lines.append((f"{name} is paused: {reason or 'no reason given'}", "warn"))
    return lines or [("Trading is active: nothing is halted, reduced or paused.", "ok")]


def refusal_rows(refusals: Iterable[Row]) -> list[list[str | Cell]]:
    """Return the latest refusals."""
    return [
        [
            f"{row['time']:%d %b %H:%M:%S}",
            words.strategy(row["strategy_id"].partition("-")[0]),
            words.symbol(row["instrument_id"]),
            Cell(row["rule"], "badge warn"),
            words.DASH if row["observed"] is None else _number(row["observed"], row["unit"]),
            words.DASH if row["rule_limit"] is None else _number(row["rule_limit"], row["unit"]),
            Cell(row["reason"], "why"),
            Cell(row["signal_id"], "id"),
        ]
        for row in refusals
    ]


def rule_rows(rules: Iterable[Mapping[str, Any]]) -> list[list[str | Cell]]:
    """Return the rules as they are configured, in the order in which they are asked."""
    return [
        [
            rule["rule"],
            Cell("on", "badge ok") if rule.get("enabled", True) else Cell("off", "badge idle"),
            Cell(_limits(rule), "why"),
        ]
        for rule in rules
    ]


def _limits(rule: Mapping[str, Any]) -> str:
    shown = {k: v for k, v in rule.items() if k not in ("rule", "enabled") and v not in (None, {}, [], "")}
    return ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in shown.items()) or words.DASH
