"""
The risk gate: the one point that every command passes on its way to a venue, in every mode.

It wraps Nautilus's ``ExecEngine.execute`` endpoint, behind the stock RiskEngine, so that emulated orders
pass it too. The first rule that refuses wins; a rule that raises refuses. Reducing and protective orders
are never refused by an entry rule, but they may not exceed the strategy's own ledger.
"""

from collections.abc import Callable, Sequence
from decimal import Decimal
from functools import partial

from nautilus_trader.core.uuid import UUID4
from nautilus_trader.execution.engine import ExecutionEngine
from nautilus_trader.execution.messages import ModifyOrder, SubmitOrder, SubmitOrderList, TradingCommand
from nautilus_trader.model.enums import OrderSide, OrderStatus
from nautilus_trader.model.events import OrderDenied, OrderModifyRejected
from nautilus_trader.model.orders import Order
from nautilus_trader.system.kernel import NautilusKernel

from nautilus_bot.core import ids, topics
from nautilus_bot.core.errors import JournalHalted
from nautilus_bot.core.messages import RiskVerdict, RuleCheck, Signal, TradingHalted
from nautilus_bot.core.protocols import CommandTap
from nautilus_bot.risk.context import RiskContext
from nautilus_bot.risk.reservations import Reservation
from nautilus_bot.risk.rule import OrderRequest, Rule, Verdict, refused

ENDPOINT = "ExecEngine.execute"
EXIT_ROLES = (ids.STOP, ids.TARGET, ids.CLOSE)
LEDGER_RULE = "ledger"


