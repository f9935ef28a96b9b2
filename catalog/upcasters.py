"""
Steps that lift a payload of an old schema to the next one.

To change a schema: raise its number in ``catalog.codec.VERSIONS`` and add the step from the former version
here, beside a test with a payload as it used to be written. Steps are never removed.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from nautilus_bot.core.errors import EventCatalogError

type Upcaster = Callable[[Any], Any]
"""Takes the plain payload of a version, returns that of the next."""
type Upcasters = Mapping[tuple[str, int], Upcaster]
"""Step by message type and the version it starts from."""

UPCASTERS: Final[Upcasters] = {}


def upcast(name: str, version: int, current: int, plain: Any, upcasters: Upcasters) -> Any:
    """
    Lift a plain payload through every step from ``version`` to ``current``.

    Raises
    ------
    EventCatalogError
        If the payload is newer than this program, or a step is missing.
    """
    if version > current:
        raise EventCatalogError(
            f"{name} must have schema version {current} or older, found {version}: "
            "the run was written by a newer release; update this one"
        )
    for step in range(version, current):
        upcaster = upcasters.get((name, step))
        if upcaster is None:
            raise EventCatalogError(f"no upcaster lifts {name} from version {step} to {step + 1}")
        plain = upcaster(plain)
    return plain
