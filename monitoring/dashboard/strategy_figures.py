"""The strategies as text: one line each, all its symbols together."""

from typing import Final

import msgspec

from monitoring.dashboard import words
from monitoring.dashboard.markup import Cell, table
from monitoring.dashboard.recorded import Row
from nautilus_bot.core.control import BotStatus
from nautilus_bot.core.snapshot import SignalLine, Snapshot

TEST_STRATEGY: Final = "QAInjectStrategy"
"""Sends the signals that `inject-signals` asks for; it is not shown until it does."""
COLUMNS: Final = (
    *("Strategy", "State", "Markets", "Open>", "Signals>", "Executed>", "Refused>"),
    *("Trades>", "Won>", "PnL>", "Last signal"),
)


class StrategyLine(msgspec.Struct, frozen=True, kw_only=True):
    """
    One strategy, all its instances together.

    Parameters
    ----------
    paused : str
        Why it is paused; empty while it is on.
    markets, positions : int
        Instances, and open positions.
    pnl_usdt : float
        Of closed trades, after fees.
    """

    name: str
    paused: str
    markets: int
    positions: int
    generated: int
    executed: int
    refused: int
    wins: int
    losses: int
    pnl_usdt: float
    last: SignalLine | None

    @property
    def is_paused(self) -> bool:
        """Whether it opens no risk."""
        return bool(self.paused)


def strategy_lines(status: BotStatus, snapshot: Snapshot) -> list[StrategyLine]:
    """Return a line for every strategy that runs, by name."""
    instances: dict[str, list[str]] = {}
    for strategy_id in status.strategies:
        instances.setdefault(strategy_id.partition("-")[0], []).append(strategy_id)
    lines = [_line(name, ids, snapshot) for name, ids in sorted(instances.items())]
    return [one for one in lines if one.name != TEST_STRATEGY or one.generated]


def _line(name: str, ids: list[str], snapshot: Snapshot) -> StrategyLine:
    counts = [one for one in snapshot.signal_counts if one.strategy == name]
    trades = [one for one in snapshot.trades if one.strategy == name]
    return StrategyLine(
        name=name,
        paused=_paused(name, ids, snapshot.breakers.paused),
        markets=len(ids),
        positions=sum(one.strategy == name for one in snapshot.positions),
        generated=sum(one.generated for one in counts),
        executed=sum(one.executed for one in counts),
        refused=sum(sum(one.refused.values()) for one in counts),
        wins=sum(one.wins for one in trades),
        losses=sum(one.losses for one in trades),
        pnl_usdt=sum(one.realized_usdt for one in trades),
        last=next((one for one in reversed(snapshot.signals) if one.strategy == name), None),
    )


def _paused(name: str, ids: list[str], paused: dict[str, str]) -> str:
    if name in paused:
        return paused[name] or "paused"
    resting = [one for one in ids if one in paused]
    return f"{len(resting)} of {len(ids)} markets paused" if resting else ""


def strategy_row(one: StrategyLine) -> list[str | Cell]:
    """Return a strategy as a row of a table."""
    closed = one.wins + one.losses
    last = one.last
    said = (
        f"{words.clock(last.ts_event)} {last.side.lower()} {words.symbol(last.instrument_id)}: {last.state}"
        if last
        else words.DASH
    )
    return [
        words.strategy(one.name),
        Cell("paused", "badge warn") if one.is_paused else Cell("on", "badge ok"),
        str(one.markets),
        str(one.positions),
        str(one.generated),
        str(one.executed),
        str(one.refused),
        str(closed),
        f"{100 * one.wins / closed:.0f} %" if closed else words.DASH,
        Cell(words.usdt(one.pnl_usdt, signed=True), words.tone(one.pnl_usdt)),
        Cell(said, "why"),
    ]


def recorded_table(rows: list[Row]) -> str:
    """Return what every strategy instance of a recorded run made, the best first."""
    ordered = sorted(rows, key=lambda row: -row["pnl"])
    return table(
        "Strategies",
        ("Strategy", "Instance", "Trades>", "Won>", "PnL>"),
        [
            [
                words.strategy(row["strategy_id"].partition("-")[0]),
                Cell(row["strategy_id"].partition("-")[2], "id"),
                str(row["trades"]),
                f"{100 * row['wins'] / row['trades']:.0f} %",
                Cell(words.usdt(row["pnl"], signed=True), words.tone(row["pnl"])),
            ]
            for row in ordered
        ],
        "No trade was closed.",
    )
