"""
Why a strategy did not trade at a moment: the kernel is run again over the bars that the run saw.

The answer is what a person would look for, in this order: there was no bar, the indicators were not ready, a
condition was missed (and by how much), the strategy was busy, a rule refused; or it did trade after all.
"""

from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any, Final, Literal

import msgspec
from nautilus_trader.model.data import BarType

from catalog.codec import decode
from catalog.manifest import RunManifest, load_manifest
from catalog.reader import EntryFilter, entries
from catalog.seen_bars import SeenBar, seen_bars
from nautilus_bot.config.bot import BotConfig
from nautilus_bot.core import ids
from nautilus_bot.core.errors import NotFound, did_you_mean
from nautilus_bot.core.messages import ConditionMargin, Indicator, RiskVerdict, Signal
from nautilus_bot.market.instruments import symbol_of
from nautilus_bot.market.intervals import bar_length_ns
from nautilus_bot.node.compose import build_node_spec
from nautilus_bot.node.modes import MODES
from nautilus_bot.node.spec import StrategySpec, build_strategy_config
from strategies.kernels.contract import Decision, Kernel, MutableFloats
from strategies.table import STRATEGIES

type Answer = Literal["no bar", "warming up", "conditions", "busy", "refused", "traded", "unfilled"]

ENDED: Final = ("OrderFilled", "OrderCanceled", "OrderExpired", "OrderDenied", "OrderRejected")


class SideMargins(msgspec.Struct, frozen=True):
    """The margins of all conditions of one direction; negative ones were missed."""

    side: Literal["BUY", "SELL"]
    margins: tuple[ConditionMargin, ...]

    @property
    def missed(self) -> tuple[ConditionMargin, ...]:
        """Return the conditions that were not met."""
        return tuple(one for one in self.margins if one.margin < 0)


class Silence(msgspec.Struct, frozen=True, kw_only=True):
    """
    What happened at a moment, and why it was no trade.

    Parameters
    ----------
    answer : Answer
        Kind of the reason.
    sentence : str
        The reason for a person.
    bar : SeenBar | None
        The last closed bar at that moment, which the decision rests on.
    bars_seen, warmup_bars : int
        Bars since the last gap, and how many the indicators need.
    indicators : tuple[Indicator, ...]
        As the kernel had them.
    sides : tuple[SideMargins, ...]
        The nearer direction first; empty while nothing can be known.
    held : str
        The strategy's position then, signed, base currency.
    signal : Signal | None
        The signal of that bar, where there was one.
    verdict : RiskVerdict | None
        What risk said of its order.
    """

    run_id: str
    strategy: str
    strategy_id: str
    symbol: str
    at_ns: int
    answer: Answer
    sentence: str
    bar: SeenBar | None = None
    bars_seen: int = 0
    warmup_bars: int = 0
    indicators: tuple[Indicator, ...] = ()
    sides: tuple[SideMargins, ...] = ()
    held: str = "0"
    signal: Signal | None = None
    verdict: RiskVerdict | None = None


def explain(folder: Path, strategy: str, symbol: str, at_ns: int) -> Silence:
    """
    Explain what a strategy did, or left, at a moment.

    Parameters
    ----------
    folder : Path
        The run's folder.
    strategy : str
        Class name, or its beginning.
    symbol : str
        E.g. ``BTCUSDT``.
    at_ns : int
        Market time, ns UTC.

    Raises
    ------
    NotFound
        If the run has no such strategy on such a symbol.
    DataError
        If the data catalog no longer holds what the run read.
    """
    manifest = load_manifest(folder)
    spec, strategy_id = _instance(manifest, strategy, symbol)
    series = BarType.from_str(spec.bar_type)
    kernel = STRATEGIES[spec.strategy].kernel
    bars = [bar for bar in seen_bars(folder, series) if bar.ts <= at_ns]
    account = _Account(folder, strategy_id)
    told: dict[str, Any] = {
        "run_id": manifest.run_id,
        "strategy": spec.strategy,
        "strategy_id": strategy_id,
        "symbol": symbol.upper(),
        "at_ns": at_ns,
    }
    if not bars or at_ns - bars[-1].ts >= bar_length_ns(series):
        return Silence(**told, answer="no bar", sentence=_no_bar(bars), bar=bars[-1] if bars else None)
    params = _parameters(kernel, spec)
    state, decision, count = _evaluate(kernel, params, bars, bar_length_ns(series))
    evaluated: dict[str, Any] = {
        "bar": bars[-1],
        "bars_seen": count,
        "warmup_bars": kernel.warmup_bars(params),
        "indicators": tuple(Indicator(name, state[slot]) for name, slot in kernel.indicators),
        "sides": _sides(kernel, state),
        "held": account.held(bars[-1].ts),
        "signal": account.signal_at(bars[-1].ts),
    }
    evaluated["verdict"] = account.verdict_of(evaluated["signal"])
    found = Silence(**told, **evaluated, answer="conditions", sentence="")
    answer, sentence = _conclude(found, decision, account)
    return msgspec.structs.replace(found, answer=answer, sentence=sentence)


