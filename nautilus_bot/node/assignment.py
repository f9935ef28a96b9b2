"""Whose an outside position is from now on: a strategy's, which then protects it, or nobody's."""

from dataclasses import replace
from decimal import Decimal, InvalidOperation

from nautilus_trader.model.identifiers import InstrumentId

from nautilus_bot.core import topics
from nautilus_bot.core.control import AssignExternal, Outcome
from nautilus_bot.core.errors import did_you_mean
from nautilus_bot.core.session_state import ExternalAssigned
from nautilus_bot.node.attribution import EXTERNAL, ZERO
from nautilus_bot.node.trading import TradingHost
from nautilus_bot.risk.ledger import LedgerPosition
from strategies.base import SignalStrategy


class Assignment:
    """
    Carry out one command.

    Parameters
    ----------
    host : TradingHost
        While it trades.
    instrument_id : str
        Where the position is.
    author : str
        Who says so.
    """

    def __init__(self, host: TradingHost, instrument_id: str, author: str) -> None:
        self._host = host
        self._context = host.wiring.context
        self._instrument_id = instrument_id
        self._author = author

    def assign(self, command: AssignExternal) -> Outcome:
        """
        Move the EXTERNAL ledger of the instrument, and let the instrument be traded again.

        The ledgers are corrected first; the fact behind them makes the strategy take the position over. All
        of it is recorded, so a fold and a replay come to the same.
        """
        held = self._context.ledgers.position(EXTERNAL, self._instrument_id)
        if not command.strategy:
            return self._leave(held)
        if not held.quantity:
            return Outcome(False, f"nothing of {self._instrument_id} is EXTERNAL: there is nothing to assign")
        strategy = self._taker(command.strategy)
        if isinstance(strategy, Outcome):
            return strategy
        exits = self._exits(command, held.quantity)
        if isinstance(exits, Outcome):
            return exits
        moved = replace(held)  # the ledger itself is empty after the move
        self._move(moved, str(strategy.id))
        self._publish(str(strategy.id), moved, *exits)
        stop, target = exits
        text = f"{moved.quantity:+} of {self._instrument_id} is {strategy.id}'s, stop {stop}, target {target}"
        return Outcome(True, text)

    def _leave(self, held: LedgerPosition) -> Outcome:
        if not held.quantity and self._instrument_id not in self._context.breakers.reduce_only:
            return Outcome(False, f"{self._instrument_id} waits for no assignment")
        self._publish("", held, "", "")
        left = f"{held.quantity:+} stays EXTERNAL, nobody protects or closes it; " if held.quantity else ""
        return Outcome(True, f"{left}{self._instrument_id} is traded again")

    def _taker(self, name: str) -> SignalStrategy | Outcome:
        here = [
            one
            for one in self._host.wiring.strategies
            if isinstance(one, SignalStrategy) and str(one.instrument_id) == self._instrument_id
        ]
        found = [one for one in here if name in (one.name, str(one.id))]
        if len(found) != 1:
            known = {str(one.id) for one in here}
            problem = "no strategy" if not found else "more than one strategy"
            return Outcome(
                False, f"{problem} {name!r} trades {self._instrument_id}; {did_you_mean(name, known)}"
            )
        if not found[0].is_idle:
            return Outcome(False, f"{found[0].id} has a position or an order of its own: close it first")
        return found[0]

    def _exits(self, command: AssignExternal, quantity: Decimal) -> tuple[str, str] | Outcome:
        """Return stop and target on the tick grid, or why they cannot be those of this position."""
        instrument = self._host.node.kernel.cache.instrument(InstrumentId.from_str(self._instrument_id))
        price = Decimal(str(self._context.marks.get(self._instrument_id, 0)))
        try:
            stop, target = (
                instrument.make_price(Decimal(text)).as_decimal() for text in (command.stop, command.target)
            )
        except (InvalidOperation, ValueError):
            return Outcome(
                False, f"a stop and a target are needed, found {command.stop!r}, {command.target!r}"
            )
        sign = 1 if quantity > ZERO else -1
        if not (stop - price) * sign < 0 < (target - price) * sign:
            order = "stop < price < target" if sign > 0 else "target < price < stop"
            return Outcome(False, f"of {quantity:+} must hold {order}, found {stop}, {price}, {target}")
        return str(stop), str(target)

    def _move(self, held: LedgerPosition, strategy_id: str) -> None:
        quantity, price = held.quantity, held.average_price
        for owner, change in ((EXTERNAL, -quantity), (strategy_id, quantity)):
            reason = f"assigned to {strategy_id}"
            self._host.attribution.correct(
                owner, self._instrument_id, change, price, reason, self._author, traded=False
            )

    def _publish(self, strategy_id: str, held: LedgerPosition, stop: str, target: str) -> None:
        fact = ExternalAssigned(
            ts_event=self._context.clock.now_ns,
            strategy_id=strategy_id,
            instrument_id=self._instrument_id,
            quantity=str(held.quantity),
            price=str(held.average_price),
            stop=stop,
            target=target,
            author=self._author,
        )
        self._host.node.kernel.msgbus.publish(topics.TRADING + "operator", fact)
