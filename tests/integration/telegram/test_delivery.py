"""From an entry of a real journal to a message at a Bot API server: the real library, real failures."""

import asyncio
import time
from collections.abc import Callable

from monitoring.telegram.policy import Noise, Policy
from monitoring.telegram.sender import Sender, SenderLimits
from nautilus_bot.core.messages import RiskVerdict, RuleCheck
from tests.integration.telegram.beside import until
from tests.integration.telegram.bot_api_server import (
    CHAT,
    BotApiServer,
    bad_gateway,
    hang_up,
    too_many,
)
from tests.integration.telegram.conftest import Recording


def refusal(number: int) -> RiskVerdict:
    return RiskVerdict(
        ts_event=number,
        client_order_id=f"S-{number}-E",
        signal_id=f"S-{number}",
        strategy="RSIEMAMomentumStrategy",
        strategy_id="RSIEMAMomentumStrategy-RE_BTCUSDT_15m",
        instrument_id="BTCUSDT-LINEAR.BYBIT",
        approved=False,
        role="E",
        rule="min_confidence",
        reason="confidence 0.50 < 0.60",
        checks=(RuleCheck("min_confidence", False, 0.6, 0.5, "ratio"),),
    )


async def test_what_the_bot_records_arrives_in_the_chat(
    recording: Recording, api: BotApiServer, attach: Callable[..., Sender]
) -> None:
    attach()
    recording.append(refusal(1))
    recording.notice("critical", "no stop on BTCUSDT")
    await until(lambda: len(api.sent) == 2)
    by_sound = {message["disable_notification"]: message for message in api.sent}
    assert "no stop on BTCUSDT" in by_sound["false"]["text"]
    told = by_sound["true"]["text"]
    assert "<b>min_confidence</b> (0.5 / 0.6 ratio)" in told
    assert "confidence 0.50 &lt; 0.60" in told
    assert {message["chat_id"] for message in api.sent} == {str(CHAT)}


async def test_critical_messages_arrive_in_order_and_once_after_the_server_was_down(
    recording: Recording, api: BotApiServer, attach: Callable[..., Sender]
) -> None:
    attach()
    await api.stop()
    texts = [f"number {number:02}" for number in range(12)]
    for text in texts[:6]:
        recording.notice("critical", text)
    recording.append(refusal(1))
    refused = await refused_connections(api.port)
    assert refused
    recording.notice("critical", *texts[6:])
    await api.start()
    await until(lambda: texts[-1] in "".join(api.texts) and "min_confidence" in "".join(api.texts))
    told = "\n".join(api.texts)
    assert [told.count(text) for text in texts] == [1] * len(texts)
    assert sorted(texts, key=told.index) == texts
    assert "repetition" not in told


async def refused_connections(port: int) -> bool:
    """Return whether the port really refuses, after the sender had time to run into it."""
    await asyncio.sleep(0.5)
    try:
        await asyncio.open_connection("127.0.0.1", port)
    except ConnectionRefusedError:
        return True
    return False


async def test_asked_to_wait_it_waits_and_a_bad_gateway_is_no_end(
    recording: Recording, api: BotApiServer, attach: Callable[..., Sender]
) -> None:
    api.faults.extend([too_many(1), bad_gateway, hang_up])
    attach()
    recording.notice("critical", "first", "second")
    await until(lambda: len(api.sent) == 2)
    assert ["first" in api.texts[0], "second" in api.texts[1]] == [True, True]
    # an answer that never came leaves a doubt, which is told
    assert ["repetition" in text for text in api.texts] == [True, False]


async def test_a_flood_is_summed_up_and_nothing_critical_is_lost_in_it(
    recording: Recording, api: BotApiServer, attach: Callable[..., Sender]
) -> None:
    attach(limits=SenderLimits(per_minute=60))
    critical = [f"critical {number}" for number in range(10)]
    begun = time.monotonic()
    for number in range(1_000):
        recording.append(refusal(number))
        if number % 100 == 50:
            recording.notice("critical", critical[number // 100])
            await asyncio.sleep(0.05)
    await until(lambda: counted(api) >= 1_000 and critical[-1] in "\n".join(api.texts))
    assert counted(api) == 1_000
    told = "\n".join(api.texts)
    assert [told.count(text) for text in critical] == [1] * 10
    assert sorted(critical, key=told.index) == critical
    # a quarter of a minute's messages at once and one a second, and room for what is critical
    assert len(api.sent) <= max(40.0, 15 + len(critical) + time.monotonic() - begun)


def counted(api: BotApiServer) -> int:
    """Return how many refusals the messages stand for."""
    single = sum("Refused by" in text for text in api.texts)
    summed = sum(
        int(text.split("min_confidence ")[1].split(")")[0]) for text in api.texts if "in one" in text
    )
    return single + summed


async def test_what_is_switched_off_or_too_slight_is_not_told(
    recording: Recording, api: BotApiServer, attach: Callable[..., Sender]
) -> None:
    attach(Policy(min_severity="warning", noise=Noise(error="off")))
    recording.append(refusal(1))
    recording.notice("info", "slight")
    recording.notice("error", "off")
    recording.notice("warning", "last")
    recording.notice("critical", "always")
    await until(lambda: len(api.sent) == 2)
    assert sorted(text.split()[-1] for text in api.texts) == ["always", "last"]


async def test_a_new_run_of_the_bot_is_picked_up(
    recording: Recording, api: BotApiServer, attach: Callable[..., Sender]
) -> None:
    attach()
    recording.notice("critical", "in the first run")
    recording.restart()
    recording.notice("critical", "in the second run")
    await until(lambda: len(api.sent) == 3)
    told = "\n".join(api.texts)
    assert "in the first run" in told
    assert "in the second run" in told
    assert f"started: run {recording.run.run_id}" in told
