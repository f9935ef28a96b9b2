"""Size an entry by what its stop may lose."""

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class SizingLimits:
    """
    Limits of one entry.

    Parameters
    ----------
    risk_pct : Decimal
        Part of the wallet balance that the stop may lose, percent.
    leverage_cap : Decimal
        Largest notional as a multiple of the wallet balance.
    max_notional_usdt : Decimal
        Largest notional in USDT; ``Decimal("Infinity")`` for none.
    """

    risk_pct: Decimal
    leverage_cap: Decimal
    max_notional_usdt: Decimal


def entry_quantity(
    balance_usdt: Decimal, price: Decimal, stop: Decimal, step: Decimal, limits: SizingLimits
) -> Decimal:
    """
    Return the largest quantity whose stop loses no more than the risk allows.

    Parameters
    ----------
    balance_usdt : Decimal
        Wallet balance (closed profit and loss only, so that open profit does not grow the next bet).
    price, stop : Decimal
        Expected entry price and protective stop.
    step : Decimal
        Lot size in base currency.
    limits : SizingLimits
        Risk, leverage and notional limits.

    Returns
    -------
    Decimal
        A multiple of ``step``, rounded down exactly; zero when not even one lot fits, the balance is gone, or
        a very small ATR put the stop on the entry price.
    """
    if balance_usdt <= 0 or price == stop:
        return Decimal(0)
    lots = (balance_usdt * limits.risk_pct) // (100 * abs(price - stop) * step)
    lots = min(lots, (balance_usdt * limits.leverage_cap) // (price * step))
    if limits.max_notional_usdt.is_finite():
        lots = min(lots, limits.max_notional_usdt // (price * step))
    return lots * step
