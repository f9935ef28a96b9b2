"""
Capture: everything the node does becomes an entry, before anybody acts on it.

One subscriber on the message bus, ahead of all others, and the gate's tap for commands, which Nautilus never
publishes. Entries are numbered in the order in which they happened here, never by timestamp.
"""

from collections.abc import Callable
from typing import Any

from nautilus_trader.common.component import Clock, MessageBus
from nautilus_trader.execution.messages import SubmitOrder, TradingCommand
from nautilus_trader.model.data import Bar
from nautilus_trader.model.events import AccountState, OrderEvent, PositionEvent
from nautilus_trader.model.instruments import Instrument

from catalog.codec import encode
from catalog.journal import Journal
from nautilus_bot.core import ids, topics
from nautilus_bot.core.clocks import MarketClock
from nautilus_bot.core.errors import JournalHalted
from nautilus_bot.core.messages import Message, RiskVerdict, Signal

COMMAND = "command"


class Recorder:
    """
    Write what passes on the bus and through the gate into a journal.

    Parameters
    ----------
    bus : MessageBus
        The node's message bus.
    clock : Clock
        The node's clock, for ``ts_publish``.
    market_clock : MarketClock
        For ``ts_market``.
    journal : Journal
        Where entries go.
    record_inputs : bool
        Whether bars and marks are recorded as well (paper and live); a backtest references its data instead.
    on_halt : Callable[[str], None]
        Called once when the journal can no longer be written.
    soon : Callable[[Callable[[], None]], object], optional
        Runs something on the trading loop a little later. Entries until then share a commit, and what leaves
        for a venue is committed before it does: a kill takes nothing that anybody outside has seen. Without
        it every entry of a durable journal is a commit of its own.
    """

    def __init__(
        self,
        bus: MessageBus,
        clock: Clock,
        market_clock: MarketClock,
        journal: Journal,
        *,
        record_inputs: bool,
        on_halt: Callable[[str], None],
        soon: Callable[[Callable[[], None]], object] | None = None,
    ) -> None:
        self._bus = bus
        self._clock = clock
        self._market = market_clock
        self._journal = journal
        self._add = journal.add
        self._record_inputs = record_inputs
        self._on_halt = on_halt
        self._halted = ""
        self._soon = soon if journal.durable else None
        self._is_awaited = False
        if self._soon is not None:
            journal.gather()
        self._account_events: dict[str, object] = {}

    def install(self) -> None:
        """Subscribe ahead of everybody; must happen before the node is built."""
        subscriptions: list[tuple[str, Callable[[Any], None]]] = [
            ("events.order.*", self.on_order_event),
            ("events.position.*", self.on_position_event),
            ("events.account.*", self.on_account_state),
            (topics.SIGNAL + "*", self.on_signal),
            (topics.VERDICT + "*", self.on_verdict),
        ]
        subscriptions += [
            (prefix + "*", self._fact_handler(prefix))
            for prefix in (
                topics.TRADING,
                topics.MARKET,
                topics.FUNDING,
                topics.EQUITY,
                topics.NOTICE,
                topics.RULE,
                topics.OPERATOR,
                topics.LEDGER,
                topics.STATE,
            )
        ]
        if self._record_inputs:
            subscriptions += [
                ("data.instrument.*", self.on_instrument),
                ("data.bars.*", self.on_bar),
                (topics.INPUT + "*", self._fact_handler(topics.INPUT)),
            ]
        for topic, handler in subscriptions:
            self._bus.subscribe(topic, handler, priority=topics.RECORDER_PRIORITY)

    # -- events of Nautilus -------------------------------------------------------------------------

    def on_order_event(self, event: OrderEvent) -> None:
        """Record an order event under its signal."""
        client_order_id = event.client_order_id.value
        signal_id = ids.signal_of(client_order_id)
        strategy_id = event.strategy_id.value
        self._write(
            event,
            event.ts_init,
            "events.order." + strategy_id,
            event.instrument_id.value,
            strategy_id,
            client_order_id,
            correlation_id=signal_id,
            causation_id=client_order_id,
        )

    def on_position_event(self, event: PositionEvent) -> None:
        """Record a position event."""
        strategy_id = event.strategy_id.value
        opening = getattr(event, "opening_order_id", None)
        self._write(
            event,
            event.ts_init,
            topic="events.position." + strategy_id,
            instrument_id=event.instrument_id.value,
            strategy_id=strategy_id,
            position_id=event.position_id.value,
            correlation_id=ids.signal_of(opening.value) if opening is not None else "",
        )

    def on_account_state(self, event: AccountState) -> None:
        """
        Record an account state once; Nautilus publishes the last one again.

        A backtest makes a state on every order event to count margins anew. Margins follow from orders and
        positions, so there only states that change a balance's total are recorded; a venue's are all.
        """
        account_id = event.account_id.value
        if self._record_inputs:
            seen: object = event.id
        else:
            seen = [balance.total for balance in event.balances]
        if self._account_events.get(account_id) == seen:
            return
        self._account_events[account_id] = seen
        self._write(event, event.ts_init, topic="events.account." + account_id)

    def on_bar(self, bar: Bar) -> None:
        """Record a bar that strategies are about to see."""
        bar_type = bar.bar_type
        self._write(
            bar, bar.ts_init, topic=f"data.bars.{bar_type}", instrument_id=bar_type.instrument_id.value
        )

    def on_instrument(self, instrument: Instrument) -> None:
        """Record an instrument as the venue lists it, so that a rebuild needs the journal alone."""
        self._write(
            instrument, instrument.ts_init, topic="data.instrument", instrument_id=instrument.id.value
        )

    # -- our own messages ---------------------------------------------------------------------------

    def on_signal(self, signal: Signal) -> None:
        """Record a signal under its own id."""
        self._write(
            signal,
            signal.ts_event,
            topic=topics.SIGNAL + signal.strategy_id,
            instrument_id=signal.instrument_id,
            strategy_id=signal.strategy_id,
            correlation_id=signal.signal_id,
        )

    def on_verdict(self, verdict: RiskVerdict) -> None:
        """Record a verdict under the signal of its order."""
        self._write(
            verdict,
            verdict.ts_event,
            topic=topics.VERDICT + verdict.strategy_id,
            instrument_id=verdict.instrument_id,
            strategy_id=verdict.strategy_id,
            client_order_id=verdict.client_order_id,
            correlation_id=verdict.signal_id,
            causation_id=verdict.client_order_id,
        )

    def _fact_handler(self, prefix: str) -> Callable[[Message], None]:
        def on_fact(fact: Message) -> None:
            instrument_id = getattr(fact, "instrument_id", "")
            self._write(
                fact,
                fact.ts_event,
                topic=prefix + (instrument_id or type(fact).__name__),
                instrument_id=instrument_id,
                strategy_id=getattr(fact, "strategy_id", ""),
            )

        return on_fact

    # -- commands: the gate's tap -------------------------------------------------------------------

    def on_command(self, command: TradingCommand) -> None:
        """
        Record a command before the gate judges it.

        Raises
        ------
        JournalHalted
            If it cannot be recorded.
        """
        order = command.order if isinstance(command, SubmitOrder) else command
        client_order_id = getattr(order, "client_order_id", None)
        text = client_order_id.value if client_order_id is not None else ""
        instrument_id = getattr(command, "instrument_id", None)
        strategy_id = getattr(command, "strategy_id", None)
        signal_id = ids.signal_of(text)
        name, version, payload = encode(command)
        self._add(
            (
                command.ts_init,
                self._market.now_ns,
                self._clock.timestamp_ns(),
                COMMAND,
                name,
                version,
                instrument_id.value if instrument_id is not None else "",
                strategy_id.value if strategy_id is not None else "",
                text,
                "",
                signal_id,
                signal_id,
                payload,
            )
        )
        self._await_commit()

    def before_leaving(self, *, opens_risk: bool) -> None:
        """
        Commit everything recorded so far; force it to the disk before a command that can open risk.

        Raises
        ------
        JournalHalted
            If that is not possible.
        """
        if not self._journal.durable:
            return
        if opens_risk:
            self._journal.barrier()
        else:
            self._journal.flush()

    def commit(self) -> None:
        """Commit everything recorded so far, halting trading if that is not possible."""
        self._is_awaited = False
        if self._halted or self._journal.halted:
            return
        try:
            self._journal.flush()
        except JournalHalted as error:
            self._halt(error)

    # -- writing ------------------------------------------------------------------------------------

    def _write(
        self,
        message: object,
        ts_init: int,
        topic: str,
        instrument_id: str = "",
        strategy_id: str = "",
        client_order_id: str = "",
        position_id: str = "",
        correlation_id: str = "",
        causation_id: str = "",
    ) -> None:
        if self._halted:
            return
        name, version, payload = encode(message)
        try:
            self._add(
                (
                    ts_init,
                    self._market.now_ns,
                    self._clock.timestamp_ns(),
                    topic,
                    name,
                    version,
                    instrument_id,
                    strategy_id,
                    client_order_id,
                    position_id,
                    correlation_id,
                    causation_id,
                    payload,
                )
            )
        except JournalHalted as error:
            self._halt(error)
            return
        self._await_commit()

    def _await_commit(self) -> None:
        if self._soon is not None and not self._is_awaited:
            self._is_awaited = True
            self._soon(self.commit)

    def _halt(self, error: JournalHalted) -> None:
        self._halted = str(error)
        self._on_halt(self._halted)
