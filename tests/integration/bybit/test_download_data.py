"""``download-data`` against the simulated Bybit, as the user runs it: a process, its exit code, one line."""

import asyncio
import json
import os
import sys
from decimal import Decimal

import pytest

from adapters.bybit_simulator.klines import KlineSeries
from nautilus_bot.market.data_catalog import load_candles
from nautilus_bot.market.funding import load_funding
from nautilus_bot.market.instruments import instrument_id
from nautilus_bot.market.intervals import bar_type
from nautilus_bot.market.synthetic_store import ensure_synthetic

FIRST_MS = 1_735_689_600_000
MINUTE_MS = 60_000
BARS = 30_000
MINUTES = bar_type("BTCUSDT", "1m")
RANGE = ("--timerange", "20250101-20250120")
IN_RANGE = 20 * 1_440


@pytest.fixture(scope="session")
def history(minute_bars):
    return {"BTCUSDT": minute_bars(BARS)}


async def start(root, *words):
    env = os.environ | {"BOT_DATA_CATALOG": str(root)}
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "nautilus_bot.cli.main", "download-data", "-p", "BTCUSDT", *words),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=env,
    )


async def run(root, *words):
    """Return exit code, stdout and stderr."""
    process = await start(root, *words)
    out, err = await asyncio.wait_for(process.communicate(), 200)
    return process.returncode, out.decode(), err.decode()


async def download(root, *words):
    code, out, err = await run(root, *words, "--json")
    assert code == 0, out + err
    return json.loads(out)


async def test_a_killed_download_ends_with_the_same_bars_as_an_undisturbed_one(exchanges, history, tmp_path):
    exchange = await exchanges(history)
    words = ("--url", exchange.url, "-i", "1m", *RANGE)
    whole = await download(tmp_path / "whole", *words)
    assert (whole["bars"][0]["rows"], whole["bars"][0]["new_rows"]) == (IN_RANGE, IN_RANGE)

    slow = await exchange.fault(kind="latency", delay_ms=120, channels=["rest"])
    killed = tmp_path / "killed"
    process = await start(killed, *words)
    async with asyncio.timeout(200):
        while not list(killed.glob("data/bar/*/*.parquet")):
            await asyncio.sleep(0.01)
    process.kill()
    await process.communicate()
    exchange.simulator.venue.faults.stop(slow)
    stored = len(load_candles(killed, MINUTES))
    assert 0 < stored < IN_RANGE

    resumed = await download(killed, *words)
    assert (resumed["bars"][0]["rows"], resumed["bars"][0]["new_rows"]) == (IN_RANGE, IN_RANGE - stored)
    assert load_candles(killed, MINUTES).equals(load_candles(tmp_path / "whole", MINUTES))
    assert (await download(killed, *words))["bars"][0]["new_rows"] == 0


async def test_years_before_the_first_candle_are_not_asked_for(exchanges, history, tmp_path, monkeypatch):
    exchange = await exchanges(history)
    asked = []
    page = KlineSeries.page
    monkeypatch.setattr(KlineSeries, "page", lambda *words: asked.append(words[1:3]) or page(*words))
    whole = await download(tmp_path, "--url", exchange.url, "-i", "1m")
    assert whole["bars"][0]["rows"] == BARS - 1
    assert len(asked) < 40, "thirty pages hold all candles, five years of nothing are two thousand"


async def test_the_candle_that_is_still_forming_is_left_out(exchanges, minute_bars, tmp_path):
    exchange = await exchanges({"BTCUSDT": minute_bars(1_003)})
    done = await download(tmp_path, "--url", exchange.url, "-i", "1m", "-i", "5m", "--timerange", "20250101-")
    assert [one["rows"] for one in done["bars"]] == [1_002, 200]
    last = load_candles(tmp_path, bar_type("BTCUSDT", "5m")).ts_open[-1]
    assert last == (FIRST_MS + 995 * MINUTE_MS) * 1_000_000


