"""Settings of the account: leverage, modes, and the protection of a position."""

from decimal import Decimal

import msgspec

from adapters.bybit_simulator import checks
from adapters.bybit_simulator.ledger import Position
from adapters.bybit_simulator.protection import PositionGuard
from adapters.bybit_simulator.refusals import Code, Refused, bad_request
from adapters.bybit_simulator.requests import SetTradingStop
from adapters.bybit_simulator.state import ExchangeState


class AccountSettings:
    """Change a setting, or raise ``Refused``."""

    def __init__(self, state: ExchangeState, guard: PositionGuard) -> None:
        self._state = state
        self._guard = guard

    def set_leverage(self, symbol: str, buy_leverage: Decimal, sell_leverage: Decimal) -> None:
        """Set a symbol's leverage; the margin of what is open must stay covered."""
        instrument = self._state.market(symbol).instrument
        if buy_leverage != sell_leverage:
            raise bad_request("buy leverage and sell leverage must be equal in one-way mode")
        if not 1 <= buy_leverage <= instrument.max_leverage:
            raise Refused(Code.LEVERAGE_OVER_LIMIT, "Cannot set leverage due to risk limit level.")
        position = self._state.ledger.positions[symbol]
        if position.leverage == buy_leverage:
            raise Refused(Code.LEVERAGE_NOT_MODIFIED, "leverage not modified")
        changed = msgspec.structs.replace(position, leverage=buy_leverage)
        if buy_leverage < position.leverage and not self._covered_with(changed):
            raise Refused(Code.INSUFFICIENT_BALANCE, "ab not enough for new leverage")
        self._state.ledger.put(changed)
        self._state.publish_position(symbol)

    def switch_mode(self, mode: int, symbol: str | None) -> None:
        """Refuse: one-way mode (0) is what there is, hedge mode (3) is not simulated."""
        if symbol is not None:
            self._state.market(symbol)
        if mode == 0:
            raise Refused(Code.POSITION_MODE_NOT_MODIFIED, "Position mode is not modified")
        raise Refused(Code.HEDGE_MODE_NOT_SUPPORTED, "Hedge mode is not supported for this symbol.")

    def set_margin_mode(self, mode: str) -> None:
        """Accept cross margin, refuse the other modes."""
        if mode != "REGULAR_MARGIN":
            raise Refused(Code.MARGIN_MODE_FAILED, f"Set margin mode failed: {mode} is not simulated")

    def set_trading_stop(self, request: SetTradingStop) -> None:
        """Set or clear the take-profit and stop-loss of a position."""
        market = self._state.market(request.symbol)
        checks.check_category(request.category)
        checks.check_position_idx(request.position_idx)
        checks.check_protection_mode(request)
        if request.trailing_stop:
            raise bad_request("trailingStop is not simulated")
        position = self._state.ledger.positions[request.symbol]
        if not position.size:
            raise bad_request("can not set tp/sl/ts for zero position")
        wanted_tp = position.take_profit if request.take_profit is None else request.take_profit or None
        wanted_sl = position.stop_loss if request.stop_loss is None else request.stop_loss or None
        if (wanted_tp, wanted_sl) == (position.take_profit, position.stop_loss):
            raise Refused(Code.NOT_MODIFIED, "not modified")
        checks.check_protection(
            position.side, market.reference, request.take_profit, request.stop_loss, market.instrument
        )
        self._guard.protect(
            request.symbol,
            take_profit=request.take_profit,
            stop_loss=request.stop_loss,
            tp_trigger_by=request.tp_trigger_by,
            sl_trigger_by=request.sl_trigger_by,
        )
        self._state.publish_position(request.symbol)

    def _covered_with(self, changed: Position) -> bool:
        """Whether the equity would cover all initial margins if this position stood as given."""
        now = self._state.account_margins()
        own = self._state.margins(changed.symbol)
        then = self._state.margins(changed.symbol, position=changed)
        needed = now.initial - own.initial + then.initial
        return self._state.ledger.balance + now.unrealised_pnl >= needed
