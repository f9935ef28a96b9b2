"""``nautilus-bot demo``: the main job on a market that it makes itself; no keys, no network, no history."""

from pathlib import Path
from typing import Final

import msgspec
from rich.console import Group, RenderableType
from rich.text import Text

from nautilus_bot.cli.backtest import CONFIG_FOLDER, ConfigOption, run_and_report
from nautilus_bot.cli.output import JsonFlag, emit
from nautilus_bot.config.loader import load_config
from nautilus_bot.research.backtest.result import BacktestResult
from nautilus_bot.research.backtest.table import render_result

DATA_CATALOG: Final = Path("var/demo/data_catalog")
"""Its own folder: a demo never touches imported history."""


def demo(config: ConfigOption = CONFIG_FOLDER, as_json: JsonFlag = False) -> None:
    """Make a synthetic market, backtest all strategies on three symbols, and say what to try next."""
    loaded = load_config(config)
    session = msgspec.structs.replace(
        loaded,
        backtest=msgspec.structs.replace(
            loaded.backtest,
            symbols=loaded.backtest.symbols[:3],
            timerange="",
            market_data="synthetic",
            data_catalog_path=str(DATA_CATALOG),
        ),
    )
    emit(run_and_report(session), as_json, _render)


def _render(result: BacktestResult) -> RenderableType:
    return Group(render_result(result), Text(""), Text("try next", style="bold"), *map(Text, _next(result)))


def _next(result: BacktestResult) -> tuple[str, ...]:
    run = f"--run {result.run_id}"
    return (
        f"  open {result.report} in a browser",
        f"  nautilus-bot events verify {run}",
        f"  nautilus-bot events verdicts {run} --limit 20",
        f"  nautilus-bot events fills {run} --limit 20",
        "  nautilus-bot list-strategies",
        "  nautilus-bot import-data YOUR_CANDLES.parquet && nautilus-bot backtest",
    )
