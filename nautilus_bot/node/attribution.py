"""
Whose is what the venue holds: what no strategy ordered goes to the EXTERNAL ledger, as a recorded correction.

In one-way mode the venue knows one net position. When it differs from the sum of the ledgers, somebody else
traded: what was closed from outside is taken from the ledgers that it closed, the rest is EXTERNAL, and the
instrument is reduce-only until the operator has assigned it.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Final, Literal

from nautilus_trader.common.component import MessageBus

from nautilus_bot.core import topics
from nautilus_bot.core.messages import Notice, TradingReduceOnly
from nautilus_bot.core.session_state import LedgerCorrected
from nautilus_bot.risk.context import RiskContext
from nautilus_bot.risk.recovery import apply_correction

EXTERNAL: Final = "EXTERNAL"
ZERO: Final = Decimal(0)


def share_out(difference: Decimal, ledgers: Mapping[str, Decimal]) -> list[tuple[str, Decimal]]:
    """
    Return how a position that appeared or vanished changes the ledgers.

    Parameters
    ----------
    difference : Decimal
        The venue's position less the sum of the ledgers, base currency.
    ledgers : Mapping[str, Decimal]
        Signed quantities by strategy id.

    Returns
    -------
    list[tuple[str, Decimal]]
        Strategy id and change. What reduces a ledger reduces EXTERNAL first, then strategies by name; no
        ledger is turned around; the rest is EXTERNAL's.
    """
    changes: list[tuple[str, Decimal]] = []
    left = difference
    for name in sorted(ledgers, key=lambda one: (one != EXTERNAL, one)):
        held = ledgers[name]
        if left and held * left < 0:
            part = min(abs(held), abs(left)) * (1 if left > 0 else -1)
            changes.append((name, part))
            left -= part
    if left:
        changes.append((EXTERNAL, left))
    return changes


class Attribution:
    """
    Set ledgers right by what the venue holds, and let the operator assign what is left over.

    Parameters
    ----------
    bus : MessageBus
        Corrections are published here and so recorded.
    context : RiskContext
        Whose ledgers they are.
    """

    def __init__(self, bus: MessageBus, context: RiskContext) -> None:
        self._bus = bus
        self._context = context

    def install(self) -> None:
        """Book every correction, whoever publishes it."""
        self._bus.subscribe(
            topics.LEDGER + "*",
            lambda correction: apply_correction(self._context, correction),
            priority=topics.WATCH_PRIORITY,
        )

    def settle(self, instrument_id: str, held: Decimal, price: Decimal, author: str) -> list[str]:
        """
        Make the sum of the ledgers equal what the venue holds.

        Parameters
        ----------
        instrument_id : str
            E.g. ``BTCUSDT-LINEAR.BYBIT``.
        held : Decimal
            The venue's position, signed, base currency.
        price : Decimal
            Price that corrections are booked at.
        author : str
            Who found out: ``recovery`` or ``attribution``.

        Returns
        -------
        list[str]
            The strategies whose ledgers changed.
        """
        ledgers = self._context.ledgers.by_strategy(instrument_id)
        total = sum(ledgers.values(), ZERO)
        changes = share_out(held - total, ledgers)
        if not changes:
            return []
        text = f"the venue holds {held} of {instrument_id}, our ledgers {total}"
        for strategy_id, quantity in changes:
            self.correct(strategy_id, instrument_id, quantity, price, f"{text}: not ordered by us", author)
        shared = ", ".join(f"{name} {quantity:+}" for name, quantity in changes)
        owners = [name for name, _ in changes if name != EXTERNAL]
        reason = f"{text}; corrected: {shared}; assign it to trade on"
        self._restrict(instrument_id, reason, author, "critical" if owners else "warning")
        return owners

    def correct(
        self,
        strategy_id: str,
        instrument_id: str,
        quantity: Decimal,
        price: Decimal,
        reason: str,
        author: str,
        *,
        traded: bool = True,
    ) -> None:
        """Change one ledger by a signed quantity; not ``traded`` when another ledger changes by as much."""
        correction = LedgerCorrected(
            ts_event=self._context.clock.now_ns,
            strategy_id=strategy_id,
            instrument_id=instrument_id,
            quantity=str(quantity),
            price=str(price),
            traded=traded,
            reason=reason,
            author=author,
        )
        self._bus.publish(topics.LEDGER + instrument_id, correction)

    def _restrict(
        self, instrument_id: str, reason: str, author: str, severity: Literal["warning", "critical"]
    ) -> None:
        now = self._context.clock.now_ns
        self._bus.publish(
            topics.TRADING + author,
            TradingReduceOnly(ts_event=now, reason=reason, author=author, instrument_id=instrument_id),
        )
        self._bus.publish(
            topics.NOTICE + author, Notice(ts_event=now, severity=severity, component=author, text=reason)
        )
