"""
How much of one run the recorder and the rules took, timed within it.

Two runs of the same backtest differ by a tenth on a shared machine, so a run with a part less one without
says little; the shares of one run repeat to half a percent. What the parts cost others, by the caches that
they use, is not in it. The clocks themselves take about a fifth of a microsecond a call.
"""

import time
from collections.abc import Callable
from typing import Any, Final

from catalog.capture import Recorder
from catalog.journal import Journal
from nautilus_bot.risk.gate import RiskGate
from nautilus_bot.risk.watch import MarketWatch

RECORDER: Final = "recorder"
RULES: Final = "rules"
TIMED: Final[tuple[tuple[str, type, tuple[str, ...]], ...]] = (
    (
        RECORDER,
        Recorder,
        (
            "on_order_event",
            "on_position_event",
            "on_account_state",
            "on_signal",
            "on_verdict",
            "on_command",
            "before_leaving",
        ),
    ),
    (RECORDER, Journal, ("close",)),
    (RULES, RiskGate, ("_ask_rules",)),
    (RULES, MarketWatch, ("_ask_watchers", "on_verdict")),
)


class Attribution:
    """Nanoseconds of wall time by part, from ``install`` on."""

    def __init__(self) -> None:
        self.spent: dict[str, int] = {RECORDER: 0, RULES: 0}

    def install(self) -> None:
        """Put a clock around every entrance of the parts; for a process that measures and ends."""
        for part, owner, names in TIMED:
            for name in names:
                setattr(owner, name, self._timed(part, getattr(owner, name)))
        make = Recorder._fact_handler
        Recorder._fact_handler = lambda this, prefix: self._timed(  # type: ignore[method-assign]
            RECORDER, make(this, prefix)
        )

    def _timed(self, part: str, method: Callable[..., Any]) -> Callable[..., Any]:
        now, spent = time.perf_counter_ns, self.spent

        def timed(*args: Any, **options: Any) -> Any:
            begun = now()
            try:
                return method(*args, **options)
            finally:
                spent[part] += now() - begun

        return timed
