"""Candles, instrument and funding as the compiled simulation reads them."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from nautilus_bot.core.errors import ConfigError, DataError
from nautilus_bot.market.candles import Candles
from nautilus_bot.market.funding import RATE_DECIMALS, FundingRate
from nautilus_bot.market.instruments import MAKER_FEE, TAKER_FEE, InstrumentFacts
from nautilus_bot.research.fast.money import Sizing, Venue, to_double
from strategies.sizing import SizingLimits

type Ints = NDArray[np.int64]
type Floats = NDArray[np.float64]

MONEY_UNITS = 10**8
LARGEST = 2**63 - 1
GROWTH_ROOM = 1_000
"""Whole-number sizing stays exact until the balance has grown this many times."""


@dataclass(frozen=True, slots=True, eq=False)
class Market:
    """
    One instrument's bars.

    Parameters
    ----------
    ts : Ints, shape (n,)
        Closing time of each bar, ns UTC.
    interval_ns : int
        Length of a bar; a larger step between two bars is a gap.
    points : Ints, shape (n, 4)
        Open, high, low, close in points.
    bars : Floats, shape (n, 5)
        Open, high, low, close, volume as a live strategy sees them (``nautilus_bot.market.bar_values``).
    funding_ts, funding_rates : Ints, shape (k,)
        Settlement times, ns UTC, and rates in 1e-10; empty for none.
    facts : InstrumentFacts
        The instrument.
    """

    ts: Ints
    interval_ns: int
    points: Ints
    bars: Floats
    funding_ts: Ints
    funding_rates: Ints
    facts: InstrumentFacts

    def __len__(self) -> int:
        return len(self.ts)

    def marks(self) -> Floats:
        """Return the closes as the risk gate sees them: Nautilus's own doubles."""
        factor = np.float64(10.0 ** (16 - price_precision(self.facts)))
        return self.points[:, 3].astype(np.float64) * factor / np.float64(1e16)

    def window(self, start: int, stop: int) -> "Market":
        """Return the bars from ``start`` up to ``stop``, with all settlements."""
        return Market(
            self.ts[start:stop],
            self.interval_ns,
            self.points[start:stop],
            self.bars[start:stop],
            self.funding_ts,
            self.funding_rates,
            self.facts,
        )


def build_market(
    candles: Candles, facts: InstrumentFacts, interval_ns: int, funding: Sequence[FundingRate] = ()
) -> Market:
    """
    Put candles on the instrument's grid.

    Parameters
    ----------
    candles : Candles
        One symbol and interval, oldest first.
    facts : InstrumentFacts
        The instrument.
    interval_ns : int
        Length of a candle.
    funding : Sequence[FundingRate]
        Settlements, oldest first; empty when they are left out on purpose.

    Raises
    ------
    DataError
        If there are no candles.
    """
    if len(candles) == 0:
        raise DataError(
            f"{facts.symbol}: a simulation needs candles, found none; import some or widen the range"
        )
    prices = np.column_stack([candles.open, candles.high, candles.low, candles.close])
    points = np.rint(prices * 10.0 ** price_precision(facts)).astype(np.int64)
    units = np.rint(candles.volume * 10.0 ** size_precision(facts)).astype(np.int64)
    bars = np.empty((len(candles), 5))
    bars[:, :4] = points / 10.0 ** price_precision(facts)
    bars[:, 4] = units / 10.0 ** size_precision(facts)
    return Market(
        candles.ts_open + interval_ns,
        interval_ns,
        points,
        bars,
        np.array([one.ts_ns for one in funding], dtype=np.int64),
        np.array([int(one.rate.scaleb(RATE_DECIMALS)) for one in funding], dtype=np.int64),
        facts,
    )


def price_precision(facts: InstrumentFacts) -> int:
    """Return the decimals of the instrument's prices, history included."""
    return _decimals(facts.history_tick or facts.tick)


def size_precision(facts: InstrumentFacts) -> int:
    """Return the decimals of the instrument's quantities."""
    return _decimals(facts.step)


def build_venue(
    facts: InstrumentFacts,
    *,
    slippage_ticks: int = 0,
    taker_fee: Decimal = TAKER_FEE,
    maker_fee: Decimal = MAKER_FEE,
) -> Venue:
    """
    Return what the exchange fixes, as whole numbers.

    Parameters
    ----------
    facts : InstrumentFacts
        The instrument.
    slippage_ticks : int, default 0
        How many ticks worse every order fills.
    taker_fee, maker_fee : Decimal
        Shares of notional.
    """
    price, size = price_precision(facts), size_precision(facts)
    tick_points = _count(facts.tick, price)
    step_units = _count(facts.step, size)
    fee_decimals = max(_decimals(str(taker_fee)), _decimals(str(maker_fee)))
    return Venue(
        price_factor=10.0 ** (16 - price),
        size_factor=10.0 ** (16 - size),
        tick=to_double(tick_points, 10.0 ** (16 - price)),
        tick_points=tick_points,
        step_units=step_units,
        min_lots=-(-_count(facts.min_quantity, size) // step_units),
        max_lots=_count(facts.max_quantity, size) // step_units,
        min_notional=_count(facts.min_notional, price + size),
        taker_rate=int(taker_fee.scaleb(fee_decimals)),
        maker_rate=int(maker_fee.scaleb(fee_decimals)),
        fee_scale=10.0 ** (8 + fee_decimals),
        slippage_points=slippage_ticks * tick_points,
        funding_divisor=10 ** (price + size + RATE_DECIMALS - 8),
        price_scale=10.0**price,
        size_scale=10.0**size,
        notional_scale=10.0 ** (price + size),
    )


def build_sizing(facts: InstrumentFacts, limits: SizingLimits, capital: Decimal) -> Sizing:
    """
    Return the sizing limits as reduced fractions of whole numbers.

    Parameters
    ----------
    facts : InstrumentFacts
        The instrument.
    limits : SizingLimits
        Risk per trade, leverage cap, largest notional.
    capital : Decimal
        Starting balance in USDT.

    Raises
    ------
    ConfigError
        If the numbers would not stay exact in 64 bits.
    """
    grid = 10 ** (price_precision(facts) + size_precision(facts))
    step_units = _count(facts.step, size_precision(facts))
    risk = Fraction(limits.risk_pct) * grid / (100 * MONEY_UNITS * step_units)
    leverage = Fraction(limits.leverage_cap) * grid / (MONEY_UNITS * step_units)
    if limits.max_notional_usdt.is_finite():
        notional = Fraction(limits.max_notional_usdt) * grid / step_units
    else:
        notional = Fraction(-1)
    largest = int(capital * MONEY_UNITS) * max(risk.numerator, leverage.numerator) * GROWTH_ROOM
    if largest > LARGEST:
        raise ConfigError(
            f"capital times risk or leverage must stay exact in 64 bits: {capital} USDT with risk "
            f"{limits.risk_pct} % and leverage cap {limits.leverage_cap} needs {largest:.3g}, limit is "
            f"{LARGEST:.3g}; use fewer decimals or less capital"
        )
    return Sizing(
        risk.numerator,
        risk.denominator,
        leverage.numerator,
        leverage.denominator,
        notional.numerator,
        notional.denominator,
    )


def _decimals(number: str) -> int:
    exponent = Decimal(number).normalize().as_tuple().exponent
    return max(0, -int(exponent))


def _count(number: str, decimals: int) -> int:
    """Return a decimal string as a whole number of 10**-decimals."""
    return int(Decimal(number).scaleb(decimals))
