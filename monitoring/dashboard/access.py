"""Who may see the panel: whoever shows the token that the starting command printed."""

import hmac


def may_enter(shown: str, token: str) -> bool:
    """Compare in constant time; an empty token lets nobody in."""
    return bool(token) and hmac.compare_digest(shown.encode(), token.encode())
