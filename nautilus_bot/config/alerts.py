"""``alert_config.json``: who is told what, and how loudly."""

from typing import Literal

import msgspec

from nautilus_bot.config.fields import Severity


class AlertConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """
    Configuration of notifications; the bot token comes from the environment.

    Parameters
    ----------
    enabled : bool, default False
        Whether anything is sent.
    language : str, default "en"
        ``en`` or ``es``.
    min_severity : str, default "warning"
        The least that is sent.
    telegram_chat_id : int, default 0
        The only chat that is written to and obeyed; 0 is none.
    telegram_user_ids : tuple[int, ...], default ()
        The only users who are obeyed in it.
    """

    enabled: bool = False
    language: Literal["en", "es"] = "en"
    min_severity: Severity = "warning"
    telegram_chat_id: int = 0
    telegram_user_ids: tuple[int, ...] = ()
