"""Follow injected signals through the journal: each one to the order, the rule or the fill that ended it."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import msgspec

from catalog import codec, reader
from catalog.entry import Entry
from nautilus_bot.core.messages import OperatorCommand, RiskVerdict, Signal

STRATEGY = "QAInjectStrategy"
COMMAND = "inject"


class InjectedSignal(msgspec.Struct, frozen=True, kw_only=True):
    """
    What became of one injection.

    Parameters
    ----------
    symbol, side : str
        What was asked for.
    signal_id, order_id : str
        Empty when it did not get so far.
    outcome : str
        ``filled``, ``closed``, ``refused``, ``rejected``, ``working`` or ``dropped``.
    rule, reason : str
        Which rule refused, or what the venue said.
    fill_price : str
        Price of the (last) fill.
    to_verdict_ms, to_order_ms, to_fill_ms, to_notice_ms : float | None
        Wall time from the command, milliseconds.
    """

    symbol: str
    side: str
    signal_id: str = ""
    order_id: str = ""
    outcome: str = "dropped"
    rule: str = ""
    reason: str = ""
    fill_price: str = ""
    to_verdict_ms: float | None = None
    to_order_ms: float | None = None
    to_fill_ms: float | None = None
    to_notice_ms: float | None = None

    @property
    def is_explained(self) -> bool:
        """Whether it reached an end that says why."""
        return self.outcome in ("filled", "closed") or bool(self.rule or self.reason)


class QaReport(msgspec.Struct, frozen=True, kw_only=True):
    """
    All injections of a run.

    Parameters
    ----------
    run_id : str
        The run.
    scenario : str
        What was injected.
    signals : tuple[InjectedSignal, ...]
        In order.
    open_after : dict[str, str]
        Quantity that the injected ledgers still hold, by symbol; empty when all are flat.
    """

    run_id: str
    scenario: str
    signals: tuple[InjectedSignal, ...]
    open_after: dict[str, str]

    @property
    def explained(self) -> int:
        """Number of injections that reached an explained end."""
        return sum(signal.is_explained for signal in self.signals)


def build_report(folder: Path, run_id: str, scenario: str, *, since_seq: int = 0) -> QaReport:
    """
    Read the injections of a run, running or ended, from its journal.

    Parameters
    ----------
    folder : Path
        The run's folder.
    run_id, scenario : str
        Names for the report.
    since_seq : int, default 0
        Ignore injections up to this entry.
    """
    steps: list[_Step] = []
    by_signal: dict[str, _Step] = {}
    ledger: dict[str, Any] = {}
    for entry in reader.entries(folder):
        if entry.type == "OperatorCommand":
            command = _decode(entry)
            if isinstance(command, OperatorCommand) and command.command == COMMAND and entry.seq > since_seq:
                steps.append(_Step(command.arguments[0], command.arguments[1], entry.ts_publish))
        elif entry.strategy_id.startswith(STRATEGY):
            _follow(entry, steps, by_signal, ledger)
        elif entry.type == "Notice" and entry.payload and STRATEGY.encode() in entry.payload:
            _note(entry, by_signal)
    open_after = {symbol: str(quantity) for symbol, quantity in ledger.items() if quantity}
    return QaReport(
        run_id=run_id, scenario=scenario, signals=tuple(s.result() for s in steps), open_after=open_after
    )


class _Step:
    """One injection while it is followed."""

    def __init__(self, symbol: str, side: str, asked_ns: int) -> None:
        self.symbol = symbol
        self.side = side
        self._asked_ns = asked_ns
        self.fields: dict[str, Any] = {}

    def mark(self, name: str, entry: Entry) -> None:
        """Note the wall time of the first event of a kind."""
        self.fields.setdefault(name, (entry.ts_publish - self._asked_ns) / 1e6)

    def result(self) -> InjectedSignal:
        """Return what became of it."""
        return InjectedSignal(symbol=self.symbol, side=self.side, **self.fields)


def _follow(
    entry: Entry, steps: Iterable[_Step], by_signal: dict[str, _Step], ledger: dict[str, Any]
) -> None:
    message = _decode(entry)
    if isinstance(message, Signal):
        symbol = message.instrument_id.partition("-")[0]
        waiting = [s for s in steps if s.symbol == symbol and "signal_id" not in s.fields]
        if waiting:
            by_signal[message.signal_id] = waiting[0]
            waiting[0].fields |= {"signal_id": message.signal_id, "outcome": "working"}
        return
    if entry.type == "OrderFilled":
        symbol = entry.instrument_id.partition("-")[0]
        quantity = message.last_qty.as_decimal() * (1 if message.is_buy else -1)
        ledger[symbol] = ledger.get(symbol, 0) + quantity
    step = by_signal.get(entry.correlation_id)
    if step is None or not entry.client_order_id.endswith(("-E", "-C")):
        return
    step.fields["order_id"] = entry.client_order_id
    if isinstance(message, RiskVerdict):
        step.mark("to_verdict_ms", entry)
        if not message.approved:
            step.fields |= {"outcome": "refused", "rule": message.rule, "reason": message.reason}
    elif entry.type == "OrderSubmitted":
        step.mark("to_order_ms", entry)
    elif entry.type == "OrderRejected":
        step.fields |= {"outcome": "rejected", "reason": message.reason}
    elif entry.type == "OrderFilled":
        step.mark("to_fill_ms", entry)
        closes = entry.client_order_id.endswith("-C")
        step.fields |= {"outcome": "closed" if closes else "filled", "fill_price": str(message.last_px)}


def _note(entry: Entry, by_signal: dict[str, _Step]) -> None:
    text = _decode(entry).text
    for signal_id, step in by_signal.items():
        if text.startswith((f"{signal_id}-E ", f"{signal_id}-C ")):
            step.mark("to_notice_ms", entry)


def _decode(entry: Entry) -> Any:
    return codec.decode(entry.type, entry.version, entry.payload)


def render_markdown(report: QaReport) -> str:
    """Return the report as Markdown."""
    lines = [
        f"# QA signal injection: {report.scenario}",
        "",
        f"Run `{report.run_id}`: {report.explained} of {len(report.signals)} explained; "
        + (
            "all injected ledgers are flat." if not report.open_after else f"still open: {report.open_after}."
        ),
        "",
        "| # | signal | outcome | order or rule | price | verdict ms | order ms | fill ms | notice ms |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for number, s in enumerate(report.signals, 1):
        what = s.order_id if not s.rule else f"{s.rule}: {s.reason}"
        times = (s.to_verdict_ms, s.to_order_ms, s.to_fill_ms, s.to_notice_ms)
        shown = " | ".join("" if t is None else f"{t:.1f}" for t in times)
        cells = (str(number), f"{s.side} {s.symbol}", s.outcome, what or s.reason, s.fill_price, shown)
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _left(report: QaReport) -> str:
    return f"still open: {report.open_after}" if report.open_after else "all injected ledgers are flat"


def write_report(report: QaReport, folder: Path) -> tuple[Path, Path]:
    """Write ``qa-<scenario>.md`` and ``.json`` into a folder and return both paths."""
    folder.mkdir(parents=True, exist_ok=True)
    markdown, document = folder / f"qa-{report.scenario}.md", folder / f"qa-{report.scenario}.json"
    markdown.write_text(render_markdown(report), encoding="utf-8")
    document.write_bytes(msgspec.json.format(msgspec.json.encode(report), indent=2))
    return markdown, document
