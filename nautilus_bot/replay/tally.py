"""What a run came to, in few numbers: enough to set two runs side by side."""

from collections import Counter
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec

from catalog.codec import decode_plain
from catalog.lineage import SIMULATED, FillStory, read_fill
from catalog.manifest import load_manifest
from catalog.reader import EntryFilter, entries
from nautilus_bot.core import ids

ZERO = Decimal(0)
READ = ("SessionSnapshot", "Signal", "RiskVerdict", "OrderFilled", "FundingPaid", "TradingHalted")


class Tally(msgspec.Struct, frozen=True, kw_only=True):
    """
    Counts and money of a run.

    Parameters
    ----------
    signals, entries, fills, halts : int
        Proposals; entries that filled; fills of any order; how often trading was halted.
    refused : dict[str, int]
        Refused entries by rule.
    gross, fees, funding, pnl : Decimal
        By price at average cost, closed quantities only; paid; received; ``gross - fees + funding``; USDT.
    open_positions : int
        Ledgers that are not flat at the end.
    """

    signals: int
    entries: int
    fills: int
    halts: int
    refused: dict[str, int]
    gross: Decimal
    fees: Decimal
    funding: Decimal
    pnl: Decimal
    open_positions: int


def tally(folder: Path, after_seq: int = 0) -> Tally:
    """
    Count a run.

    Parameters
    ----------
    folder : Path
        Its folder.
    after_seq : int, default 0
        Count from the entry after this one; ledgers are taken from the first.

    Raises
    ------
    NotFound, CorruptEntry
        If it cannot be read.
    """
    simulated = load_manifest(folder).mode in SIMULATED
    count = _Count()
    begun = False
    for entry in entries(folder, where=EntryFilter(types=READ)):
        if entry.seq > after_seq and not begun:
            begun = True
            count.begin()
        if entry.type == "SessionSnapshot":
            count.inherit(decode_plain(entry.type, entry.version, entry.payload))
        elif entry.type == "OrderFilled":
            count.fill(entry.strategy_id, read_fill(entry, simulated=simulated))
        else:
            count.take(entry.type, decode_plain(entry.type, entry.version, entry.payload))
    return count.finish()


class _Count:
    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()
        self._refused: Counter[str] = Counter()
        self._entered: set[str] = set()
        self._begun = False
        self._ledgers: dict[str, tuple[Decimal, Decimal]] = {}
        self._gross = self._fees = self._funding = ZERO

    def inherit(self, snapshot: dict[str, Any]) -> None:
        """Take the ledgers that a run began with; later snapshots say nothing new."""
        if self._begun:
            return
        self._begun = True
        for one in snapshot["risk"]["ledgers"]:
            net = Decimal(one["quantity"])
            self._ledgers[one["strategy_id"]] = (net, abs(net) * Decimal(one["average_price"]))

    def begin(self) -> None:
        """Forget what was counted; ledgers stay."""
        self._counts.clear()
        self._refused.clear()
        self._entered.clear()
        self._gross = self._fees = self._funding = ZERO

    def take(self, name: str, plain: dict[str, Any]) -> None:
        if name == "FundingPaid":
            self._funding += Decimal(str(plain["amount_usdt"]))
        elif name != "RiskVerdict":
            self._counts[name] += 1
        elif not plain["approved"] and plain["role"] == ids.ENTRY:
            self._refused[str(plain["rule"])] += 1

    def fill(self, strategy_id: str, fill: FillStory) -> None:
        self._begun = True
        self._counts["OrderFilled"] += 1
        self._fees += fill.fee
        if ids.role_of(fill.client_order_id) == ids.ENTRY:
            self._entered.add(fill.client_order_id)
        net, cost = self._ledgers.get(strategy_id, (ZERO, ZERO))
        closing = min(abs(net), abs(fill.signed)) if net * fill.signed < 0 else ZERO
        if closing:
            sign = 1 if net > 0 else -1
            average = cost / abs(net)
            self._gross += sign * closing * (fill.price - average)
            cost -= average * closing
        opening = fill.quantity - closing
        cost += opening * fill.price
        net += fill.signed
        self._ledgers[strategy_id] = (net, cost if net else ZERO)

    def finish(self) -> Tally:
        return Tally(
            signals=self._counts["Signal"],
            entries=len(self._entered),
            fills=self._counts["OrderFilled"],
            halts=self._counts["TradingHalted"],
            refused=dict(self._refused),
            gross=self._gross,
            fees=self._fees,
            funding=self._funding,
            pnl=self._gross - self._fees + self._funding,
            open_positions=sum(1 for net, _ in self._ledgers.values() if net),
        )
