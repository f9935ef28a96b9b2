"""Simulated exchanges for the production adapter to talk to."""

import aiohttp
import numpy as np
import pytest

from adapters.bybit.addresses import simulated_addresses
from adapters.bybit.rest import BybitRest
from adapters.bybit_simulator.config import BybitSimulatorConfig
from adapters.bybit_simulator.server import BybitSimulator

MINUTE_MS = 60_000
FIRST_MS = 1_735_689_600_000
"""2025-01-01 00:00 UTC."""


def make_minute_bars(n_bars, holes=()):
    """Return a walk of minute bars from 2025 on, without those whose number is in ``holes``."""
    rng = np.random.default_rng(3)
    close = 50_000 + np.cumsum(rng.integers(-20, 21, n_bars)) / 10
    open_ = np.concatenate([[50_000.0], close[:-1]])
    volume = rng.integers(1, 5_000, n_bars) / 1_000
    return [
        (
            FIRST_MS + MINUTE_MS * n,
            round(float(open_[n]), 1),
            round(float(max(open_[n], close[n])) + 0.5, 1),
            round(float(min(open_[n], close[n])) - 0.5, 1),
            round(float(close[n]), 1),
            float(volume[n]),
            float(volume[n] * 50_000),
        )
        for n in range(n_bars)
        if n not in holes
    ]


@pytest.fixture(scope="session")
def minute_bars():
    """Return ``make_minute_bars``."""
    return make_minute_bars


class Rehearsal:
    """A running simulator and how to break it."""

    def __init__(self, simulator):
        self.simulator = simulator
        self.url = simulator.http_url
        self.addresses = simulated_addresses(simulator.http_url, simulator.ws_url)

    def rest(self, key="SIMULATED", secret="SIMULATED"):
        return BybitRest(self.addresses, key, secret)

    async def fault(self, **fault):
        """Start a fault over the control endpoint and return its number."""
        headers = {"X-Control-Token": self.simulator.control_token}
        async with (
            aiohttp.ClientSession() as http,
            http.post(f"{self.url}/control/faults", json=fault, headers=headers) as answer,
        ):
            return (await answer.json())["id"]


@pytest.fixture
async def exchanges():
    """Start simulators that are stopped at the end."""
    running = []

    async def start(history=None, **config):
        simulator = BybitSimulator(BybitSimulatorConfig(prices="none", **config), history=history)
        await simulator.start()
        running.append(simulator)
        return Rehearsal(simulator)

    yield start
    for simulator in running:
        await simulator.stop()
