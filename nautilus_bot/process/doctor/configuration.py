"""The configuration as a whole, and the secrets that its mode asks for."""

from collections.abc import Iterator
from typing import Final

from nautilus_bot.config.secrets import SECRETS
from nautilus_bot.process.doctor.finding import Said, fail, ok, warn
from nautilus_bot.process.doctor.surroundings import Surroundings

KEYS: Final = ("BYBIT_API_KEY", "BYBIT_API_SECRET")
TELEGRAM: Final = "TELEGRAM_BOT_TOKEN"
SHORTEST_TOKEN: Final = 16


def check_configuration(around: Surroundings) -> Iterator[Said]:
    """Say whether the files can be read, agree with each other, and allow the mode."""
    config = around.config
    if config is None:
        yield fail(around.config_error, "correct the file at the place it names; `nautilus-bot config check`")
        return
    names = ", ".join(entry.strategy for entry in config.strategies.enabled())
    yield ok(f"{len(config.files)} files of {around.config_path}: {config.venue.environment} venue, {names}")
    if around.mode == "live" and not (config.venue.live.enabled and config.venue.live.step):
        yield fail(
            f"live trading needs live.enabled and a step in force, {config.files['venue']} has not both",
            "set them there when you mean it; docs/live.md says what a step is",
        )


def check_secrets(around: Surroundings) -> Iterator[Said]:
    """Say which secrets the environment holds, by name only, and which are missing for the mode."""
    held = [name for name in SECRETS if around.environ.get(name)]
    missing = [name for name in KEYS if not around.environ.get(name)]
    if around.mode == "live" and missing:
        yield fail(
            f"live trading needs {' and '.join(missing)} in the environment",
            "make a key at Bybit with the right to trade, without the right to withdraw, and export both",
        )
    elif len(missing) == 1:
        yield warn(f"{missing[0]} is not set and the other half of the key is", "export both, or neither")
    if around.config is not None and around.config.alerts.enabled and not around.environ.get(TELEGRAM):
        yield warn(
            f"alerts are enabled and {TELEGRAM} is not set: nothing is sent",
            f"export {TELEGRAM}, or set enabled to false in {around.config.files['alerts']}",
        )
    token = around.environ.get("BOT_CONTROL_TOKEN", "")
    if token and len(token) < SHORTEST_TOKEN:
        yield warn(
            f"BOT_CONTROL_TOKEN has {len(token)} characters, fewer than {SHORTEST_TOKEN}",
            "take a longer one, or none: each start draws one of its own",
        )
    needed = " and ".join(KEYS) if around.mode == "live" else "none"
    yield ok(f"in the environment: {', '.join(held) or 'none'} ({around.mode} needs {needed})")