class RiskGate:
    """
    Check every order against the chain of rules.

    Parameters
    ----------
    kernel : NautilusKernel
        The node's kernel, of any mode.
    rules : Sequence[tuple[str, Rule]]
        Name and rule, asked in this order.
    context : RiskContext
        What the rules may look at.
    tap : CommandTap
        Records every command before it is judged.
    forward : Callable[[TradingCommand], None] | None, default None
        Takes approved commands; the execution engine by default, a replay lets none leave.
    """

    def __init__(
        self,
        kernel: NautilusKernel,
        rules: Sequence[tuple[str, Rule]],
        context: RiskContext,
        tap: CommandTap,
        *,
        forward: Callable[[TradingCommand], None] | None = None,
    ) -> None:
        self._kernel = kernel
        self._bus = kernel.msgbus
        self._rules = tuple(rules)
        self._context = context
        self._tap = tap
        # a trading node's own `execute` would put the command into a second queue, one more turn of the loop
        self._forward = forward or partial(ExecutionEngine.execute, kernel.exec_engine)

    def install(self) -> None:
        """Stand between the RiskEngine and the ExecutionEngine."""
        self._bus.deregister(ENDPOINT, self._kernel.exec_engine.execute)
        self._bus.register(ENDPOINT, self.execute)

    # -- commands -----------------------------------------------------------------------------------

    def execute(self, command: TradingCommand) -> None:
        """
        Record, judge and forward a command, or deny its order.

        A journal that cannot be written halts trading: what could open risk is denied, protective orders
        and cancels still leave.
        """
        try:
            self._tap.on_command(command)
        except JournalHalted as error:
            self._on_journal_halted(command, str(error))
            return
        if isinstance(command, SubmitOrder):
            self._execute_submit(command)
        elif isinstance(command, SubmitOrderList):
            self._execute_list(command)
        elif isinstance(command, ModifyOrder):
            self._execute_modify(command)
        else:
            self._leave(command, opens_risk=False)

    def _execute_submit(self, command: SubmitOrder) -> None:
        order = command.order
        signal = (command.params or {}).get("signal")
        request = self._request(order, signal)
        verdict = self._judge(request)
        if not verdict.approved:
            self._deny(order, f"{verdict.rule}: {verdict.reason}")
            return
        self._leave(command, [request], opens_risk=not request.reducing)

    def _execute_list(self, command: SubmitOrderList) -> None:
        """Judge a list as a unit: one refusal denies all of it."""
        orders = command.order_list.orders
        requests = [self._request(order, None) for order in orders]
        for request in requests:
            verdict = self._judge(request)
            if not verdict.approved:
                for order in orders:
                    self._deny(order, f"{verdict.rule}: {verdict.reason}")
                return
        self._leave(command, requests, opens_risk=not all(request.reducing for request in requests))

    def _execute_modify(self, command: ModifyOrder) -> None:
        """Let an order of ours be amended to less, never to more; its price may move."""
        order = self._kernel.cache.order(command.client_order_id)
        if order is not None and command.quantity is not None and command.quantity > order.quantity:
            self._reject_modify(order, command, "an order may be amended to less, never to more")
            return
        self._leave(command, opens_risk=False)

    def _leave(
        self, command: TradingCommand, requests: Sequence[OrderRequest] = (), *, opens_risk: bool
    ) -> None:
        """Forward a command once it is written, and reserve what it may fill."""
        try:
            self._tap.before_leaving(opens_risk=opens_risk)
        except JournalHalted as error:
            self._on_journal_halted(command, str(error))
            return
        for request in requests:
            self._reserve(request)
        self._forward(command)

    # -- judging ------------------------------------------------------------------------------------

    def _request(self, order: Order, signal: Signal | None) -> OrderRequest:
        strategy_id = order.strategy_id.value
        instrument_id = order.instrument_id.value
        quantity = order.quantity.as_decimal()
        sign = 1 if order.side == OrderSide.BUY else -1
        client_order_id = order.client_order_id.value
        role = self._role(order, client_order_id)
        return OrderRequest(
            ts=self._context.clock.now_ns,
            client_order_id=client_order_id,
            strategy=strategy_id.partition("-")[0],
            strategy_id=strategy_id,
            instrument_id=instrument_id,
            role=role,
            sign=sign,
            quantity=quantity,
            price=self._price(order, signal, instrument_id),
            signal=signal,
            reducing=role in EXIT_ROLES,
        )

    def _role(self, order: Order, client_order_id: str) -> str:
        """Read the role from an id of ours; any other order opens risk unless it is reduce-only."""
        signal_id, _, suffix = client_order_id.rpartition("-")
        if order.tags and order.tags[0] == signal_id:
            return suffix[:1]
        return ids.CLOSE if order.is_reduce_only else ids.ENTRY

    def _price(self, order: Order, signal: Signal | None, instrument_id: str) -> Decimal:
        if order.has_price:
            return Decimal(order.price.as_decimal())
        if order.has_trigger_price:
            return Decimal(order.trigger_price.as_decimal())
        if signal is not None:
            return Decimal(signal.price)
        return Decimal(str(self._context.marks.get(instrument_id, 0)))

    def _judge(self, request: OrderRequest) -> RiskVerdict:
        refusal = self._ledger_refusal(request) if request.reducing else None
        if refusal is not None:
            checks, rule = [_noted(LEDGER_RULE, refusal)], LEDGER_RULE
        else:
            checks, rule = self._ask_rules(request)
        signal = request.signal
        verdict = RiskVerdict(
            ts_event=request.ts,
            client_order_id=request.client_order_id,
            signal_id=signal.signal_id if signal is not None else ids.signal_of(request.client_order_id),
            strategy=request.strategy,
            strategy_id=request.strategy_id,
            instrument_id=request.instrument_id,
            approved=not rule,
            role=request.role,
            rule=rule,
            reason=checks[-1].reason if rule else "",
            checks=tuple(checks),
        )
        self._bus.publish(topics.VERDICT + request.strategy_id, verdict)
        return verdict

    def _ask_rules(self, request: OrderRequest) -> tuple[list[RuleCheck], str]:
        """Return what the rules said up to the first refusal, and who refused (empty for nobody)."""
        checks: list[RuleCheck] = []
        for name, rule in self._rules:
            if request.reducing and not rule.asks_reducing:
                continue
            answer = self._ask(rule, request)
            checks.append(_noted(name, answer))
            if not answer.approved:
                return checks, name
        return checks, ""

    def _ask(self, rule: Rule, request: OrderRequest) -> Verdict:
        try:
            answer: object = rule.check(request, self._context)
        except Exception as error:  # noqa: BLE001  a rule that raises refuses: fail closed
            return refused(f"the rule failed: {error!r}")
        if not isinstance(answer, Verdict):
            return refused(f"the rule must answer a Verdict, answered {answer!r}")
        return answer

    def _ledger_refusal(self, request: OrderRequest) -> Verdict | None:
        """Refuse an exit that would exceed, open or turn the strategy's own position."""
        held = self._context.ledgers.quantity(request.strategy_id, request.instrument_id)
        promised = self._context.reservations.of_role(
            request.strategy_id, request.instrument_id, request.role
        )
        if held * request.sign < 0 and request.quantity + promised <= abs(held):
            return None
        return refused(
            f"an exit may close at most the strategy's own position of {held}, asked {request.quantity}"
            + (f" beside {promised} already promised" if promised else ""),
            limit=float(abs(held)),
            observed=float(request.quantity + promised),
            unit="base",
        )

    def _reserve(self, request: OrderRequest) -> None:
        self._context.reservations.reserve(
            request.client_order_id,
            Reservation(
                request.strategy_id,
                request.instrument_id,
                request.role,
                request.sign,
                request.quantity,
                request.price,
            ),
        )

    # -- denials ------------------------------------------------------------------------------------

    def _on_journal_halted(self, command: TradingCommand, reason: str) -> None:
        if self._context.breakers.halt is None:
            self._bus.publish(
                topics.TRADING + "journal",
                TradingHalted(ts_event=self._context.clock.now_ns, rule="journal", reason=reason),
            )
        if isinstance(command, ModifyOrder):
            self._modify_while_halted(command, reason)
            return
        orders = [command.order] if isinstance(command, SubmitOrder) else []
        if isinstance(command, SubmitOrderList):
            orders = command.order_list.orders
        opening = [o for o in orders if self._role(o, o.client_order_id.value) not in EXIT_ROLES]
        if not opening:
            self._forward(command)
            return
        for order in orders:
            self._deny(order, f"journal: {reason}")

    def _modify_while_halted(self, command: ModifyOrder, reason: str) -> None:
        """Let exits move and orders shrink; an entry may not come closer to a fill unrecorded."""
        order = self._kernel.cache.order(command.client_order_id)
        grows = order is None or (command.quantity is not None and command.quantity > order.quantity)
        moves = command.price is not None or command.trigger_price is not None
        is_exit = order is not None and self._role(order, command.client_order_id.value) in EXIT_ROLES
        if grows or (moves and not is_exit):
            self._reject_modify(order, command, reason, rule="journal")
            return
        self._forward(command)

    def _deny(self, order: Order, reason: str) -> None:
        if order.status not in (OrderStatus.INITIALIZED, OrderStatus.RELEASED):
            return
        if not self._kernel.cache.order_exists(order.client_order_id):
            self._kernel.cache.add_order(order)
        denied = OrderDenied(
            order.trader_id,
            order.strategy_id,
            order.instrument_id,
            order.client_order_id,
            reason,
            UUID4(),
            self._kernel.clock.timestamp_ns(),
        )
        self._bus.send("ExecEngine.process", denied)

    def _reject_modify(
        self, order: Order | None, command: ModifyOrder, reason: str, *, rule: str = LEDGER_RULE
    ) -> None:
        if order is None:
            return
        now = self._kernel.clock.timestamp_ns()
        rejected = OrderModifyRejected(
            order.trader_id,
            order.strategy_id,
            order.instrument_id,
            command.client_order_id,
            order.venue_order_id,
            order.account_id,
            f"{rule}: {reason}",
            UUID4(),
            now,
            now,
        )
        self._bus.send("ExecEngine.process", rejected)


def _noted(name: str, answer: Verdict) -> RuleCheck:
    return RuleCheck(name, answer.approved, answer.limit, answer.observed, answer.unit, answer.reason)
