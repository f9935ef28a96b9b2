"""
Print what the fast simulation costs per bar, beside a bare loop of the same kernel and exits.

The bare loop is what one would write for speed alone: kernel, market entry, stop and target in floats; no
fees, no rounding to ticks and lots, no sizing, no funding, no risk rules, no equity.

Usage: python -m benchmarks.fast_simulation [CANDLES.parquet]
"""

import os
import sys
import time
from decimal import Decimal
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq

from nautilus_bot.market.candles import COLUMNS, Candles
from nautilus_bot.market.funding import FundingRate, rate_from_float
from nautilus_bot.market.instruments import facts_of
from nautilus_bot.research.fast.compile import compile_function
from nautilus_bot.research.fast.engine import FastSimulation
from nautilus_bot.research.fast.market import build_market
from strategies.kernels.table import KERNELS
from strategies.sizing import SizingLimits

REPO = Path(__file__).resolve().parents[1]
SHARED = Path(os.environ.get("BOT_SHARED_DATA", REPO.parent / "shared" / "data"))
DEFAULT = SHARED / "candles" / "binance_usdm_BTCUSDT_1m.parquet"
FUNDING = SHARED / "funding_mark" / "bybit_linear_BTCUSDT_funding.parquet"
BARS = 45_000
REPEATS = 21


def step(_state, _bar, _params):
    raise AssertionError("the kernel takes this place when the loop is compiled")


def bare_loop(bars, state, params):
    """Return the number of trades and the price moves won, in float prices."""
    side = stop = target = entry = won = 0.0
    trades = 0
    for i in range(len(bars)):
        if side != 0.0:
            price = 0.0
            if side > 0.0:
                if bars[i, 0] <= stop:
                    price = bars[i, 0]
                elif bars[i, 1] >= target:
                    price = target
                elif bars[i, 2] <= stop:
                    price = stop
            elif bars[i, 0] >= stop:
                price = bars[i, 0]
            elif bars[i, 0] <= target:
                price = target
            elif bars[i, 1] >= stop:
                price = stop
            elif bars[i, 2] <= target:
                price = target
            if price > 0.0:
                won += side * (price - entry)
                side = 0.0
                trades += 1
        wanted, _, stop_price, target_price = step(
            state, (bars[i, 0], bars[i, 1], bars[i, 2], bars[i, 3], bars[i, 4]), params
        )
        if side != 0.0:
            if wanted * side < 0.0:
                won += side * (bars[i, 3] - entry)
                side = 0.0
                trades += 1
        elif wanted != 0.0:
            side, entry, stop, target = wanted, bars[i, 3], stop_price, target_price
    return trades, won


def best_ns(call, bars):
    """Return the best of some repeats, ns per bar: the one that was least disturbed."""
    times = []
    for _ in range(REPEATS):
        started = time.perf_counter_ns()
        call()
        times.append(time.perf_counter_ns() - started)
    return min(times) / bars


def load(path):
    table = pq.read_table(path)[:BARS]
    candles = Candles(*(table[name].to_numpy().copy() for name in COLUMNS))
    interval_ns = int(np.diff(candles.ts_open).min())
    funding = []
    if FUNDING.exists():
        rates = pq.read_table(FUNDING).to_pydict()
        pairs = zip(rates["ts"], rates["funding_rate"], strict=True)
        funding = [FundingRate(ts, rate_from_float(rate)) for ts, rate in pairs]
    return build_market(candles, facts_of("BTCUSDT"), interval_ns, funding)


def main(argv):
    path = Path(argv[0]) if argv else DEFAULT
    market = load(path)
    limits = SizingLimits(Decimal("0.5"), Decimal(3), Decimal(30_000))
    print(f"{path.name}, {len(market)} bars, all rules on, best of {REPEATS}\n")
    print("| strategy | trades | bare, ns/bar | fast simulation, ns/bar | times | trials/s | first use, s |")
    print("|---|---|---|---|---|---|---|")
    for name, kernel in KERNELS.items():
        params = tuple(float(value) for value in kernel.defaults().values())
        started = time.perf_counter()
        simulation = FastSimulation(name, market, limits)
        result = simulation.run(params)
        first = time.perf_counter() - started
        bare = compile_function(bare_loop, {"step": kernel.step})
        bare(market.bars, np.zeros(kernel.state_size), params)
        bare_ns = best_ns(
            lambda b=bare, k=kernel, p=params: b(market.bars, np.zeros(k.state_size), p), len(market)
        )
        fast_ns = best_ns(lambda s=simulation, p=params: s.run(p), len(market))
        rate = 1e9 / (fast_ns * len(market))
        print(
            f"| {name} | {len(result.rows)} | {bare_ns:.1f} | {fast_ns:.1f} | {fast_ns / bare_ns:.2f} "
            f"| {rate:.0f} | {first:.2f} |"
        )


if __name__ == "__main__":
    main(sys.argv[1:])
