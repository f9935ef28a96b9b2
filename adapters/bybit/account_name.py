"""
What tells an account from others for as long as it lives.

It is the venue's number for it, not its key: a key is renewed, and says something about a secret.
"""

from hashlib import sha256

from adapters.bybit.clients import BybitVenue

SIMULATED = "simulated"


def account_name(venue: BybitVenue) -> str:
    """
    Return the name under which an account's runs are recorded.

    Parameters
    ----------
    venue : BybitVenue
        One that names its account itself is not asked.

    Raises
    ------
    AuthFailed, VenueError, VenueTimeout
        If the venue does not say whose the keys are.
    """
    if venue.account:
        return venue.account
    rest = venue.rest()
    try:
        said = rest.permissions()
    finally:
        rest.close()
    number = said.get("userIDInt64") or said.get("userID")
    if not number:
        return former_account_name(venue)
    # Bybit has one numbering behind all its addresses; a simulated exchange has one of its own
    place = f" {venue.addresses.rest_url}" if venue.environment == SIMULATED else ""
    return f"{venue.environment}{place} account {number}"


def former_account_name(venue: BybitVenue) -> str:
    """Return the name that runs had which were recorded before accounts went by their number."""
    return f"{venue.environment} {venue.addresses.rest_url} {sha256(venue.api_key.encode()).hexdigest()[:12]}"