async def test_holes_of_the_venue_are_counted_and_filled_when_it_has_them(exchanges, minute_bars, tmp_path):
    holes = (700, 701, 1_500)
    broken = await exchanges({"BTCUSDT": minute_bars(3_000, holes)})
    words = ("-i", "1m", "--timerange", "20250101-20250102")
    (series,) = (await download(tmp_path, "--url", broken.url, *words))["bars"]
    assert (series["rows"], series["gaps"], series["missing_bars"]) == (2_877, 2, 3)
    assert series["first_missing_ts"] == (FIRST_MS + 701 * MINUTE_MS) * 1_000_000

    whole = await exchanges({"BTCUSDT": minute_bars(3_000)})
    (series,) = (await download(tmp_path, "--url", whole.url, *words))["bars"]
    assert (series["rows"], series["new_rows"], series["gaps"]) == (2_880, 3, 0)


async def test_a_rate_limit_that_ends_is_waited_for(exchanges, history, tmp_path):
    exchange = await exchanges(history)
    await exchange.fault(kind="rate_limit_storm", operations=["/v5/market/kline"], times=3)
    await exchange.fault(kind="http_502", operations=["/v5/market/kline"], times=2)
    done = await download(tmp_path, "--url", exchange.url, "-i", "1m", "--timerange", "20250101-20250102")
    assert done["bars"][0]["rows"] == 2_880


async def test_a_rate_limit_that_does_not_end_is_one_line(exchanges, history, tmp_path):
    exchange = await exchanges(history)
    await exchange.fault(kind="rate_limit_storm", operations=["/v5/market/kline"])
    code, out, err = await run(tmp_path, "--url", exchange.url, "--give-up-after", "1.5")
    assert (code, out) == (1, "")
    assert "must be accepted within 1.5 s" in err
    assert "10006" in err
    assert len(err.splitlines()) == 1


async def test_a_wrong_symbol_is_one_line(exchanges, history, tmp_path):
    exchange = await exchanges(history)
    code, out, err = await run(tmp_path, "--url", exchange.url, "-p", "BTCUSD")
    assert (code, out, len(err.splitlines())) == (2, "", 1)
    assert "'BTCUSD'" in err


async def test_a_dead_host_is_one_line(tmp_path):
    code, out, err = await run(tmp_path, "--url", "http://127.0.0.1:9")
    assert (code, out, len(err.splitlines())) == (1, "", 1)
    assert "http://127.0.0.1:9 must be reachable" in err


async def test_the_simulated_venue_without_an_address_says_what_to_give(tmp_path):
    code, _, err = await run(tmp_path)
    assert code == 4
    assert "--url" in err
    assert "--environment mainnet" in err


async def test_history_displaces_a_synthetic_market(exchanges, history, tmp_path):
    ensure_synthetic(tmp_path, 1, 2, ["BTCUSDT"], interval="1m")
    exchange = await exchanges(history)
    done = await download(tmp_path, "--url", exchange.url, "-i", "1m", "--timerange", "20250101-20250101")
    assert done["bars"][0]["displaced"] == [str(MINUTES)]
    assert load_candles(tmp_path, MINUTES).close[0] == history["BTCUSDT"][0][4]


async def test_funding_rates_are_paged_and_stored(exchanges, history, tmp_path):
    exchange = await exchanges(history)
    settled = exchange.simulator.venue.board.market("BTCUSDT").funding_history
    settled.extend((FIRST_MS + 8 * 3_600_000 * n, Decimal(f"0.000{n % 9 + 1}")) for n in range(450))
    words = ("--url", exchange.url, "-i", "1h", "--timerange", "20250101-20250520", "--funding")
    (done,) = (await download(tmp_path, *words))["funding"]
    assert (done["rows"], done["new_rows"]) == (420, 420)
    assert [str(one.rate) for one in load_funding(tmp_path, instrument_id("BTCUSDT"))[:2]] == [
        "0.0001",
        "0.0002",
    ]
    assert (await download(tmp_path, *words))["funding"][0]["new_rows"] == 0