def _conclude(found: Silence, decision: Decision, account: "_Account") -> tuple[Answer, str]:
    if found.bar is not None and found.bar.warmup:
        return "no bar", "the run had not begun to trade: this bar belongs to the history it read first"
    if found.signal is not None:
        return _of_signal(found, account)
    if found.bars_seen <= found.warmup_bars and decision.side == 0.0:
        return "warming up", (
            f"its indicators were not ready: {found.bars_seen} bars seen, the first decision needs more than "
            f"{found.warmup_bars}"
        )
    if decision.side == 0.0:
        return "conditions", _missed(found)
    side = "BUY" if decision.side > 0 else "SELL"
    busy = account.busy_with(found.bar.ts) if found.bar is not None else ""
    if Decimal(found.held):
        return (
            "busy",
            f"all conditions for a {side} were met, but it already held {found.held} {found.symbol}",
        )
    return "busy", f"all conditions for a {side} were met, but {busy or 'it was busy with its last trade'}"


def _of_signal(found: Silence, account: "_Account") -> tuple[Answer, str]:
    signal, verdict = found.signal, found.verdict
    assert signal is not None
    if verdict is not None and not verdict.approved:
        return "refused", (
            f"it proposed to {signal.side} ({signal.signal_id}), and the rule {verdict.rule!r} refused: "
            f"{verdict.reason}"
        )
    if account.filled(signal.signal_id):
        word = "closed its position" if signal.closes else f"did {signal.side}"
        return "traded", f"it {word}: see `nautilus-bot why {signal.signal_id}`"
    return "unfilled", (
        f"it proposed to {signal.side} and risk approved, but the order never filled: "
        f"see `nautilus-bot why {signal.signal_id}`"
    )


def _missed(found: Silence) -> str:
    nearest = found.sides[0]
    total = len(nearest.margins)
    words = [f"{one.name!r} by {abs(one.margin):.4g} {one.unit}" for one in nearest.missed]
    return (
        f"nearest to a {nearest.side}, {total - len(words)} of {total} conditions were met; "
        f"it missed {', '.join(words)}"
    )


def _no_bar(bars: Sequence[SeenBar]) -> str:
    return (
        "the run saw no bar then; its last one before had closed earlier"
        if bars
        else "the run saw no bar before that time"
    )


def _evaluate(
    kernel: Kernel, params: tuple[float, ...], bars: Sequence[SeenBar], length_ns: int
) -> tuple[MutableFloats, Decision, int]:
    """Run the kernel as the strategy does: over all bars, anew after a gap."""
    state, last, count = kernel.new_state(), 0, 0
    answer = (0.0, 0.0, 0.0, 0.0)
    for bar in bars:
        if last and bar.ts - last > length_ns:
            state, count = kernel.new_state(), 0
        last, count = bar.ts, count + 1
        answer = kernel.step(state, bar.ohlcv(), params)
    return state, Decision(*answer), count


