"""``nautilus-bot config check | show | schema``."""

from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer

from nautilus_bot.cli.output import JsonFlag, emit
from nautilus_bot.config.loader import load_config
from nautilus_bot.config.schema import stale_schemas, write_schemas
from nautilus_bot.core.errors import ConfigError

ConfigOption = Annotated[
    Path, typer.Option("--config", "-c", help="Session file, or the folder of backtest.json.")
]
CONFIG_FOLDER = Path("configs")

app = typer.Typer(rich_markup_mode="rich")


@app.command(epilog="Example:\n\n$ nautilus-bot config check -c configs/backtest.json")
def check(config: ConfigOption = CONFIG_FOLDER, as_json: JsonFlag = False) -> None:
    """Read every file, the environment's overrides included, and say whether all is well."""
    loaded = load_config(config)
    result = {
        "ok": True,
        "files": list(loaded.files.values()),
        "strategies": [entry.strategy for entry in loaded.strategies.enabled()],
        "symbols": list(loaded.backtest.symbols),
        "rules": [rule["rule"] for rule in loaded.risk.rules if rule.get("enabled", True)],
    }
    emit(result, as_json, _summary)


@app.command(epilog="Example:\n\n$ BOT_RISK__SIZING__LEVERAGE_CAP=2 nautilus-bot config show --json")
def show(config: ConfigOption = CONFIG_FOLDER, as_json: JsonFlag = False) -> None:
    """Print the configuration as the bot sees it: defaults filled in, overrides applied."""
    loaded = load_config(config)
    emit(loaded, as_json, lambda whole: "\n".join(_lines("", msgspec.to_builtins(whole))))


@app.command(epilog="Example:\n\n$ nautilus-bot config schema --write")
def schema(
    folder: Annotated[Path, typer.Argument(help="Where the schemas stand.")] = CONFIG_FOLDER,
    write: Annotated[bool, typer.Option("--write", help="Write them instead of comparing.")] = False,
    as_json: JsonFlag = False,
) -> None:
    """Compare the JSON Schemas beside the files with the code, or write them."""
    if not folder.is_dir():
        raise ConfigError(f"{folder}: schemas must go into a folder, there is none of this name")
    if write:
        written = [str(path) for path in write_schemas(folder)]
        emit({"written": written}, as_json, lambda result: "\n".join(result["written"]))
        return
    if stale := stale_schemas(folder):
        raise ConfigError(
            f"{folder}: schemas must match the code, out of date: {', '.join(stale)}; "
            "run `nautilus-bot config schema --write`"
        )
    emit({"stale": []}, as_json, lambda _: "all schemas are up to date")


def _summary(result: dict[str, Any]) -> str:
    lines = [f"ok {path}" for path in result["files"]]
    lines += [f"{kind}: {', '.join(result[kind])}" for kind in ("strategies", "symbols", "rules")]
    return "\n".join(lines)


def _lines(path: str, value: Any) -> list[str]:
    if isinstance(value, dict) and value:
        return [line for key, item in value.items() for line in _lines(f"{path}.{key}".lstrip("."), item)]
    if isinstance(value, list | tuple) and any(isinstance(item, dict) for item in value):
        return [line for index, item in enumerate(value) for line in _lines(f"{path}[{index}]", item)]
    return [f"{path} = {msgspec.json.encode(value).decode()}"]
