"""The venue: whether it can be reached, whether both clocks agree, and what the key may do there."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from socket import AddressFamily
from typing import Any, Final

import psutil

from adapters.bybit.addresses import BybitAddresses
from adapters.bybit.rest import BybitRest
from nautilus_bot.core.errors import AuthFailed, BotError
from nautilus_bot.process.doctor.configuration import KEYS
from nautilus_bot.process.doctor.deadline import within
from nautilus_bot.process.doctor.finding import Said, fail, ok, warn
from nautilus_bot.process.doctor.surroundings import Surroundings

BEHIND_LIMIT_MS: Final = 5_000.0
"""Bybit's ``recv_window``: a request that is older than this by the venue's clock is refused."""
AHEAD_LIMIT_MS: Final = 1_000.0
"""A request from further in the future than this is refused, too."""
WARN_SHARE: Final = 0.5
NO_VENUE: Final = "the bot runs its own simulated exchange: nothing outside has to be reached"
EXPIRY_WARNING: Final = timedelta(days=14)
SYNC_CLOCK: Final = "set the clock by NTP (`timedatectl set-ntp true`, chrony, or Windows Time)"


def check_venue(around: Surroundings) -> Iterator[Said]:
    """Say whether the venue of the configuration answers."""
    venue = around.venue
    if around.config is None:
        yield warn("not asked without a valid configuration", "correct the configuration first")
    elif not venue.url:
        yield _own_exchange(around)
    elif venue.error:
        text = venue.error if has_network() else f"this machine has no network but loopback: {venue.error}"
        mend = "look at network, DNS and firewall; for the simulated venue start `nautilus-bot simulator`"
        # paper mode trades on its own exchange; only relayed prices and downloads need the venue
        yield fail(text, mend) if around.mode == "live" else warn(f"{text}; paper does not need it", mend)
    else:
        yield ok(f"{venue.url} answers within {venue.round_trip_ms:.0f} ms")


def has_network() -> bool:
    """Return whether any interface but loopback is up."""
    addresses = psutil.net_if_addrs()
    up = [name for name, stats in psutil.net_if_stats().items() if stats.isup]
    return any(
        one.family in (AddressFamily.AF_INET, AddressFamily.AF_INET6)
        and not ip_address(one.address.partition("%")[0]).is_loopback
        for name in up
        for one in addresses.get(name, ())
    )


def check_clock(around: Surroundings) -> Iterator[Said]:
    """Compare this machine's clock with the venue's: its bounds decide whether orders are accepted."""
    venue = around.venue
    bounds = f"Bybit accepts {BEHIND_LIMIT_MS / 1000:g} s behind, {AHEAD_LIMIT_MS / 1000:g} s ahead"
    if not venue.url and around.config is not None:
        yield ok("the bot's own exchange reads the same clock")
        return
    if not venue.url or venue.error:
        yield warn(f"not compared, the venue does not answer ({bounds})", SYNC_CLOCK)
        return
    ahead = venue.ahead_ms
    used = ahead / AHEAD_LIMIT_MS if ahead > 0 else -ahead / BEHIND_LIMIT_MS
    word = "ahead of" if ahead > 0 else "behind"
    text = f"{abs(ahead):.0f} ms {word} the venue, give or take {venue.round_trip_ms / 2:.0f} ms; {bounds}"
    if used >= 1:
        yield fail(text, SYNC_CLOCK)
    elif used >= WARN_SHARE:
        yield warn(text, SYNC_CLOCK)
    else:
        yield ok(text)


def check_keys(around: Surroundings) -> Iterator[Said]:
    """Ask the venue what the key may do: trade yes, withdraw no."""
    key, secret = (around.environ.get(name, "") for name in KEYS)
    if not (key and secret):
        if around.mode == "live":
            yield fail("not asked: no key is set", f"export {' and '.join(KEYS)}")
        else:
            yield ok("paper needs none, and none is set")
        return
    if not around.venue.url:
        yield ok("a key is set and not used: paper's own exchange has one of its own")
        return
    if around.venue.error:
        yield warn(
            "a key is set and was not asked about: the venue does not answer", "run doctor again later"
        )
        return
    try:
        granted = within(around.ask_secs, around.venue.url, lambda: _permissions(around, key, secret))
    except AuthFailed as error:
        yield fail(str(error), "check both halves of the key, the environment it is for, and its IP list")
        return
    except BotError as error:
        yield warn(
            f"the venue does not say what the key may do: {error}", "ask again later; see Bybit's pages"
        )
        return
    yield from judge_permissions(granted, datetime.now(UTC))


def judge_permissions(granted: dict[str, Any], now: datetime) -> Iterator[Said]:
    """
    Say what is wrong with a key.

    Parameters
    ----------
    granted : dict[str, Any]
        Result of ``/v5/user/query-api``.
    now : datetime
        In UTC, for keys that expire.
    """
    rights = granted.get("permissions", {})
    wallet, contract = rights.get("Wallet", []), rights.get("ContractTrade", [])
    mend = "edit the key at Bybit, API management"
    if "Withdraw" in wallet:
        yield fail("the key may withdraw: who has it can take the money", f"{mend}: take Withdraw away")
    if granted.get("readOnly") or not {"Order", "Position"} <= set(contract):
        may = (
            "it is read-only" if granted.get("readOnly") else f"contracts: {', '.join(contract) or 'nothing'}"
        )
        yield fail(
            f"the key must be able to trade contracts, but {may}", f"{mend}: Contract, Orders and Positions"
        )
    others = [word for word in wallet if word != "Withdraw"]
    if others:
        yield warn(
            f"the key may also move money ({', '.join(others)})", f"{mend}: the bot needs no wallet right"
        )
    if granted.get("ips") in (["*"], [], None):
        yield warn("the key is bound to no address", f"{mend}: name this machine's IP")
    expires = _moment(granted.get("expiredAt", ""))
    if expires is not None and expires - now < EXPIRY_WARNING:
        yield warn(
            f"the key expires at {expires:%Y-%m-%d %H:%M} UTC", "renew it, or bind it to an IP address"
        )
    may = f"trade {', '.join(contract) or 'no'}; wallet {', '.join(wallet) or 'no'}"
    yield ok(f"{granted.get('note') or 'the key'}: {may}")


def _permissions(around: Surroundings, key: str, secret: str) -> dict[str, Any]:
    nowhere = BybitAddresses(rest_url=around.venue.url, ws_public_url="", ws_private_url="", ws_trade_url="")
    rest = BybitRest(nowhere, key, secret, timeout_secs=max(1, int(around.ask_secs)))
    try:
        return rest.permissions()
    finally:
        rest.close()


def _moment(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


def _own_exchange(around: Surroundings) -> Said:
    if around.mode == "paper":
        return ok(NO_VENUE)
    return fail(
        "live on the simulated venue needs its addresses, none are configured",
        "start `nautilus-bot simulator` and put its addresses into bybit_x_config.json, or choose another",
    )
