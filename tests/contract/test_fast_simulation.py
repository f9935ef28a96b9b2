"""The fast simulation gives the fills, fees and final balance of the node, to the last unit."""

import os
import random
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

pytest.importorskip("numba", reason="the fast simulation needs the research extra")

from nautilus_bot.market.candles import COLUMNS, Candles
from nautilus_bot.market.data_catalog import write_bars
from nautilus_bot.market.funding import rate_from_float
from nautilus_bot.market.instruments import build_instrument
from nautilus_bot.market.intervals import bar_type
from nautilus_bot.node.backtest import Simulation
from nautilus_bot.node.spec import StrategySpec
from nautilus_bot.research.fast.parity import mismatches, run_fast, run_on_node
from nautilus_bot.risk.rules.table import RULES
from strategies.kernels.table import KERNELS

REPO = Path(__file__).resolve().parents[2]
SHARED = Path(os.environ.get("BOT_SHARED_DATA", REPO.parent / "shared" / "data"))
QUARTER_NS = 15 * 60 * 1_000_000_000
SYMBOLS = ("BTCUSDT", "ETHUSDT", "SOLUSDT")

NO_RULES = tuple({"rule": name, "enabled": False} for name in RULES)
TIGHT_RULES = (
    {"rule": "min_confidence", "threshold": 0.55},
    {"rule": "throttle", "secs": 1800.0},
    {"rule": "hourly_cap", "per_strategy": 1},
    {"rule": "volatility", "limit_pct": 2.5},
    {"rule": "max_position", "strategy_pct": 190.0},
    {"rule": "exposure", "net": 1.7, "gross": 2.5},
    {"rule": "drawdown_halt", "limit_pct": 3.0},
    {"rule": "daily_loss", "limit_pct": 1.0},
    {"rule": "portfolio_var", "limit_pct": 3.0, "window_hours": 300, "min_history_hours": 100},
)
RULE_SETS = {"no rules": NO_RULES, "default rules": (), "tight rules": TIGHT_RULES}


def real_candles(symbol, start, count):
    path = SHARED / "candles" / f"bybit_linear_{symbol}_15m.parquet"
    if not path.exists():
        pytest.skip(f"no shared candles at {path}")
    table = pq.read_table(path)[start : start + count]
    return Candles(*(table[name].to_numpy().copy() for name in COLUMNS))


def real_funding(symbol):
    path = SHARED / "funding_mark" / f"bybit_linear_{symbol}_funding.parquet"
    if not path.exists():
        pytest.skip(f"no shared funding at {path}")
    table = pq.read_table(path)
    rates = zip(table["ts"].to_pylist(), table["funding_rate"].to_pylist(), strict=True)
    return tuple((ts, str(rate_from_float(rate))) for ts, rate in rates)


def synthetic_candles(count, seed):
    rng = np.random.default_rng(seed)
    volatility = 0.002 * np.exp(np.cumsum(rng.normal(0, 0.03, count)).clip(-1, 1))
    close = np.round(40_000 * np.exp(np.cumsum(rng.normal(0, 1, count) * volatility)), 1)
    opening = np.concatenate([[40_000.0], close[:-1]])
    jumps = rng.random(count) < 0.02
    opening = np.where(jumps, np.round(opening * (1 + rng.normal(0, 0.004, count)), 1), opening)
    spread = np.abs(rng.normal(0, 1, (2, count))) * volatility / 2
    high = np.round(np.maximum(opening, close) * (1 + spread[0]), 1)
    low = np.round(np.minimum(opening, close) * (1 - spread[1]), 1)
    volume = np.round(rng.lognormal(6, 1, count), 3)
    ts_open = 1_700_006_400_000_000_000 + QUARTER_NS * np.arange(count)
    return Candles(ts_open, opening, high, low, close, volume)


def synthetic_funding(candles, seed):
    rng = random.Random(seed)
    eight_hours = 32 * QUARTER_NS
    first = int(candles.ts_open[0]) // eight_hours * eight_hours
    return tuple(
        (ts, str(rate_from_float(rng.gauss(0.0001, 0.0005))))
        for ts in range(first, int(candles.ts_open[-1]), eight_hours)
    )


def with_gaps(candles, rng):
    """Leave out two stretches: one short, one of a day."""
    keep = np.ones(len(candles), dtype=bool)
    for length in (3, 96):
        start = rng.randrange(len(candles) // 4, len(candles) - length)
        keep[start : start + length] = False
    return candles[keep]


def random_parameters(name, rng):
    return {
        p.name: float(rng.randint(int(p.low), int(p.high))) if p.integer else rng.uniform(p.low, p.high)
        for p in KERNELS[name].parameters
    }


def compare(root, symbol, candles, funding, spec, rules, slippage):
    """Run both on the same data catalog; return what differs and how many fills there were."""
    kind = bar_type(symbol, "15m")
    write_bars(root, build_instrument(symbol), kind, candles)
    simulation = Simulation(
        data_catalog=str(root),
        bar_types=(str(kind),),
        start_ns=int(candles.ts_open[0]) + QUARTER_NS,
        end_ns=int(candles.ts_open[-1]) + QUARTER_NS,
        slippage_ticks=slippage,
        funding={str(kind.instrument_id): funding},
    )
    on_node = run_on_node(spec, simulation, rules)
    return mismatches(on_node, run_fast(spec, simulation, rules)), len(on_node.fills)


def spec_of(name, symbol, parameters):
    return StrategySpec(strategy=name, bar_type=str(bar_type(symbol, "15m")), parameters=parameters)


@pytest.mark.parametrize("rules", RULE_SETS)
@pytest.mark.parametrize("name", KERNELS)
def test_node_and_fast_simulation_agree_on_synthetic_candles(name, rules, tmp_path):
    rng = random.Random(f"{name} {rules}")
    candles = with_gaps(synthetic_candles(2_500, seed=rng.randrange(10_000)), rng)
    funding = synthetic_funding(candles, seed=1)
    found, fills = compare(
        tmp_path,
        "BTCUSDT",
        candles,
        funding,
        spec_of(name, "BTCUSDT", {}),
        RULE_SETS[rules],
        slippage=rng.choice([0, 1]),
    )
    assert found == []
    assert fills >= 2


def compare_real(name, symbol, bars, seed, root):
    rng = random.Random(f"{name} {symbol} {seed}")
    candles = real_candles(symbol, rng.randrange(60_000 - bars), bars)
    return compare(
        root,
        symbol,
        with_gaps(candles, rng) if rng.random() < 0.5 else candles,
        real_funding(symbol),
        spec_of(name, symbol, random_parameters(name, rng)),
        RULE_SETS[rng.choice(list(RULE_SETS))],
        slippage=rng.choice([0, 1]),
    )


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("symbol", SYMBOLS)
@pytest.mark.parametrize("name", KERNELS)
def test_node_and_fast_simulation_agree_on_real_candles_and_random_parameters(name, symbol, seed, tmp_path):
    found, _ = compare_real(name, symbol, 2_000, seed, tmp_path)
    assert found == []


@pytest.mark.long
@pytest.mark.skipif(os.environ.get("BOT_LONG_TESTS") != "1", reason="minutes; BOT_LONG_TESTS=1 runs it")
@pytest.mark.parametrize("symbol", SYMBOLS)
@pytest.mark.parametrize("name", KERNELS)
def test_node_and_fast_simulation_agree_on_a_hundred_windows_of_10k_bars(name, symbol, tmp_path):
    total = 0
    for seed in range(100):
        found, fills = compare_real(name, symbol, 10_000, 1_000 + seed, tmp_path / str(seed))
        assert found == []
        total += fills
    assert total > 100
