"""
When things happened: hold what a replay does at once until the moment at which it happened in the record.

A trading node is asynchronous where a backtest engine is not. Between a strategy and the risk gate there is a
queue, and another one between the gate's denial and the strategy that hears of it; market data may pass in
between. The journal has the order in which everything really happened, so commands wait here for their turn,
and denials come from the record.
"""

from collections.abc import Callable
from typing import Final

from nautilus_trader.execution.engine import ExecutionEngine
from nautilus_trader.execution.messages import ModifyOrder, SubmitOrder, SubmitOrderList, TradingCommand
from nautilus_trader.model.events import OrderDenied, OrderEvent, OrderModifyRejected
from nautilus_trader.system.kernel import NautilusKernel

from nautilus_bot.risk.gate import ENDPOINT, RiskGate

PROCESS: Final = "ExecEngine.process"
QUEUED: Final = (SubmitOrder, SubmitOrderList, ModifyOrder)
"""Commands that pass the risk engine's queue in a trading node; cancels go straight to the gate."""
ANSWERED: Final = (OrderDenied, OrderModifyRejected)
"""Events by which gate and risk engine answer; a trading node queues them."""


class CommandDue:
    """
    The moment at which a command reached the gate in the record.

    Parameters
    ----------
    key : str
        ``command_key`` of the command.
    ts_init : int
        Clock of the node, ns UTC.
    """

    __slots__ = ("key", "ts_init")

    def __init__(self, key: str, ts_init: int) -> None:
        self.key = key
        self.ts_init = ts_init


def command_key(command: TradingCommand) -> str:
    """Return what a command is and which order it is about."""
    if isinstance(command, SubmitOrderList):
        name = command.order_list.id.value
    else:
        name = (command.order if isinstance(command, SubmitOrder) else command).client_order_id.value
    return f"{type(command).__name__} {name}"


class Pacing:
    """
    Stand before the gate and before the execution engine.

    Parameters
    ----------
    kernel : NautilusKernel
        Of the replaying node, wired.
    gate : RiskGate
        Its gate.
    """

    def __init__(self, kernel: NautilusKernel, gate: RiskGate) -> None:
        self._bus = kernel.msgbus
        self._engine: ExecutionEngine = kernel.exec_engine
        self._gate: Callable[[TradingCommand], None] = gate.execute
        self._held: list[TradingCommand] = []

    def install(self) -> None:
        """Take the places of the gate and the engine on the bus."""
        self._bus.deregister(ENDPOINT, self._gate)
        self._bus.register(ENDPOINT, self.on_command)
        self._bus.deregister(PROCESS, self._engine.process)
        self._bus.register(PROCESS, self.on_answer)

    def on_command(self, command: TradingCommand) -> None:
        """Hold a command that a trading node would have queued."""
        if isinstance(command, QUEUED):
            self._held.append(command)
        else:
            self._gate(command)

    def on_answer(self, event: OrderEvent) -> None:
        """Drop an answer of the node's own: the recorded one comes when it came."""
        if not isinstance(event, ANSWERED):
            self._engine.process(event)

    def release(self, due: CommandDue) -> None:
        """Let the gate judge a held command; one that was never given is a difference that shows itself."""
        for index, command in enumerate(self._held):
            if command_key(command) == due.key:
                del self._held[index]
                self._gate(command)
                return

    def release_all(self) -> None:
        """Let the gate judge what the record knows nothing of."""
        held, self._held = self._held, []
        for command in held:
            self._gate(command)
