"""What a terminal shows."""

from decimal import Decimal
from math import nan

import pytest
from rich.console import Console

from nautilus_bot.research.backtest.benchmark import Benchmark
from nautilus_bot.research.backtest.result import BacktestResult
from nautilus_bot.research.backtest.rows import Row
from nautilus_bot.research.backtest.table import render_result


def row(strategy, symbol, **changes):
    values = {
        "strategy": strategy,
        "symbol": symbol,
        "return_pct": -12.5,
        "pnl_usdt": Decimal(-1250),
        "trades": 12,
        "open_trades": 1,
        "win_rate_pct": 33.3,
        "max_drawdown_pct": 14.2,
        "sharpe": -1.25,
        "sortino": nan,
        "profit_factor": 0.8,
        "exposure_pct": 51.0,
        "fees_usdt": Decimal(1000),
        "funding_usdt": Decimal(-50),
        "signals": 40,
        "executed": 13,
        "refused": {"throttle": 20, "exposure": 7},
    }
    return Row(**(values | changes))


@pytest.fixture
def result():
    name = "EMABreakoutConservativeStrategy"
    return BacktestResult(
        run_id="backtest-x",
        event_catalog="var/events/runs/backtest-x",
        market="synthetic, seed 1",
        timeframes=("15m",),
        first_bar="2025-01-01T00:00:00Z",
        last_bar="2025-02-02T00:00:00Z",
        bars=3072,
        content_hashes={},
        capital_usdt=Decimal(10_000),
        final_balance_usdt=Decimal(8_750),
        final_equity_usdt=8_760.0,
        overall=row("all", "all"),
        by_strategy=(row(name, "all"),),
        by_symbol=(row("all", "BTCUSDT"),),
        rows=(row(name, "BTCUSDT"),),
        benchmark=(Benchmark(symbol="all", return_pct=5.0, max_drawdown_pct=9.0, sharpe=0.4),),
        halts={"daily_loss": 2},
        gaps=0,
        notes=("SOLUSDT: no funding rates",),
        decisions_digest="f" * 64,
        seconds=2.0,
        bars_per_second=1536.0,
        report="var/reports/backtest-x.html",
    )


def shown(result, width=80):
    console = Console(width=width, force_terminal=False)
    with console.capture() as capture:
        console.print(render_result(result))
    return capture.get()


def test_nothing_is_cut_off_in_eighty_columns(result):
    text = shown(result)
    assert "…" not in text
    assert max(map(len, text.splitlines())) <= 80


def test_every_figure_is_there(result):
    text = shown(result)
    line = next(line for line in text.splitlines() if "BTCUSDT" in line)
    assert line.split() == ["BTCUSDT", "-12.50", "12", "33.3", "14.20", "-1.25", "-", "0.80", "51.0"]
    assert "throttle" in text
    assert "2 times by daily_loss" in text
    assert "-200.00 USDT by price, -1,000.00 fees, -50.00 funding" in text
    assert "missing        SOLUSDT: no funding rates" in text
    assert "f" * 64 in text
