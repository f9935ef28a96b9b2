"""Scenarios: which signals are injected, and when."""

from typing import Final

import msgspec

from nautilus_bot.core.errors import NotFound, did_you_mean
from nautilus_bot.core.messages import Side


class Injection(msgspec.Struct, frozen=True):
    """
    One injected signal.

    Parameters
    ----------
    after_secs : float
        Wall time since the scenario began.
    symbol : str
        E.g. ``ETHUSDT``.
    side : Side
        Opens when the injected ledger is flat or on this side, else closes it.
    confidence : float, default 0.9
        What the signal claims.
    """

    after_secs: float
    symbol: str
    side: Side
    confidence: float = 0.9


class Scenario(msgspec.Struct, frozen=True):
    """
    A named sequence of injections.

    Parameters
    ----------
    name, summary : str
        What it is called and what it shows.
    injections : tuple[Injection, ...]
        In time order.
    """

    name: str
    summary: str
    injections: tuple[Injection, ...]

    @property
    def length_secs(self) -> float:
        """Wall time from its begin to its last injection."""
        return self.injections[-1].after_secs


def _every(start: float, step: float, *named: tuple[str, Side]) -> tuple[Injection, ...]:
    return tuple(Injection(start + step * i, symbol, side) for i, (symbol, side) in enumerate(named))


SCENARIOS: Final[dict[str, Scenario]] = {
    scenario.name: scenario
    for scenario in (
        Scenario(
            "qa6",
            "three buys, then three sells that close them",
            _every(
                10.0,
                5.0,
                ("ETHUSDT", "BUY"),
                ("BTCUSDT", "BUY"),
                ("SOLUSDT", "BUY"),
                ("ETHUSDT", "SELL"),
                ("BTCUSDT", "SELL"),
                ("SOLUSDT", "SELL"),
            ),
        ),
        Scenario(
            "limits",
            "a second entry within the throttle, then one more than the hourly cap allows (at speed 1)",
            (
                *_every(
                    2.0,
                    2.0,
                    ("ETHUSDT", "BUY"),
                    ("ETHUSDT", "SELL"),
                    ("ETHUSDT", "BUY"),
                    ("BTCUSDT", "BUY"),
                    ("BTCUSDT", "SELL"),
                    ("SOLUSDT", "BUY"),
                    ("SOLUSDT", "SELL"),
                ),
                Injection(50.0, "ETHUSDT", "BUY"),
            ),
        ),
    )
}


def scenario(name: str) -> Scenario:
    """
    Return a scenario by name.

    Raises
    ------
    NotFound
        If there is none of that name.
    """
    found = SCENARIOS.get(name)
    if found is None:
        raise NotFound(f"no scenario {name!r}; {did_you_mean(name, SCENARIOS)}")
    return found
