"""What a fast simulation found."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Final, Literal

from nautilus_bot.research.fast import exits
from nautilus_bot.research.fast.market import Floats, Ints

type ExitReason = Literal["stop", "target", "signal", "gap", "open"]

REASONS: Final[dict[int, ExitReason]] = {
    exits.STOP: "stop",
    exits.TARGET: "target",
    exits.SIGNAL: "signal",
    exits.GAP: "gap",
    exits.STILL_OPEN: "open",
}


@dataclass(frozen=True, slots=True)
class FastTrade:
    """
    One round trip; a position that is still open has neither exit time nor exit price.

    Parameters
    ----------
    side : int
        1 long, -1 short.
    quantity : str
        Base currency, decimal string.
    entry_ts, exit_ts : int
        Closing time of the bar, ns UTC; 0 while open.
    entry_price, exit_price : str
        Decimal strings; empty while open.
    reason : ExitReason
        What ended it.
    entry_fee, exit_fee, profit, funding : Decimal
        Fees paid, price profit before them, funding received (negative: paid), USDT.
    confidence : float
        Of the signal.
    """

    side: int
    quantity: str
    entry_ts: int
    exit_ts: int
    entry_price: str
    exit_price: str
    reason: ExitReason
    entry_fee: Decimal
    exit_fee: Decimal
    profit: Decimal
    funding: Decimal
    confidence: float


@dataclass(frozen=True, slots=True, eq=False)
class SimulationResult:
    """
    Trades, balance and equity of one run; amounts are whole numbers of 1e-8 USDT.

    Parameters
    ----------
    rows : Ints, shape (k, TRADE_FIELDS)
        One row a trade, columns as named in ``trade_log``.
    confidences : Floats, shape (k,)
        Of the trades' signals.
    equity : Floats, shape (n,) or (0,)
        Balance plus open profit at each bar's close, USDT.
    balance : int
        Final wallet balance.
    signals, closes : int
        Entry signals while flat; positions closed by an opposite signal or a gap.
    thin_fills : int
        Fills larger than a quarter of their bar's volume: Nautilus would have split them, so the run may
        differ from the node's.
    refusals : dict[str, int]
        Entries refused, by rule; only rules that refused.
    """

    rows: Ints
    confidences: Floats
    equity: Floats
    balance: int
    signals: int
    closes: int
    thin_fills: int
    refusals: dict[str, int]

    @property
    def balance_usdt(self) -> float:
        """Final wallet balance in USDT."""
        return self.balance / 1e8
