"""What a session remembers beyond orders and ledgers: entries that rules count, signals that still live."""

from collections import deque
from collections.abc import Iterable
from typing import Final

from nautilus_trader.common.component import MessageBus

from nautilus_bot.core import ids, topics
from nautilus_bot.core.clocks import NS_PER_HOUR
from nautilus_bot.core.messages import RiskVerdict, Signal

SIGNALS_KEPT: Final = 4


class SessionMemory:
    """Keep the signals and verdicts that a restart still needs; the rest stays in the journal only."""

    def __init__(self) -> None:
        self._recent: deque[RiskVerdict] = deque()
        self._last: dict[tuple[str, str], RiskVerdict] = {}
        self._opening: dict[str, deque[Signal]] = {}
        self._closing: dict[str, Signal] = {}

    def install(self, bus: MessageBus) -> None:
        """Listen to signals and verdicts."""
        bus.subscribe(topics.SIGNAL + "*", self.on_signal, priority=topics.WATCH_PRIORITY)
        bus.subscribe(topics.VERDICT + "*", self.on_verdict, priority=topics.WATCH_PRIORITY)

    def on_verdict(self, verdict: RiskVerdict) -> None:
        """Remember an approved entry for an hour of market time, and each ledger's last one for good."""
        if not verdict.approved or verdict.role != ids.ENTRY:
            return
        self._recent.append(verdict)
        self._last[verdict.strategy_id, verdict.instrument_id] = verdict
        while self._recent[0].ts_event <= verdict.ts_event - NS_PER_HOUR:
            self._recent.popleft()

    def on_signal(self, signal: Signal) -> None:
        """Remember a strategy's latest signals."""
        if signal.closes:
            self._closing[signal.strategy_id] = signal
        else:
            kept = self._opening.setdefault(signal.strategy_id, deque(maxlen=SIGNALS_KEPT))
            kept.append(signal)

    def observe(self, message: object) -> None:
        """Take a message of any kind."""
        if isinstance(message, RiskVerdict):
            self.on_verdict(message)
        elif isinstance(message, Signal):
            self.on_signal(message)

    def restore(self, verdicts: Iterable[RiskVerdict], signals: Iterable[Signal]) -> None:
        """Take what a snapshot kept."""
        for verdict in verdicts:
            self.on_verdict(verdict)
        for signal in signals:
            self.on_signal(signal)

    @property
    def verdicts(self) -> tuple[RiskVerdict, ...]:
        """The approved entries that rules still count, oldest first."""
        recent = {verdict.client_order_id: verdict for verdict in self._recent}
        kept = {verdict.client_order_id: verdict for verdict in self._last.values()} | recent
        return tuple(sorted(kept.values(), key=lambda verdict: verdict.ts_event))

    @property
    def signals(self) -> tuple[Signal, ...]:
        """The latest opening and closing signals of every strategy."""
        opening = (signal for kept in self._opening.values() for signal in kept)
        return (*opening, *self._closing.values())

    def signals_of(self, strategy_id: str) -> tuple[Signal, ...]:
        """Return those of one strategy."""
        return tuple(signal for signal in self.signals if signal.strategy_id == strategy_id)
