"""The numbers of the synthetic market: what each symbol and the market as a whole look like."""

from typing import Final

import msgspec


class SymbolModel(msgspec.Struct, frozen=True, kw_only=True):
    """
    Character of one synthetic symbol.

    Parameters
    ----------
    price : float
        First price, USDT; also what the price is drawn back to over many months.
    beta : float
        Share of the market's move that the symbol takes over.
    hourly_volatility : float
        Standard deviation of the symbol's own hourly return, ratio.
    hourly_turnover_usdt : float
        Mean turnover in an average hour.
    """

    price: float
    beta: float
    hourly_volatility: float
    hourly_turnover_usdt: float


SYMBOLS: Final = {
    "BTCUSDT": SymbolModel(price=64_000, beta=0.95, hourly_volatility=0.0022, hourly_turnover_usdt=220e6),
    "ETHUSDT": SymbolModel(price=3_200, beta=1.15, hourly_volatility=0.0035, hourly_turnover_usdt=120e6),
    "SOLUSDT": SymbolModel(price=150, beta=1.35, hourly_volatility=0.0055, hourly_turnover_usdt=45e6),
    "ADAUSDT": SymbolModel(price=0.62, beta=1.25, hourly_volatility=0.0060, hourly_turnover_usdt=7e6),
    "DOTUSDT": SymbolModel(price=6.4, beta=1.20, hourly_volatility=0.0058, hourly_turnover_usdt=4e6),
    "LINKUSDT": SymbolModel(price=15.5, beta=1.20, hourly_volatility=0.0060, hourly_turnover_usdt=6e6),
    "XRPUSDT": SymbolModel(price=0.85, beta=1.05, hourly_volatility=0.0060, hourly_turnover_usdt=20e6),
}
OTHER: Final = SymbolModel(price=10.0, beta=1.1, hourly_volatility=0.006, hourly_turnover_usdt=3e6)
"""What a symbol that has no line of its own looks like."""

MARKET_HOURLY_VOLATILITY: Final = 0.0048
"""Standard deviation of the common hourly return, ratio (about 45 % a year)."""

CLUSTER_HOURS: Final = 24.0
"""Memory of the volatility: a burst has faded to 1/e after this long."""

MAX_VARIANCE: Final = 20.0
"""Highest variance of a burst, in multiples of the mean."""

MAX_STEP: Final = 0.25
"""Largest price change of one step inside a bar, ratio."""

RETURN_HOURS: Final = 4_000.0
"""How long the price takes to come back to its level: months, so that no trend is bent by it."""

USUAL_RANGE: Final = 1.3
"""High minus low of an average bar, in standard deviations of its return."""

JUMPS_PER_DAY: Final = 0.35
MAX_JUMP: Final = 9.0
"""Rate of common jumps, and the largest in hourly standard deviations (Pareto tail below)."""


class Regime(msgspec.Struct, frozen=True):
    """
    A mood of the market.

    Parameters
    ----------
    mean_hours : float
        Mean length.
    drift : float
        Mean hourly return, in hourly standard deviations.
    pull : float
        Share of the distance to the level at its start that is taken back per hour.
    variance : float
        Multiple of the long-run variance.
    following : tuple[int, ...]
        Regimes that may come next, by index; a repeated one is the more likely.
    """

    mean_hours: float
    drift: float
    pull: float
    variance: float
    following: tuple[int, ...]


REGIMES: Final = (
    Regime(36.0, 0.0, 0.10, 0.6, (1, 2, 1, 2, 3)),  # range
    Regime(30.0, 0.22, 0.0, 0.9, (0, 0, 2, 3)),  # rise
    Regime(24.0, -0.24, 0.0, 1.2, (0, 0, 1, 3)),  # fall
    Regime(8.0, -0.05, 0.02, 3.5, (0, 1, 2)),  # stress
)

SEASON: Final = (
    *(0.85, 0.82, 0.80, 0.80, 0.78, 0.78, 0.82, 0.92),
    *(1.00, 1.02, 1.00, 1.00, 1.10, 1.40, 1.50, 1.45),
    *(1.30, 1.20, 1.10, 1.05, 1.00, 0.95, 0.90, 0.87),
)
"""Volatility by UTC hour as a multiple of the mean: quiet Asian night, busy New York morning."""
