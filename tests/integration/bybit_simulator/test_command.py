"""``nautilus-bot simulator`` as a process: where it listens, how it stops, what it says when it cannot."""

import asyncio
import json
import signal
import socket
import sys

import aiohttp
import pytest

# The function by itself, so that this does not depend on the table of commands.
PROGRAM = (
    "import sys, typer\n"
    "from nautilus_bot.cli.simulator import simulator\n"
    "from nautilus_bot.core.errors import BotError\n"
    "app = typer.Typer()\n"
    "app.command()(simulator)\n"
    "try:\n"
    "    app(standalone_mode=False)\n"
    "except BotError as error:\n"
    "    sys.exit(f'error: {error}')\n"
)


async def start(*words):
    return await asyncio.create_subprocess_exec(
        sys.executable, "-c", PROGRAM, *words, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )


async def started(process):
    """Read the JSON document that the command prints once it listens."""
    text = ""
    async for line in process.stdout:
        text += line.decode()
        if line.startswith(b"}"):
            break
    return json.loads(text)


@pytest.mark.skipif(not hasattr(signal, "SIGHUP"), reason="signals as on POSIX")
async def test_it_says_where_it_listens_answers_and_stops_cleanly_at_sigterm(tmp_path):
    state = str(tmp_path / "account.sqlite")
    process = await start("--port", "0", "--speed", "60", "--seed", "7", "--state", state, "--json")
    try:
        where = await started(process)
        async with aiohttp.ClientSession() as http:
            url = f"{where['http_url']}/v5/market/tickers?category=linear"
            async with http.get(url) as answer:
                listed = [row["symbol"] for row in (await answer.json())["result"]["list"]]
        process.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(process.wait(), 120) == 0, (await process.stderr.read()).decode()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert listed == ["BTCUSDT", "ETHUSDT", "SOLUSDT"]
    assert where["speed"] == 60
    assert (tmp_path / "account.sqlite").exists()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--scenario", "bad_netwrk"], "did you mean 'bad_network'"),
        (["--speed", "0"], "--speed must be above zero"),
        (["--wallet", "much"], "--wallet must be an amount"),
        (["--symbols", "BTCUSD"], "BTCUSDT"),
        (["--prices", "relay"], "relay_ws_url"),
    ],
)
async def test_a_wrong_flag_is_named_in_one_line(words, said):
    process = await start("--port", "0", *words)
    _, err = await asyncio.wait_for(process.communicate(), 120)
    assert process.returncode == 1
    assert said in err.decode()
    assert "Traceback" not in err.decode()


async def test_a_port_in_use_is_named():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        process = await start("--port", port)
        _, err = await asyncio.wait_for(process.communicate(), 120)
    assert process.returncode == 1
    assert f"port {port} must be free" in err.decode()
