"""
Trials of the volatility breakout on a peer, in the peers' environment.

``python optimiser_run.py backtrader|vectorbt ARRAYS.npy TRIALS``; prints one line of JSON. ``arrays`` holds
opening times (ns) and open, high, low, close, volume. backtrader calls this project's decision kernel, which
is plain Python without any import beyond the standard library; vectorbt gets the same conditions written with
pandas, as it is used. Fills at the close of the signal's bar, stop and target from the next bar on, an
opposite signal closes, 0.055 % fee, 0.1 BTC.
"""

# ruff: noqa: PLC0415  each process imports the engine that it measures, and no other

import json
import resource
import sys
import tempfile
import time
import warnings
from pathlib import Path

warnings.simplefilter("ignore")

import numpy as np  # noqa: E402
import pandas as pd  # noqa: E402

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

FEE = 0.00055
SIZE = 0.1
CAPITAL = 1_000_000.0
COLUMNS = ["open", "high", "low", "close", "volume"]
SPACE = {
    "lookback": (8, 96, 2),
    "multiplier": (1.0, 5.0, 0.1),
    "expansion": (0.0, 3.0, 0.1),
    "stop_atr": (1.0, 6.0, 0.25),
    "target_atr": (1.0, 12.0, 0.25),
}
CHECK = {"lookback": 20, "multiplier": 2.0, "expansion": 1.0, "stop_atr": 2.0, "target_atr": 3.0}
"""Parameters on which the engines' trades are counted."""


def search(evaluate, trials):
    """Run stock Optuna, stored in SQLite as its documentation shows it; return seconds and CPU seconds."""
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)

    def objective(trial):
        parameters = {
            name: trial.suggest_int(name, low, high, step=step)
            if name == "lookback"
            else trial.suggest_float(name, low, high, step=step)
            for name, (low, high, step) in SPACE.items()
        }
        return evaluate(parameters)[1]

    with tempfile.TemporaryDirectory() as folder:
        sampler = optuna.samplers.TPESampler(seed=1)
        study = optuna.create_study(
            storage=f"sqlite:///{folder}/study.db", direction="maximize", sampler=sampler
        )
        begun, cpu = time.perf_counter(), time.process_time()
        study.optimize(objective, n_trials=trials)
        return time.perf_counter() - begun, time.process_time() - cpu


def on_backtrader(table):
    import backtrader as bt

    from strategies.kernels.volatility_breakout import STATE_SIZE, step

    index = pd.to_datetime(table[:, 0].astype(np.int64))
    frame = pd.DataFrame(table[:, 1:], columns=COLUMNS, index=index)

    class Breakout(bt.Strategy):
        params = (("kernel", ()),)

        def __init__(self):
            self.state = [0.0] * STATE_SIZE
            self.exits = []
            self.trades = 0

        def next(self):
            data = self.data
            bar = (data.open[0], data.high[0], data.low[0], data.close[0], data.volume[0])
            side, _, stop, target = step(self.state, bar, self.p.kernel)
            held = self.position.size
            if held and side * held < 0.0:
                for order in self.exits:
                    self.cancel(order)
                self.close()
            elif not held and side:
                order = self.buy if side > 0 else self.sell
                leave = self.sell if side > 0 else self.buy
                self.trades += 1
                order(size=SIZE)
                first = leave(size=SIZE, exectype=bt.Order.Stop, price=stop)
                self.exits = [first, leave(size=SIZE, exectype=bt.Order.Limit, price=target, oco=first)]

    def evaluate(parameters):
        cerebro = bt.Cerebro(stdstats=False)
        cerebro.broker.setcash(CAPITAL)
        cerebro.broker.set_coc(True)
        cerebro.broker.setcommission(commission=FEE, leverage=10.0)
        cerebro.adddata(bt.feeds.PandasData(dataname=frame))
        cerebro.addstrategy(Breakout, kernel=tuple(float(parameters[name]) for name in SPACE))
        (strategy,) = cerebro.run()
        return strategy.trades, cerebro.broker.getvalue() - CAPITAL

    return evaluate


def on_vectorbt(table, count):
    """Return seconds, CPU seconds and trades of a grid: many parameters as one wide array."""
    import vectorbt as vbt

    frame = pd.DataFrame(table[:, 1:], columns=COLUMNS, index=pd.to_datetime(table[:, 0].astype(np.int64)))
    previous = frame.close.shift(1)
    reach = np.maximum(frame.high, previous) - np.minimum(frame.low, previous)

    def signals(parameters):
        length = parameters["lookback"]
        mean = frame.close.rolling(length).mean().shift(1)
        atr = reach.ewm(alpha=1.0 / length, adjust=False).mean()
        before = atr.shift(1)
        upper = mean + parameters["multiplier"] * before
        lower = mean - parameters["multiplier"] * before
        wide = reach / before >= parameters["expansion"]
        longs = wide & (frame.close >= upper) & (previous <= upper.shift(1))
        shorts = wide & (frame.close <= lower) & (previous >= lower.shift(1))
        distance = before / frame.close
        return longs, shorts, distance * parameters["stop_atr"], distance * parameters["target_atr"]

    def grid(sets):
        longs, shorts, stops, targets = (
            np.column_stack([part.to_numpy() for part in column])
            for column in zip(*(signals(one) for one in sets), strict=True)
        )
        return vbt.Portfolio.from_signals(
            pd.DataFrame(np.repeat(frame.close.to_numpy()[:, None], len(sets), axis=1), index=frame.index),
            entries=longs,
            short_entries=shorts,
            sl_stop=stops,
            tp_stop=targets,
            open=frame.open.to_numpy()[:, None],
            high=frame.high.to_numpy()[:, None],
            low=frame.low.to_numpy()[:, None],
            size=SIZE,
            fees=FEE,
            init_cash=CAPITAL,
            upon_opposite_entry="close",
            freq="1min",
        )

    def result(sets):
        made = grid(sets)
        return made.trades.count(), made.total_profit()

    rng = np.random.default_rng(1)
    sets = [
        {
            name: low + step * rng.integers(0, round((high - low) / step) + 1)
            for name, (low, high, step) in SPACE.items()
        }
        for _ in range(count)
    ]
    for one in sets:
        one["lookback"] = int(one["lookback"])
    trades = int(np.asarray(result([CHECK, CHECK])[0])[0])  # and compile
    begun, cpu = time.perf_counter(), time.process_time()
    result(sets)
    return time.perf_counter() - begun, time.process_time() - cpu, trades


def main():
    engine, path, trials = sys.argv[1], sys.argv[2], int(sys.argv[3])
    table = np.load(path)
    found = {"engine": engine, "trials": trials}
    if engine == "backtrader":
        evaluate = on_backtrader(table)
        found["trades"] = evaluate(CHECK)[0]
        found["secs"], found["cpu_secs"] = search(evaluate, trials)
    else:
        found["secs"], found["cpu_secs"], found["trades"] = on_vectorbt(table, trials)
    found["rss_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(json.dumps(found))


if __name__ == "__main__":
    main()
