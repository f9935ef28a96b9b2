"""Paper mode on relayed prices: a second simulated Bybit stands in for the real one."""

import asyncio
import json
import os
import sys
from contextlib import closing
from pathlib import Path

from adapters.bybit.rest import BybitRest
from adapters.bybit_simulator.config import BybitSimulatorConfig
from adapters.bybit_simulator.launch import start_simulator
from catalog.codec import decode
from catalog.reader import EntryFilter, entries
from catalog.verify import verify_run
from nautilus_bot.core.messages import MarketMarked, WarmupBars

CONFIGS = Path(__file__).parents[3] / "configs"
PATIENCE_SECS = 240.0
TRADING_SECS = "6"
BTC = "BTCUSDT-LINEAR.BYBIT"
RECORDED = EntryFilter(types=("MarketMarked", "WarmupBars"))


async def test_paper_trades_on_the_prices_and_the_history_of_the_relayed_venue(tmp_path: Path) -> None:
    # another seed than that of paper's own market: its prices cannot be mistaken for these
    mainnet = await start_simulator(BybitSimulatorConfig(symbols=("BTCUSDT", "ETHUSDT", "SOLUSDT"), seed=77))
    try:
        paper = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "nautilus_bot.cli.main", "paper", "-c", str(CONFIGS), "--json"),
            *("--prices", "relay", "--relay-ws", mainnet.ws_url, "--relay-http", mainnet.http_url),
            *("--duration", TRADING_SECS, "--control-port", "0", "--metrics-port", "-1"),
            cwd=tmp_path,
            env=os.environ | {"BOT_RUN_DIR": str(tmp_path / "run")},
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        said, errors = await asyncio.wait_for(paper.communicate(), PATIENCE_SECS)
        assert paper.returncode == 0, errors.decode()
        with closing(BybitRest.public(mainnet.http_url)) as rest:
            closes = {float(one.close) for one in await asyncio.to_thread(rest.klines, "BTCUSDT", "15")}
        trades = mainnet.venue.exchange.recent_trades("BTCUSDT", 100_000)
    finally:
        await mainnet.stop()
    run = tmp_path / "var/events/runs" / json.loads(said)["run_id"]
    assert verify_run(run).ok
    recorded = [decode(one.type, one.version, one.payload) for one in entries(run, where=RECORDED)]
    histories = [one for one in recorded if isinstance(one, WarmupBars) and one.instrument_id == BTC]
    marks = [one.price for one in recorded if isinstance(one, MarketMarked) and one.instrument_id == BTC]
    known = {row[4] for one in histories if "-15-MINUTE" in one.bar_type for row in one.rows}
    assert known
    assert known <= closes
    assert marks
    low, high = (float(bound(one.price for one in trades)) for bound in (min, max))
    assert low * 0.999 < min(marks) <= max(marks) < high * 1.001
