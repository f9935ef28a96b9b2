"""Feed recorded inputs to a node in their recorded order."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from nautilus_trader.common.actor import Actor
from nautilus_trader.core.data import Data
from nautilus_trader.model.data import Bar, CustomData, DataType
from nautilus_trader.model.events import AccountState, OrderEvent, OrderInitialized
from nautilus_trader.model.identifiers import ClientId
from nautilus_trader.model.orders.unpacker import OrderUnpacker

from nautilus_bot.core import topics
from nautilus_bot.core.messages import FormingBar, MarketMarked, Message, OperatorCommand, WarmupBars
from nautilus_bot.core.session_state import LedgerCorrected, ProtectionRepaired
from nautilus_bot.replay.pacing import CommandDue, Pacing

REPLAY_CLIENT = ClientId("REPLAY")


class Recorded(Data):
    """
    A recorded message on its way through the data engine.

    Parameters
    ----------
    message : Any
        Execution event, mark, forming bar or operator fact.
    ts_init : int
        Synthetic time that keeps the recorded order, ns.
    """

    def __init__(self, message: Any, ts_init: int) -> None:
        self.message = message
        self._ts_init = ts_init

    @property
    def ts_event(self) -> int:
        """Time that keeps the recorded order, ns."""
        return self._ts_init

    @property
    def ts_init(self) -> int:
        """Time that keeps the recorded order, ns."""
        return self._ts_init


RECORDED_TYPE = DataType(Recorded)


def restamp(inputs: Iterable[Any]) -> Iterator[Bar | CustomData]:
    """
    Yield inputs with strictly increasing ``ts_init``, since the engine sorts by it.

    Bars keep their ``ts_event``, which is what strategies, rules and the market clock read.
    """
    last = 0
    for message in inputs:
        own = getattr(message, "ts_init", None)
        last = max(own if own is not None else message.ts_event, last + 1)
        if isinstance(message, Bar):
            yield Bar(
                message.bar_type,
                message.open,
                message.high,
                message.low,
                message.close,
                message.volume,
                message.ts_event,
                last,
            )
        else:
            yield CustomData(RECORDED_TYPE, Recorded(message, last))


class Resumption:
    """
    The moment at which a seeded node begins to act.

    Parameters
    ----------
    act : Callable[[], None]
        What it does first.
    """

    __slots__ = ("act", "ts_init")

    def __init__(self, act: Callable[[], None]) -> None:
        self.act = act
        self.ts_init = 0


class Feeder(Actor):
    """
    Hand recorded messages to the part of the node that got them first.

    Parameters
    ----------
    process : Callable[[OrderEvent], None]
        Takes execution events: the execution engine.
    pacing : Pacing | None
        Holds commands until their turn; None when the record is of a node without queues.
    repeat : Callable[[ProtectionRepaired], None] | None
        Makes strategies look after their protection as they did then; None where their orders are new ones.
    """

    def __init__(
        self,
        process: Callable[[OrderEvent], None],
        pacing: Pacing | None = None,
        repeat: Callable[[ProtectionRepaired], None] | None = None,
    ) -> None:
        super().__init__()
        self._process = process
        self._pacing = pacing
        self._repeat = repeat

    def on_start(self) -> None:
        """Subscribe to recorded messages."""
        self.subscribe_data(RECORDED_TYPE, client_id=REPLAY_CLIENT)

    def on_data(self, data: Recorded) -> None:
        """Pass one recorded message on."""
        message = data.message
        if isinstance(message, CommandDue):
            if self._pacing is not None:
                self._pacing.release(message)
        elif isinstance(message, Resumption):
            message.act()
        elif isinstance(message, AccountState):
            self.msgbus.send("Portfolio.update_account", message)
        elif isinstance(message, OrderInitialized):
            self.cache.add_order(OrderUnpacker.from_init(message))
        elif isinstance(message, OrderEvent):
            self._process(message)
        elif isinstance(message, (MarketMarked, FormingBar, WarmupBars)):
            self.msgbus.publish(_input_topic(message), message)
        elif isinstance(message, ProtectionRepaired):
            if self._repeat is not None:
                self._repeat(message)
        elif isinstance(message, LedgerCorrected):
            self.msgbus.publish(topics.LEDGER + message.instrument_id, message)
        elif isinstance(message, OperatorCommand):
            self.msgbus.publish(topics.OPERATOR + "operator", message)
        else:
            self.msgbus.publish(topics.TRADING + "operator", message)


def _input_topic(message: Message) -> str:
    if isinstance(message, FormingBar):
        return topics.forming(message.bar_type)
    if isinstance(message, WarmupBars):
        return topics.warmup(message.bar_type)
    return topics.INPUT + getattr(message, "instrument_id", "")


def feed(engine: Any, inputs: Iterable[Any]) -> None:
    """Give an engine its inputs, in their order."""
    stamped = list(restamp(inputs))
    bars = [item for item in stamped if isinstance(item, Bar)]
    others = [item for item in stamped if not isinstance(item, Bar)]
    if bars:
        engine.add_data(bars, sort=False)
    if others:
        engine.add_data(others, client_id=REPLAY_CLIENT, sort=False)
    engine.sort_data()
