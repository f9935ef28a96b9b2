"""
Bybit's refusals: the code and the text that the exchange answers when it does not do what was asked.

Codes are those of Bybit's V5 error table; texts follow the exchange's own answers, which are often more
precise than the table.
"""

from enum import IntEnum

from nautilus_bot.core.errors import VenueError


class Code(IntEnum):
    """The ``retCode`` values that the engine answers."""

    BAD_REQUEST = 10001
    ORDER_NOT_EXISTS = 110001
    PRICE_OUT_OF_RANGE = 110003
    INSUFFICIENT_BALANCE = 110007
    TOO_MANY_STOP_ORDERS = 110009
    LEVERAGE_OVER_LIMIT = 110013
    REDUCE_ONLY = 110017
    TOO_MANY_ORDERS = 110020
    POSITION_MODE_NOT_MODIFIED = 110025
    HEDGE_MODE_NOT_SUPPORTED = 110029
    LEVERAGE_NOT_MODIFIED = 110043
    TPSL_IN_FULL_MODE = 110060
    QTY_BELOW_FILLED = 110064
    DUPLICATE_LINK_ID = 110072
    MARGIN_MODE_FAILED = 110073
    OVER_RISK_LIMIT = 110090
    EXPECT_RISING = 110092
    EXPECT_FALLING = 110093
    NOTIONAL_TOO_LOW = 110094
    NO_LIQUIDITY = 110118
    BUY_PRICE_TOO_HIGH = 30208
    SELL_PRICE_TOO_LOW = 30209
    NOT_MODIFIED = 34040


class Refused(VenueError):
    """
    The simulated exchange refuses a request.

    Parameters
    ----------
    code : int
        Bybit's ``retCode``.
    message : str
        Bybit's ``retMsg``.
    """

    def __init__(self, code: int, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = int(code)
        self.message = message


def bad_request(message: str) -> Refused:
    """Return the refusal of a parameter that cannot be right (10001)."""
    return Refused(Code.BAD_REQUEST, message)
