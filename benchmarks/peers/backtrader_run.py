"""
The EMA cross on backtrader, in the peers' environment: ``python backtrader_run.py ARRAYS.npy BARS [tuned]``.

Stands alone: neither this project nor Nautilus is importable there. As its documentation shows it (a pandas
feed, ``bt.ind.EMA``, vectorised indicators, no observers), filled at the close of the signal's bar
(cheat-on-close), 0.055 % fee. ``tuned`` replaces feed and indicator by hand-written ones: what somebody who
knows backtrader's inside gets out of it.
"""

import datetime as dt
import json
import resource
import sys
import time
import warnings

warnings.simplefilter("ignore", SyntaxWarning)

import backtrader as bt  # noqa: E402  its escapes warn on a first import
import numpy as np  # noqa: E402
import pandas as pd  # noqa: E402

FAST, SLOW, SIZE = 10, 30, 0.1
FEE = 0.00055
CAPITAL = 10_000_000.0
COLUMNS = ["open", "high", "low", "close", "volume"]
EPOCH = bt.date2num(dt.datetime(1970, 1, 1))  # noqa: DTZ001  backtrader's dates are naive


class TunedEma(bt.Indicator):
    """A mean in one tight loop, without backtrader's layers."""

    lines = ("ema",)
    params = (("period", 10),)

    def once(self, _start, end):
        source, target = self.data.array, self.lines.ema.array
        alpha = 2.0 / (self.p.period + 1)
        value = target[0] = source[0]
        for i in range(1, end):
            value += alpha * (source[i] - value)
            target[i] = value


class TunedFeed(bt.feed.DataBase):
    """Columns of an array as lists; the stock feeds look every field up by name."""

    params = (("table", None),)

    def start(self):
        super().start()
        self.row = 0
        days = self.p.table[:, 0] / 86_400e9 + EPOCH
        self.columns = [days.tolist(), *(self.p.table[:, i].tolist() for i in range(1, 6))]

    def _load(self):
        row = self.row
        if row == len(self.columns[0]):
            return False
        lines, columns = self.lines, self.columns
        lines.datetime[0], lines.open[0], lines.high[0] = columns[0][row], columns[1][row], columns[2][row]
        lines.low[0], lines.close[0], lines.volume[0] = columns[3][row], columns[4][row], columns[5][row]
        lines.openinterest[0] = 0.0
        self.row = row + 1
        return True


class EmaCross(bt.Strategy):
    """Turn at every cross of the averages."""

    params = (("average", bt.ind.EMA),)

    def __init__(self):
        self.fast = self.p.average(self.data.close, period=FAST)
        self.slow = self.p.average(self.data.close, period=SLOW)
        self.side = 0
        self.orders_sent = 0

    def next(self):
        if len(self) <= SLOW:
            return
        side = 1 if self.fast[0] > self.slow[0] else -1
        if side == self.side:
            return
        size = SIZE if self.side == 0 else 2 * SIZE
        self.side = side
        self.orders_sent += 1
        if side > 0:
            self.buy(size=size)
        else:
            self.sell(size=size)


def pandas_feed(table):
    index = pd.to_datetime(table[:, 0].astype(np.int64))
    return bt.feeds.PandasData(dataname=pd.DataFrame(table[:, 1:], columns=COLUMNS, index=index))


def main():
    bars, tuned = int(sys.argv[2]), "tuned" in sys.argv
    table = np.load(sys.argv[1])[:bars]
    cerebro = bt.Cerebro(stdstats=False, runonce=True)
    cerebro.broker.setcash(CAPITAL)
    cerebro.broker.set_coc(True)
    cerebro.broker.setcommission(commission=FEE, leverage=10.0)
    cerebro.adddata(TunedFeed(table=table, timeframe=bt.TimeFrame.Minutes) if tuned else pandas_feed(table))
    cerebro.addstrategy(EmaCross, average=TunedEma if tuned else bt.ind.EMA)
    wall, cpu = time.perf_counter(), time.process_time()
    (strategy,) = cerebro.run()
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    result = {
        "engine": "backtrader, tuned" if tuned else "backtrader",
        "bars": bars,
        "wall_secs": wall,
        "cpu_secs": cpu,
        "orders": strategy.orders_sent,
        "pnl_usdt": cerebro.broker.getvalue() - CAPITAL,
        "rss_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main()
