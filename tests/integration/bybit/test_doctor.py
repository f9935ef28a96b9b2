"""The doctor beside a venue that answers: clock and key, judged over the real pybit."""

import asyncio
from pathlib import Path

import pytest

from nautilus_bot.config.loader import load_config
from nautilus_bot.process.doctor.surroundings import Surroundings
from nautilus_bot.process.doctor.venue import check_clock, check_keys, check_venue

CONFIGS = Path(__file__).parents[3] / "configs"


def around(url, key="SIMULATED", secret="SIMULATED"):
    environ = {
        "BOT_VENUE__ADDRESSES__REST_URL": url,
        "BYBIT_API_KEY": key,
        "BYBIT_API_SECRET": secret,
    }
    return Surroundings(mode="live", config=load_config(CONFIGS, environ), environ=environ)


async def look(check, surroundings):
    return await asyncio.to_thread(lambda: [(said.verdict, said.text) for said in check(surroundings)])


async def test_a_venue_that_answers_and_a_key_that_may_trade_are_well(exchanges):
    here = around((await exchanges()).url)
    assert [verdict for verdict, _ in await look(check_venue, here)] == ["ok"]
    assert [verdict for verdict, _ in await look(check_clock, here)] == ["ok"]
    (found,) = await look(check_keys, here)
    assert found == ("ok", "simulated Bybit: trade Order, Position; wallet no")


async def test_a_key_that_the_venue_does_not_know_fails(exchanges):
    (found,) = await look(check_keys, around((await exchanges()).url, secret="WRONG"))
    assert found[0] == "fail"


@pytest.mark.parametrize(
    ("offset_ms", "verdict", "word"),
    [
        (6_000, "fail", "behind"),
        (3_500, "warn", "behind"),
        (-1_500, "fail", "ahead"),
        (-750, "warn", "ahead"),
    ],
)
async def test_a_clock_beyond_what_the_venue_accepts_is_told(exchanges, offset_ms, verdict, word):
    exchange = await exchanges()
    await exchange.fault(kind="clock_skew", offset_ms=offset_ms)
    (found,) = await look(check_clock, around(exchange.url))
    assert found[0] == verdict
    assert word in found[1]
