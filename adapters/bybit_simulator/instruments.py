"""The linear USDT perpetuals that the simulated exchange lists, with Bybit's filters."""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from types import MappingProxyType
from typing import Final

import msgspec

from nautilus_bot.core.errors import NotFound, did_you_mean


class LinearInstrument(msgspec.Struct, frozen=True, kw_only=True):
    """
    One linear perpetual settled in USDT.

    Parameters
    ----------
    symbol, base_coin : str
        E.g. ``BTCUSDT`` and ``BTC``.
    tick_size, min_price, max_price : Decimal
        Price grid and bounds, USDT.
    qty_step, min_order_qty, max_order_qty, max_market_qty : Decimal
        Quantity grid and bounds, base coin.
    min_notional : Decimal
        Smallest order value, USDT.
    max_leverage, leverage_step : Decimal
        Leverage is between 1 and ``max_leverage``.
    maintenance_ratio : Decimal
        Maintenance margin as a ratio of the position's value (first risk tier).
    risk_limit_value : Decimal
        Largest position value, USDT.
    price_limit_ratio : Decimal
        How far above (buy) or below (sell) the mark a limit price may be, as a ratio.
    taker_fee_rate, maker_fee_rate : Decimal
        Ratios of the executed value.
    liquidation_fee_rate : Decimal
        Ratio of the value taken over in a liquidation, paid to the insurance fund.
    funding_interval_mins : int
        Minutes between funding settlements.
    """

    symbol: str
    base_coin: str
    tick_size: Decimal
    qty_step: Decimal
    min_order_qty: Decimal
    max_order_qty: Decimal
    max_market_qty: Decimal
    min_price: Decimal
    max_price: Decimal
    min_notional: Decimal = Decimal(5)
    max_leverage: Decimal = Decimal(100)
    leverage_step: Decimal = Decimal("0.01")
    maintenance_ratio: Decimal = Decimal("0.005")
    risk_limit_value: Decimal = Decimal(2_000_000)
    price_limit_ratio: Decimal = Decimal("0.05")
    taker_fee_rate: Decimal = Decimal("0.00055")
    maker_fee_rate: Decimal = Decimal("0.0002")
    liquidation_fee_rate: Decimal = Decimal("0.0006")
    funding_interval_mins: int = 480
    quote_coin: str = "USDT"
    settle_coin: str = "USDT"
    launch_ms: int = 1_585_526_400_000

    @property
    def price_scale(self) -> int:
        """Number of decimals in a price."""
        exponent = self.tick_size.normalize().as_tuple().exponent
        return max(0, -int(exponent))


def linear_instrument(
    symbol: str, tick: str, step: str, max_qty: str, leverage: str = "75"
) -> LinearInstrument:
    """
    Return a perpetual from the five numbers in which symbols differ.

    Parameters
    ----------
    symbol : str
        Ends with ``USDT``.
    tick, step, max_qty, leverage : str
        Price tick (USDT), quantity step and largest quantity (base coin), largest leverage.

    Returns
    -------
    LinearInstrument
        Minimum quantity is one step, a market order may have 40 % of the largest quantity.
    """
    size, lot = Decimal(tick), Decimal(step)
    largest = Decimal(max_qty)
    return LinearInstrument(
        symbol=symbol,
        base_coin=symbol.removesuffix("USDT"),
        tick_size=size,
        qty_step=lot,
        min_order_qty=lot,
        max_order_qty=largest,
        max_market_qty=(largest * 2 / 5 // lot) * lot,
        min_price=size,
        max_price=size * 19_999_998,
        max_leverage=Decimal(leverage),
    )


LISTED: Final[tuple[LinearInstrument, ...]] = (
    linear_instrument("BTCUSDT", "0.10", "0.001", "1190.000", "100"),
    linear_instrument("ETHUSDT", "0.01", "0.01", "7240.00", "100"),
    linear_instrument("SOLUSDT", "0.010", "0.1", "79770.0", "100"),
    linear_instrument("XRPUSDT", "0.0001", "0.1", "2500000.0"),
    linear_instrument("ADAUSDT", "0.0001", "1", "3000000"),
    linear_instrument("DOGEUSDT", "0.00001", "1", "15000000"),
    linear_instrument("DOTUSDT", "0.0001", "0.1", "300000.0"),
    linear_instrument("LINKUSDT", "0.001", "0.1", "100000.0"),
    linear_instrument("AVAXUSDT", "0.001", "0.1", "100000.0"),
    linear_instrument("BNBUSDT", "0.10", "0.01", "20000.00"),
    linear_instrument("LTCUSDT", "0.01", "0.1", "50000.0"),
)


def listed_instruments(symbols: Iterable[str] | None = None) -> Mapping[str, LinearInstrument]:
    """
    Return the listed perpetuals by symbol.

    Parameters
    ----------
    symbols : Iterable[str] | None
        Which ones, in the caller's order; None for all.

    Returns
    -------
    Mapping[str, LinearInstrument]
        Read-only, keyed by Bybit's symbol.

    Raises
    ------
    NotFound
        If a symbol is not listed.
    """
    by_symbol = {instrument.symbol: instrument for instrument in LISTED}
    wanted = tuple(by_symbol if symbols is None else symbols)
    for symbol in wanted:
        if symbol not in by_symbol:
            raise NotFound(
                f"symbol {symbol!r} is not listed by the simulator; {did_you_mean(symbol, by_symbol)}"
            )
    return MappingProxyType({symbol: by_symbol[symbol] for symbol in wanted})
