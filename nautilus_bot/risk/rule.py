"""What a risk rule is: the protocol, what it is asked, and what it may answer."""

from abc import ABC, abstractmethod
from decimal import Decimal
from functools import cached_property
from typing import Any, ClassVar, Protocol, Self

import msgspec

from nautilus_bot.core.messages import RiskVerdict, Signal, TradingHalted
from nautilus_bot.risk.context import RiskContext


class RuleConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """
    Base of every rule's configuration.

    Parameters
    ----------
    enabled : bool, default True
        A rule that is switched off is not asked; that it is off is recorded at start.
    """

    enabled: bool = True

    def in_mode(self, *, lift_next_day: bool) -> Self:  # noqa: ARG002  most rules are alike in all modes
        """Return the configuration with what it leaves to the mode filled in."""
        return self


class OrderRequest(msgspec.Struct, frozen=True, dict=True):
    """
    An order that wants to leave for the venue.

    Parameters
    ----------
    ts : int
        Market clock, ns UTC.
    client_order_id, strategy, strategy_id, instrument_id : str
        Who asks, for what; ``strategy`` is the class name.
    role : str
        ``E`` entry, ``S`` stop, ``T`` target, ``C`` close (``nautilus_bot.core.ids``).
    sign : int
        1 for a buy, -1 for a sell.
    quantity : Decimal
        Base currency, positive.
    price : Decimal
        Limit or trigger price, else the last market price; zero when there is none yet.
    signal : Signal | None
        The proposal behind the order; None for an order that no strategy of ours proposed.
    reducing : bool
        Whether it can only bring the strategy's own ledger closer to zero.
    """

    ts: int
    client_order_id: str
    strategy: str
    strategy_id: str
    instrument_id: str
    role: str
    sign: int
    quantity: Decimal
    price: Decimal
    signal: Signal | None
    reducing: bool

    @cached_property
    def notional_usdt(self) -> float:
        """Value of the order at its price, USDT; zero when there is no price yet."""
        return float(self.quantity * self.price)


class Verdict(msgspec.Struct, frozen=True):
    """
    A rule's answer.

    Parameters
    ----------
    approved : bool
        Whether the order may pass this rule.
    limit, observed : float | None
        The number that must not be passed and the one found, in ``unit``.
    unit : str
        E.g. ``pct``, ``ratio``, ``usdt``, ``count``, ``secs``.
    reason : str
        One sentence, always given with a refusal.
    """

    approved: bool
    limit: float | None = None
    observed: float | None = None
    unit: str = ""
    reason: str = ""


APPROVED = Verdict(approved=True)


def approved(*, limit: float | None = None, observed: float | None = None, unit: str = "") -> Verdict:
    """Return an approval with the numbers it rests on."""
    return Verdict(True, limit, observed, unit)


def refused(
    reason: str, *, limit: float | None = None, observed: float | None = None, unit: str = ""
) -> Verdict:
    """Return a refusal with its reason and the numbers it rests on."""
    return Verdict(False, limit, observed, unit, reason)


class Rule(Protocol):
    """
    One rule of the chain.

    A rule keeps no state that the journal cannot rebuild: what it must remember it learns in ``observe``,
    which is called with every verdict, live and on recovery alike.
    """

    asks_reducing: bool
    """Whether reducing and protective orders are shown to it as well; an entry rule says False."""

    def check(self, request: OrderRequest, context: RiskContext, /) -> Verdict:
        """Answer one request; must not change any state."""
        ...

    def observe(self, verdict: RiskVerdict, /) -> None:
        """Learn from a verdict of the whole chain."""
        ...

    def watch(self, context: RiskContext, /) -> TradingHalted | None:
        """Look at the market and the account after a mark; return a halt to latch, or None."""
        ...


class BaseRule(ABC):
    """
    A rule that the loader can build, that remembers nothing and watches nothing.

    Parameters
    ----------
    config : RuleConfig
        Of the rule's own ``config_type``.
    """

    config_type: ClassVar[type[RuleConfig]] = RuleConfig
    asks_reducing = False

    def __init__(self, config: Any) -> None:
        self._config = config

    @abstractmethod
    def check(self, request: OrderRequest, context: RiskContext, /) -> Verdict:
        """Answer one request; must not change any state."""

    def observe(self, verdict: RiskVerdict, /) -> None:  # noqa: B027  most rules remember nothing
        """Remember nothing."""

    def watch(self, _context: RiskContext, /) -> TradingHalted | None:
        """Watch nothing."""
        return None
