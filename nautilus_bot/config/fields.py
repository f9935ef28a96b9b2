"""The kinds of number and text that configuration fields hold."""

from typing import Annotated, Literal

from msgspec import Meta

PositiveFloat = Annotated[float, Meta(gt=0)]
NonNegativeFloat = Annotated[float, Meta(ge=0)]
NonNegativeInt = Annotated[int, Meta(ge=0)]
PositiveInt = Annotated[int, Meta(gt=0)]
Percent = Annotated[float, Meta(gt=0, le=100)]
Perpetual = Annotated[str, Meta(pattern="^[A-Z0-9]{2,20}USDT$")]
"""A linear USDT perpetual in Bybit's spelling, e.g. ``BTCUSDT``."""

Symbol = str
"""One of the venue's ``symbols``; a stranger is refused when the files are compared."""

Timeframe = Literal["1m", "5m", "15m", "1h"]
EvaluateOn = Literal["bar_close", "peek"]
Environment = Literal["mainnet", "testnet", "demo", "simulated"]
Severity = Literal["info", "warning", "error", "critical"]
