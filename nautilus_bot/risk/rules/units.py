"""Ranges that rule limits are declared with."""

from typing import Annotated

from msgspec import Meta

type UnitInterval = Annotated[float, Meta(ge=0.0, le=1.0)]
type Positive = Annotated[float, Meta(gt=0.0)]
type NotNegative = Annotated[float, Meta(ge=0.0)]
type Percent = Annotated[float, Meta(gt=0.0, le=100.0)]
type Count = Annotated[int, Meta(ge=1)]
type Hours = Annotated[int, Meta(ge=2, le=1440)]
