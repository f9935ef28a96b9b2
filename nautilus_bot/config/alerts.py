"""``alert_config.json``: who is told what, and how loudly."""

from typing import Annotated, Literal

import msgspec

from monitoring.telegram.policy import Hour, Noise, QuietHours
from nautilus_bot.config.fields import Severity

MessagesPerMinute = Annotated[int, msgspec.Meta(ge=1, le=10_000)]


class AlertConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """
    Configuration of notifications; the bot token comes from the environment.

    Parameters
    ----------
    enabled : bool, default False
        Whether anything is sent.
    language : str, default "en"
        ``en`` or ``es``.
    min_severity : str, default "info"
        The least that is sent.
    telegram_chat_id : int, default 0
        The only chat that is written to and obeyed; 0 is none.
    telegram_user_ids : tuple[int, ...], default ()
        The only users who are obeyed in it.
    telegram_api_url : str, default "https://api.telegram.org"
        Where the Bot API is: https, or http on this machine for a server of one's own.
    messages_per_minute : int, default 20
        Most messages in a minute; three quarters are kept for what is critical. Telegram allows a group 20.
    daily_report_hour : int, default 7
        Hour, UTC, from which the daily report is sent.
    quiet_hours : QuietHours
        When all but what is critical waits.
    noise : Noise
        With sound, without or not at all, by kind.
    """

    enabled: bool = False
    language: Literal["en", "es"] = "en"
    min_severity: Severity = "info"
    telegram_chat_id: int = 0
    telegram_user_ids: tuple[int, ...] = ()
    telegram_api_url: str = "https://api.telegram.org"
    messages_per_minute: MessagesPerMinute = 20
    daily_report_hour: Hour = 7
    quiet_hours: QuietHours = QuietHours()
    noise: Noise = Noise()
