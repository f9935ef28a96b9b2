"""
One process of a shared study, as another machine would run it.

Usage: python worker.py URL STUDY N_TRIALS [stuck]. A stuck one says so in its second batch and never returns.
"""

import sys
import time
from decimal import Decimal
from pathlib import Path

from nautilus_bot.market.instruments import facts_of
from nautilus_bot.market.intervals import interval_ns
from nautilus_bot.market.synthetic import synthetic_candles
from nautilus_bot.research.fast.market import build_market
from nautilus_bot.research.optimize.fingerprint import build_fingerprint
from nautilus_bot.research.optimize.objective import Leg, Objective
from nautilus_bot.research.optimize.shared_study import SharedStudy
from nautilus_bot.research.optimize.space import load_space
from nautilus_bot.research.optimize.study import StudySettings
from strategies.sizing import SizingLimits

STRATEGY = "VolatilityBreakoutStrategy"
CONFIGS = Path(__file__).parents[3] / "configs"
START_NS = 1_704_067_200 * 1_000_000_000


class Stuck(Objective):
    """Evaluates a few parameters, then hangs."""

    def evaluate(self, parameters, *, slices=0):
        if len(SEEN) >= 4:
            print("stuck", flush=True)
            time.sleep(600)
        SEEN.append(parameters)
        return super().evaluate(parameters, slices=slices)


SEEN = []


def main(url, name, n_trials, kind=""):
    length = interval_ns("15m")
    candles = synthetic_candles(3, ["BTCUSDT"], length, START_NS, 2_000)["BTCUSDT"]
    market = build_market(candles, facts_of("BTCUSDT"), length)
    leg = Leg(STRATEGY, market, SizingLimits(Decimal("0.5"), Decimal(3), Decimal(30_000)))
    objective = (Stuck if kind else Objective)((leg,), (), Decimal(10_000))
    distributions = load_space(CONFIGS, STRATEGY).distributions()
    settings = StudySettings(n_trials=int(n_trials), batch=4, prune=False)
    fingerprint = build_fingerprint(objective, distributions, settings, {})
    study = SharedStudy(url, name, settings, fingerprint, heartbeat_secs=1, grace_secs=20)
    print("made", study.run(objective, distributions, lambda batch, best: None), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