def _sides(kernel: Kernel, state: MutableFloats) -> tuple[SideMargins, ...]:
    named = kernel.conditions
    both = (
        SideMargins("BUY", tuple(ConditionMargin(c.name, state[c.long_slot], c.unit) for c in named)),
        SideMargins("SELL", tuple(ConditionMargin(c.name, state[c.short_slot], c.unit) for c in named)),
    )
    return tuple(sorted(both, key=lambda side: (len(side.missed), -sum(one.margin for one in side.missed))))


class _Account:
    """What a strategy instance did, from the journal."""

    def __init__(self, folder: Path, strategy_id: str) -> None:
        self._signals: dict[int, Signal] = {}
        self._verdicts: dict[str, RiskVerdict] = {}
        self._changes: list[tuple[int, Decimal]] = []
        self._filled: set[str] = set()
        self._entries: dict[str, list[int]] = {}
        for entry in entries(folder, where=EntryFilter(strategy=strategy_id)):
            if entry.strategy_id != strategy_id:
                continue
            role = ids.role_of(entry.client_order_id)
            if entry.type == "Signal":
                signal = decode(entry.type, entry.version, entry.payload)
                self._signals.setdefault(signal.ts_event, signal)
            elif entry.type == "RiskVerdict" and role in (ids.ENTRY, ids.CLOSE):
                self._verdicts[entry.correlation_id] = decode(entry.type, entry.version, entry.payload)
            elif entry.type == "OrderFilled":
                self._fill(entry.ts_market, decode(entry.type, entry.version, entry.payload))
            if role == ids.ENTRY and entry.type in ("OrderInitialized", *ENDED):
                self._entries.setdefault(entry.client_order_id, []).append(entry.ts_market)

    def _fill(self, ts: int, event: Any) -> None:
        quantity = event.last_qty.as_decimal()
        sign = 1 if event.is_buy else -1
        self._changes.append((ts, sign * quantity))
        self._filled.add(ids.signal_of(event.client_order_id.value))

    def held(self, ts: int) -> str:
        """Return the signed position before anything was done at ``ts``."""
        total = sum((change for when, change in self._changes if when < ts), Decimal(0))
        return f"{total.normalize():f}"

    def signal_at(self, ts: int) -> Signal | None:
        return self._signals.get(ts)

    def verdict_of(self, signal: Signal | None) -> RiskVerdict | None:
        return self._verdicts.get(signal.signal_id) if signal is not None else None

    def filled(self, signal_id: str) -> bool:
        return signal_id in self._filled

    def busy_with(self, ts: int) -> str:
        for name, times in self._entries.items():
            if times[0] < ts and (len(times) == 1 or times[-1] >= ts):
                return f"its entry {name} was still in flight"
        return ""


def _instance(manifest: RunManifest, strategy: str, symbol: str) -> tuple[StrategySpec, str]:
    config = msgspec.convert(manifest.config, BotConfig)
    mode = MODES["backtest" if manifest.mode == "replay" else manifest.mode]
    spec = build_node_spec(config, mode, manifest.session)
    named = [one for one in spec.strategies if one.strategy.lower().startswith(strategy.lower())]
    names = {one.strategy for one in named}
    if len(names) != 1:
        known = {one.strategy for one in spec.strategies}
        raise NotFound(
            f"--strategy must name one strategy of run {manifest.run_id}, was {strategy!r}; "
            f"{did_you_mean(strategy, names or known)}"
        )
    for one in named:
        config_of = build_strategy_config(one, mode, manifest.session, STRATEGIES[one.strategy])
        if symbol_of(config_of.bar_type.instrument_id) == symbol.upper():
            return one, f"{one.strategy}-{config_of.order_id_tag}"
    symbols = [one.bar_type.partition("-")[0] for one in named]
    raise NotFound(
        f"{named[0].strategy} must trade --symbol in run {manifest.run_id}, {symbol!r} it does not; "
        f"{did_you_mean(symbol, symbols)}"
    )


def _parameters(kernel: Kernel, spec: StrategySpec) -> tuple[float, ...]:
    values = kernel.defaults() | spec.parameters
    return tuple(float(values[one.name]) for one in kernel.parameters)
