"""
Bybit's USDT perpetuals as Nautilus instruments.

The facts (tick, lot, limits, leverage) stand in ``instruments.json``; ``read_instruments_info`` takes more of
them from an answer of Bybit's ``/v5/market/instruments-info``. Prices of an instrument have the precision of
the finest tick its history ever had (``history_tick``), while ``price_increment`` is today's tick: old
candles keep their exact prices and new orders stay on a grid that the venue accepts today.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any, Final

import msgspec
from nautilus_trader.model.currencies import USDT
from nautilus_trader.model.identifiers import InstrumentId, Symbol, Venue
from nautilus_trader.model.instruments import CryptoPerpetual
from nautilus_trader.model.objects import Currency, Money, Price, Quantity

from nautilus_bot.core.errors import DataError, NotFound, did_you_mean

BYBIT: Final = Venue("BYBIT")
TAKER_FEE: Final = Decimal("0.00055")
MAKER_FEE: Final = Decimal("0.0002")

_TABLE: Final = Path(__file__).with_name("instruments.json")


class InstrumentFacts(msgspec.Struct, frozen=True, kw_only=True):
    """
    What Bybit says of one linear perpetual; numbers are decimal strings as the venue writes them.

    Parameters
    ----------
    symbol, base : str
        E.g. ``BTCUSDT`` and ``BTC``; quoted and settled in USDT.
    tick, min_price, max_price : str
        Price grid of today's orders and its ends, USDT.
    history_tick : str, default ""
        Finest tick of older prices; empty when it never changed.
    step, min_quantity, max_quantity : str
        Order quantity in base currency.
    min_notional : str
        Smallest order value, USDT.
    max_leverage : str
        Highest leverage of the lowest risk tier.
    funding_interval_mins : int, default 480
        Minutes between two funding settlements.
    """

    symbol: str
    base: str
    tick: str
    min_price: str
    max_price: str
    step: str
    min_quantity: str
    max_quantity: str
    min_notional: str
    max_leverage: str
    history_tick: str = ""
    funding_interval_mins: int = 480


@cache
def load_facts() -> Mapping[str, InstrumentFacts]:
    """Return our table of instruments by symbol."""
    rows = msgspec.json.decode(_TABLE.read_bytes(), type=list[InstrumentFacts])
    return {row.symbol: row for row in rows}


def known_symbols() -> tuple[str, ...]:
    """Return the symbols of our table, in its order."""
    return tuple(load_facts())


def facts_of(symbol: str) -> InstrumentFacts:
    """
    Return the facts of a symbol.

    Raises
    ------
    NotFound
        If the symbol is not in our table.
    """
    facts = load_facts().get(symbol)
    if facts is None:
        raise NotFound(
            f"a symbol must be one of the known Bybit USDT perpetuals, was {symbol!r} in {_TABLE.name}; "
            f"{did_you_mean(symbol, load_facts())}"
        )
    return facts


def instrument_id(symbol: str) -> InstrumentId:
    """Return the Nautilus id of a linear perpetual, e.g. ``BTCUSDT-LINEAR.BYBIT``."""
    return InstrumentId(Symbol(f"{symbol}-LINEAR"), BYBIT)


def symbol_of(of: InstrumentId) -> str:
    """Return the venue's symbol of an instrument id, e.g. ``BTCUSDT``."""
    return str(of.symbol.value).removesuffix("-LINEAR")


def history_tick(symbol: str) -> Decimal:
    """Return the finest price step in a symbol's history, USDT."""
    facts = facts_of(symbol)
    return Decimal(facts.history_tick or facts.tick)


def build_instrument(symbol: str) -> CryptoPerpetual:
    """
    Return the Nautilus instrument of a symbol in our table.

    Raises
    ------
    NotFound
        If the symbol is not in our table.
    """
    return instrument_from_facts(facts_of(symbol))


def instrument_from_facts(facts: InstrumentFacts) -> CryptoPerpetual:
    """
    Return the Nautilus instrument that the facts describe.

    Notes
    -----
    Margins are those of the lowest risk tier: initial 1 / leverage, maintenance half of it.
    """
    tick, step = Decimal(facts.tick), Decimal(facts.step)
    price_precision = _decimals(Decimal(facts.history_tick or facts.tick))
    size_precision = _decimals(step)
    margin_init = 1 / Decimal(facts.max_leverage)
    lot = Quantity(step, size_precision)
    return CryptoPerpetual(
        instrument_id=instrument_id(facts.symbol),
        raw_symbol=Symbol(facts.symbol),
        base_currency=Currency.from_str(facts.base),
        quote_currency=USDT,
        settlement_currency=USDT,
        is_inverse=False,
        price_precision=price_precision,
        size_precision=size_precision,
        price_increment=Price(tick, price_precision),
        size_increment=lot,
        lot_size=lot,
        max_quantity=Quantity(Decimal(facts.max_quantity), size_precision),
        min_quantity=Quantity(Decimal(facts.min_quantity), size_precision),
        min_notional=Money(Decimal(facts.min_notional), USDT),
        max_price=Price(Decimal(facts.max_price), price_precision),
        min_price=Price(Decimal(facts.min_price), price_precision),
        margin_init=margin_init,
        margin_maint=margin_init / 2,
        maker_fee=MAKER_FEE,
        taker_fee=TAKER_FEE,
        ts_event=0,
        ts_init=0,
        info={"funding_interval_mins": facts.funding_interval_mins, "max_leverage": facts.max_leverage},
    )


def read_instruments_info(payload: Mapping[str, Any]) -> Sequence[InstrumentFacts]:
    """
    Return the linear USDT perpetuals of an ``instruments-info`` answer.

    Parameters
    ----------
    payload : Mapping[str, Any]
        Bybit's answer, decoded: ``{"retCode": 0, "result": {"list": [...]}}``.

    Raises
    ------
    DataError
        If the answer has not the fields of Bybit's documentation.
    """
    try:
        rows = payload["result"]["list"]
        return [_facts_from_row(row) for row in rows if _is_usdt_perpetual(row)]
    except (KeyError, TypeError) as e:
        raise DataError(
            f"an instruments-info answer must have Bybit's V5 fields, {e} is missing or wrong"
        ) from e


def _is_usdt_perpetual(row: Mapping[str, Any]) -> bool:
    return row.get("contractType") == "LinearPerpetual" and row.get("settleCoin", "USDT") == "USDT"


def _facts_from_row(row: Mapping[str, Any]) -> InstrumentFacts:
    prices, lots = row["priceFilter"], row["lotSizeFilter"]
    return InstrumentFacts(
        symbol=row["symbol"],
        base=row["baseCoin"],
        tick=prices["tickSize"],
        min_price=prices["minPrice"],
        max_price=prices["maxPrice"],
        step=lots["qtyStep"],
        min_quantity=lots["minOrderQty"],
        max_quantity=lots["maxOrderQty"],
        min_notional=lots["minNotionalValue"],
        max_leverage=row["leverageFilter"]["maxLeverage"],
        funding_interval_mins=int(row["fundingInterval"]),
    )


def _decimals(step: Decimal) -> int:
    exponent = step.normalize().as_tuple().exponent
    assert isinstance(exponent, int), f"a step is finite, was {step}"
    return max(0, -exponent)
