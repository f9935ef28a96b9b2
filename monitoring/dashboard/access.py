"""
Who may see the panel: whoever shows the token that the starting command printed.

A reload of the page must not ask again, and the address bar must not keep the token: it goes into the tab's
own storage, which no other port, tab or site can read, and comes back from there.
"""

import hmac

import msgspec

STORED = "nautilus-bot-panel"
TOKEN = "token"  # noqa: S105  the name of a parameter, not a secret


def may_enter(shown: str, token: str) -> bool:
    """Compare in constant time; an empty token lets nobody in."""
    return bool(token) and hmac.compare_digest(shown.encode(), token.encode())


def keeping_script(token: str) -> str:
    """Return markup that keeps the token for the life of the tab."""
    text = msgspec.json.encode(token).decode().replace("<", "\\u003c")
    return f"<script>sessionStorage.setItem('{STORED}', {text})</script>"


def returning_script() -> str:
    """Return markup that shows a kept token once more; one that is refused is forgotten."""
    return f"""<script>
        const kept = sessionStorage.getItem("{STORED}");
        if (kept) {{
            sessionStorage.removeItem("{STORED}");
            location.replace(location.pathname + "?{TOKEN}=" + encodeURIComponent(kept));
        }}
    </script>"""
