"""Where the venue may be reached."""

import pytest

from adapters.bybit.addresses import resolve_addresses, resolve_rest_url, simulated_addresses
from nautilus_bot.core.errors import ConfigError

NAMES = ("rest_url", "ws_public_url", "ws_private_url", "ws_trade_url")
LOCAL = {
    "rest_url": "http://127.0.0.1:1",
    "ws_public_url": "ws://127.0.0.1:1/v5/public/linear",
    "ws_private_url": "ws://127.0.0.1:1/v5/private",
    "ws_trade_url": "ws://127.0.0.1:1/v5/trade",
}


@pytest.mark.parametrize("name", NAMES)
def test_every_unset_address_of_the_simulated_venue_fails_by_name(name):
    with pytest.raises(ConfigError, match=f"missing: {name};"):
        resolve_addresses("simulated", **(LOCAL | {name: ""}))


@pytest.mark.parametrize("name", NAMES)
def test_a_simulated_venue_is_never_anywhere_but_on_loopback(name):
    scheme = "https" if name == "rest_url" else "wss"
    with pytest.raises(ConfigError, match=f"{name} of the simulated venue must be on loopback"):
        resolve_addresses("simulated", **(LOCAL | {name: f"{scheme}://stream.bybit.com/v5"}))


@pytest.mark.parametrize("environment", ["mainnet", "testnet", "demo"])
def test_a_real_environment_knows_its_four_encrypted_addresses(environment):
    addresses = resolve_addresses(environment)
    assert addresses.rest_url.startswith("https://")
    assert all(getattr(addresses, name).startswith("wss://") for name in NAMES[1:])


def test_a_real_venue_is_never_dialled_in_the_clear():
    with pytest.raises(ConfigError, match="must be encrypted"):
        resolve_addresses("mainnet", rest_url="http://api.bybit.com")


def test_an_address_without_a_scheme_is_refused():
    with pytest.raises(ConfigError, match="rest_url must be a full http or https address"):
        resolve_rest_url("mainnet", "api.bybit.com")


def test_public_history_needs_one_address():
    assert resolve_rest_url("mainnet") == "https://api.bybit.com"
    assert resolve_rest_url("simulated", "http://localhost:7/") == "http://localhost:7"
    with pytest.raises(ConfigError, match="--url"):
        resolve_rest_url("simulated")


def test_a_simulator_is_reached_on_the_paths_of_the_real_one():
    addresses = simulated_addresses("http://127.0.0.1:1", "ws://127.0.0.1:1")
    assert {name: getattr(addresses, name) for name in NAMES} == LOCAL
