"""``nautilus-bot doctor``: what on this machine keeps the bot from running well, and how to mend it."""

from typing import Annotated, Literal

import typer
from rich.text import Text

from nautilus_bot.cli.config import CONFIG_FOLDER, ConfigOption
from nautilus_bot.cli.output import JsonFlag, emit
from nautilus_bot.config.bot import BotConfig
from nautilus_bot.config.loader import load_config
from nautilus_bot.core.errors import BotError, ConfigError
from nautilus_bot.process.doctor.finding import Finding
from nautilus_bot.process.doctor.surroundings import Surroundings
from nautilus_bot.process.doctor.table import examine

FAILED = 1
STYLES = {"ok": "green", "warn": "yellow", "fail": "bold red"}
INDENT = " " * 20


def doctor(
    config: ConfigOption = CONFIG_FOLDER,
    mode: Annotated[
        Literal["auto", "paper", "live"],
        typer.Option(help="What the bot is to do; auto is live where live is enabled."),
    ] = "auto",
    timeout: Annotated[float, typer.Option(min=0.1, help="Longest wait for any one answer.")] = 5.0,
    as_json: JsonFlag = False,
) -> None:
    """Check Python, packages, configuration, keys, venue, clock, disk, ports, files, services, events."""
    bot, error = _load(config)
    enabled = bot is not None and bot.venue.live.enabled
    around = Surroundings(
        mode=("live" if enabled else "paper") if mode == "auto" else mode,
        config=bot,
        config_error=str(error or ""),
        config_path=config,
        ask_secs=timeout,
    )
    findings = list(examine(around))
    emit(findings, as_json, render_findings)
    if error is not None:
        raise typer.Exit(ConfigError.exit_code)
    if any(finding.verdict == "fail" for finding in findings):
        raise typer.Exit(FAILED)


def render_findings(findings: list[Finding]) -> Text:
    """Return a line a finding, with how to mend it below, and a last line that counts them."""
    shown = Text()
    for finding in findings:
        shown.append(f"{finding.verdict:4}", STYLES[finding.verdict])
        shown.append(f"  {finding.check:13} {finding.text}\n")
        if finding.mend:
            shown.append(f"{INDENT}mend: {finding.mend}\n", "dim")
    numbers = {verdict: sum(one.verdict == verdict for one in findings) for verdict in STYLES}
    shown.append(", ".join(f"{number} {verdict}" for verdict, number in numbers.items()))
    return shown


def _load(config: object) -> tuple[BotConfig | None, BotError | None]:
    try:
        return load_config(str(config)), None
    except BotError as error:
        return None, error
