"""Signals, what became of them, and their counts: folded from signals, verdicts and order events."""

from collections import OrderedDict
from dataclasses import dataclass, field

import msgspec
from nautilus_trader.model.events import (
    OrderCanceled,
    OrderEvent,
    OrderExpired,
    OrderFilled,
    OrderRejected,
    PositionClosed,
)

from nautilus_bot.core import ids
from nautilus_bot.core.messages import RiskVerdict, Signal
from nautilus_bot.core.snapshot import SignalCount, SignalLine, TradeCount

SIGNALS_KEPT = 500
PROPOSING = (ids.ENTRY, ids.CLOSE)


@dataclass(slots=True)
class _Counts:
    generated: int = 0
    executed: int = 0
    refused: dict[str, int] = field(default_factory=dict)


@dataclass(slots=True)
class _Trades:
    wins: int = 0
    losses: int = 0
    realized_usdt: float = 0.0


class SignalBook:
    """
    The latest signals and the counts of all since the start.

    Parameters
    ----------
    kept : int, default 500
        Signals remembered; older ones only count.
    """

    def __init__(self, kept: int = SIGNALS_KEPT) -> None:
        self._kept = kept
        self._lines: OrderedDict[str, SignalLine] = OrderedDict()
        self._counts: dict[tuple[str, str], _Counts] = {}
        self._trades: dict[tuple[str, str], _Trades] = {}

    def on_signal(self, signal: Signal) -> None:
        """Remember a proposal."""
        self._count(signal.strategy, signal.instrument_id).generated += 1
        self._lines[signal.signal_id] = SignalLine(
            ts_event=signal.ts_event,
            signal_id=signal.signal_id,
            strategy=signal.strategy,
            strategy_id=signal.strategy_id,
            instrument_id=signal.instrument_id,
            side=signal.side,
            confidence=signal.confidence,
            price=signal.price,
            stop=signal.stop,
            target=signal.target,
            why=signal.reason,
            closes=signal.closes,
            state="pending",
        )
        if len(self._lines) > self._kept:
            self._lines.popitem(last=False)

    def on_verdict(self, verdict: RiskVerdict) -> None:
        """Note what the gate said of a proposal's own order; its exits have verdicts of their own."""
        if verdict.role not in PROPOSING:
            return
        if verdict.approved:
            self._mark(verdict.signal_id, state="approved")
            return
        refused = self._count(verdict.strategy, verdict.instrument_id).refused
        refused[verdict.rule] = refused.get(verdict.rule, 0) + 1
        self._mark(verdict.signal_id, state="refused", rule=verdict.rule, reason=verdict.reason)

    def on_order_event(self, event: OrderEvent) -> None:
        """Note the first fill, or the end without one, of the order that carries a proposal."""
        name = event.client_order_id.value
        line = self._lines.get(ids.signal_of(name))
        if line is None or ids.role_of(name) not in PROPOSING or line.state == "executed":
            return
        if isinstance(event, OrderFilled):
            self._count(line.strategy, line.instrument_id).executed += 1
            self._mark(line.signal_id, state="executed")
        elif isinstance(event, OrderRejected):
            self._mark(line.signal_id, state="unfilled", rule="venue", reason=event.reason)
        elif isinstance(event, OrderCanceled | OrderExpired):
            self._mark(line.signal_id, state="unfilled", reason=type(event).__name__)

    def on_position_closed(self, event: PositionClosed) -> None:
        """Count a closed trade with its profit after fees."""
        key = (event.strategy_id.value.partition("-")[0], event.instrument_id.value)
        trades = self._trades.setdefault(key, _Trades())
        profit = event.realized_pnl.as_double()
        trades.realized_usdt += profit
        if profit > 0:
            trades.wins += 1
        else:
            trades.losses += 1

    def lines(self) -> tuple[SignalLine, ...]:
        """Return the remembered signals, oldest first."""
        return tuple(self._lines.values())

    def counts(self) -> tuple[SignalCount, ...]:
        """Return the counts by strategy and instrument."""
        return tuple(
            SignalCount(
                strategy=strategy,
                instrument_id=instrument_id,
                generated=counts.generated,
                executed=counts.executed,
                refused=dict(counts.refused),
            )
            for (strategy, instrument_id), counts in sorted(self._counts.items())
        )

    def trades(self) -> tuple[TradeCount, ...]:
        """Return the closed trades by strategy and instrument."""
        return tuple(
            TradeCount(
                strategy=strategy,
                instrument_id=instrument_id,
                wins=trades.wins,
                losses=trades.losses,
                realized_usdt=trades.realized_usdt,
            )
            for (strategy, instrument_id), trades in sorted(self._trades.items())
        )

    def _count(self, strategy: str, instrument_id: str) -> _Counts:
        return self._counts.setdefault((strategy, instrument_id), _Counts())

    def _mark(self, signal_id: str, **changes: str) -> None:
        line = self._lines.get(signal_id)
        if line is not None:
            self._lines[signal_id] = msgspec.structs.replace(line, **changes)
