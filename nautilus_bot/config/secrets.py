"""Secrets come from the environment and from nowhere else; one in a file is refused."""

import os
import re
from collections.abc import Mapping
from typing import Any, Final

from nautilus_bot.core.errors import ConfigError
from nautilus_bot.core.strict import Source

SECRETS: Final = {
    "BYBIT_API_KEY": "Bybit key with the right to trade and without the right to withdraw",
    "BYBIT_API_SECRET": "its secret",
    "TELEGRAM_BOT_TOKEN": "token of the Telegram bot that notifies and obeys",
    "BOT_CONTROL_TOKEN": "token that the control API asks for",
    "BOT_PANEL_TOKEN": "token that the control panel asks for",
    "GRAFANA_PASSWORD": "password of Grafana's administrator",
}
"""Every secret by the name of its environment variable."""

SHORTEST: Final = 8
"""A shorter value of a variable cannot be told from ordinary words."""

_TELEGRAM: Final = re.compile(r"\b\d{8,10}:[\w-]{35}\b")
_BYBIT_SECRET: Final = re.compile(r"(?=.*\d)(?=.*[a-z])(?=.*[A-Z])[A-Za-z0-9]{36}")
_LOOKS_SECRET: Final = re.compile(r"(api_?key|secret|token|password|passphrase|private_?key)$", re.IGNORECASE)


def secret(name: str, environ: Mapping[str, str] = os.environ) -> str:
    """
    Return a secret.

    Parameters
    ----------
    name : str
        A key of ``SECRETS``.
    environ : Mapping[str, str]
        The environment.

    Raises
    ------
    ConfigError
        If the variable is not set or empty.
    """
    value = environ.get(name, "")
    if not value:
        raise ConfigError(f"environment variable {name} must be set ({SECRETS[name]}), was empty")
    return value


def refuse_secrets(raw: Any, source: Source, environ: Mapping[str, str] = os.environ) -> None:
    """
    Look for keys that are named like secrets and for values that are or look like one, at any depth.

    Raises
    ------
    ConfigError
        Naming the key, never its value.
    """
    if isinstance(raw, dict):
        for key, value in raw.items():
            if value and _LOOKS_SECRET.search(key):
                raise _refusal(source.at(key))
            refuse_secrets(value, source.at(key), environ)
    elif isinstance(raw, list):
        for index, value in enumerate(raw):
            refuse_secrets(value, source.at(index), environ)
    elif isinstance(raw, str) and _is_secret(raw, environ):
        raise _refusal(source)


def _is_secret(text: str, environ: Mapping[str, str]) -> bool:
    """Tell whether a text holds a secret of the environment, or has the form of a Telegram or Bybit one."""
    configured = (environ.get(name, "") for name in SECRETS)
    if any(len(value) >= SHORTEST and value in text for value in configured):
        return True
    return bool(_TELEGRAM.search(text) or _BYBIT_SECRET.fullmatch(text))


def _refusal(place: Source) -> ConfigError:
    return place.error(
        f"secrets come only from the environment ({', '.join(SECRETS)}); take it out of the file"
    )
