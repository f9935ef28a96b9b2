"""What differs between the modes, in one table. Everything else is the same wiring."""

from typing import Final, Literal

import msgspec

type ModeName = Literal["backtest", "replay", "paper", "live"]


class Mode(msgspec.Struct, frozen=True, kw_only=True):
    """
    How a mode differs from the others.

    Parameters
    ----------
    name : ModeName
        The mode.
    durable : bool
        Whether every entry of the journal is committed at once.
    records_inputs : bool
        Whether bars and marks are recorded; a backtest references its data catalog instead.
    exits_linked_by_venue : bool
        Whether the venue cancels a filled exit's sibling; if not, the strategy does.
    venue_nets : bool
        Whether the venue holds the net of all strategies; the exchange of a backtest keeps them apart.
    halts_lift_next_day : bool
        Whether a drawdown halt ends with the UTC day; if not, the operator lifts it.
    disaster_stop : bool
        Whether entries carry the venue's own wide position stop.
    warmup_bars : int
        Closed bars of history that strategies and rules read before they trade.
    """

    name: ModeName
    durable: bool
    records_inputs: bool
    exits_linked_by_venue: bool
    venue_nets: bool
    halts_lift_next_day: bool
    disaster_stop: bool
    warmup_bars: int = 0


MODES: Final[dict[str, Mode]] = {
    mode.name: mode
    for mode in (
        Mode(
            name="backtest",
            durable=False,
            records_inputs=False,
            exits_linked_by_venue=True,
            venue_nets=False,
            halts_lift_next_day=True,
            disaster_stop=False,
        ),
        Mode(
            name="paper",
            durable=True,
            records_inputs=True,
            exits_linked_by_venue=False,
            venue_nets=True,
            halts_lift_next_day=False,
            disaster_stop=True,
            warmup_bars=1_000,
        ),
        Mode(
            name="live",
            durable=True,
            records_inputs=True,
            exits_linked_by_venue=False,
            venue_nets=True,
            halts_lift_next_day=False,
            disaster_stop=True,
            warmup_bars=1_000,
        ),
    )
}
