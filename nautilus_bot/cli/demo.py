"""``nautilus-bot demo``: the whole product on a market that it makes itself; no keys, no network."""

import time
from pathlib import Path
from typing import Annotated, Final

import msgspec
import typer
from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from catalog.store import EventStore
from catalog.verify import VerifyReport, verify_run
from nautilus_bot.cli.backtest import CONFIG_FOLDER, ConfigOption, run_and_report
from nautilus_bot.cli.output import JsonFlag, emit
from nautilus_bot.cli.terminal import watch
from nautilus_bot.cli.trading_service import stop_after
from nautilus_bot.config.bot import BotConfig
from nautilus_bot.config.loader import load_config
from nautilus_bot.core import topics
from nautilus_bot.core.messages import OperatorCommand
from nautilus_bot.core.snapshot import Snapshot, TradeCount
from nautilus_bot.node.session import SessionEnd, TradingSession, run_until_stopped
from nautilus_bot.node.venue import SimulatorSettings, own_simulator
from nautilus_bot.qa.injector import play
from nautilus_bot.qa.report import QaReport, build_report, write_report
from nautilus_bot.qa.scenario import Injection, scenario
from nautilus_bot.research.backtest.result import BacktestResult
from nautilus_bot.research.backtest.table import render_result

DATA_CATALOG: Final = Path("var/demo/data_catalog")
"""Its own folder: a demo never touches imported history."""
SPEED: Final = 60.0
LEVERAGE_CAP: Final = 0.25
SCENARIO: Final = "qa6"


class DemoTimes(msgspec.Struct, frozen=True, kw_only=True):
    """Wall seconds of the demo's parts."""

    backtest_secs: float
    start_secs: float
    trading_secs: float
    stop_secs: float
    total_secs: float


class DemoResult(msgspec.Struct, frozen=True, kw_only=True):
    """
    What the demo showed.

    Parameters
    ----------
    backtest : BacktestResult
        Six strategies on three symbols of the synthetic market.
    session : SessionEnd
        The paper session on the simulated Bybit.
    qa : QaReport
        What became of the injected signals.
    qa_report : str
        Path of the Markdown report.
    journal : VerifyReport
        Whether the session's journal is gap-free and unaltered.
    trades : tuple[TradeCount, ...]
        Closed trades of the session by strategy and instrument.
    orders_of_strategies : int
        Signals of the six strategies that were executed.
    times : DemoTimes
        How long everything took.
    """

    backtest: BacktestResult
    session: SessionEnd
    qa: QaReport
    qa_report: str
    journal: VerifyReport
    trades: tuple[TradeCount, ...]
    orders_of_strategies: int
    times: DemoTimes


def demo(
    config: ConfigOption = CONFIG_FOLDER,
    duration: Annotated[
        float, typer.Option(min=0, help="Seconds of paper trading; 0 shows the backtest only.")
    ] = 60.0,
    as_json: JsonFlag = False,
) -> None:
    """Backtest all strategies on a synthetic market, then trade it live on a simulated Bybit."""
    begun = time.monotonic()
    session = _demo_config(load_config(config))
    console = Console(stderr=True)
    console.print("[bold]1[/] backtest: 6 strategies x 3 symbols on a synthetic market", highlight=False)
    backtest = run_and_report(session)
    if not duration:
        emit(backtest, as_json, _render_backtest)
        return
    if not as_json:
        emit(backtest, False, render_result)
    backtest_secs = time.monotonic() - begun
    console.print(
        f"\n[bold]2[/] paper: the bot on a simulated Bybit at {SPEED:g} x real time, through the production "
        f"client, for {duration:g} s; six injected signals on the way",
        highlight=False,
    )
    end, snapshot = _trade(_paper_config(session), duration, console)
    result = _result(session, backtest, end, snapshot, begun, backtest_secs, duration)
    emit(result, as_json, _render)


def _demo_config(loaded: BotConfig) -> BotConfig:
    """Return the configuration on the synthetic market."""
    backtest = msgspec.structs.replace(
        loaded.backtest,
        symbols=loaded.backtest.symbols[:3],
        timeframe="15m",
        timerange="",
        market_data="synthetic",
        data_catalog_path=str(DATA_CATALOG),
    )
    return msgspec.structs.replace(loaded, backtest=backtest)


def _paper_config(config: BotConfig) -> BotConfig:
    """
    Return the configuration of the short session: one-minute bars, smaller entries.

    Stops are a few ATRs away. On one-minute bars that is so close that a risk of half a percent would buy
    the whole leverage cap, and the first entries would leave no room for others.
    """
    entries = tuple(msgspec.structs.replace(one, timeframe="1m") for one in config.strategies.strategies)
    sizing = msgspec.structs.replace(config.risk.sizing, leverage_cap=LEVERAGE_CAP)
    return msgspec.structs.replace(
        config,
        strategies=msgspec.structs.replace(config.strategies, strategies=entries),
        risk=msgspec.structs.replace(config.risk, sizing=sizing),
    )


def _trade(config: BotConfig, duration: float, console: Console) -> tuple[SessionEnd, Snapshot]:
    settings = SimulatorSettings(state="", speed=SPEED, wallet_usdt=str(config.backtest.capital_usdt))
    current: list[TradingSession] = []
    last: list[Snapshot] = []

    async def show(session: TradingSession) -> None:
        try:
            await watch(session.host.view.snapshot, "nautilus-bot demo", console)
        finally:
            last.append(session.host.view.snapshot())

    async def work() -> SessionEnd:
        async with own_simulator(settings, config.backtest.symbols) as venue:
            companions = (show, _inject, stop_after(duration, "the demo's time is up"))
            session = TradingSession(config, "paper", venue, companions, log_level="ERROR")
            current.append(session)
            return await session.trade()

    end = run_until_stopped(work, lambda: current[0] if current else None)
    return end, last[0]


async def _inject(session: TradingSession) -> None:
    """Play the QA scenario on this process's own bot."""

    async def inject(injection: Injection) -> None:
        arguments = (injection.symbol, injection.side, str(injection.confidence))
        command = OperatorCommand(
            ts_event=session.host.wiring.context.clock.now_ns,
            command="inject",
            author="demo",
            arguments=arguments,
        )
        session.host.node.kernel.msgbus.publish(topics.OPERATOR + "demo", command)

    await play(scenario(SCENARIO), inject)


def _result(
    config: BotConfig,
    backtest: BacktestResult,
    end: SessionEnd,
    snapshot: Snapshot,
    begun: float,
    backtest_secs: float,
    duration: float,
) -> DemoResult:
    folder = EventStore(Path(config.backtest.event_store_path)).folder(end.run_id)
    qa = build_report(folder, end.run_id, SCENARIO)
    markdown, _ = write_report(qa, Path(config.backtest.report_path) / end.run_id)
    injected = [count for count in snapshot.signal_counts if count.strategy.startswith("QA")]
    return DemoResult(
        backtest=backtest,
        session=end,
        qa=qa,
        qa_report=str(markdown),
        journal=verify_run(folder),
        trades=snapshot.trades,
        orders_of_strategies=snapshot.signals_executed - sum(count.executed for count in injected),
        times=DemoTimes(
            backtest_secs=backtest_secs,
            start_secs=end.start_secs,
            trading_secs=duration,
            stop_secs=end.stop_secs,
            total_secs=time.monotonic() - begun,
        ),
    )


def _render_backtest(result: BacktestResult) -> RenderableType:
    return Group(render_result(result), Text(""), Text("try next", style="bold"), *_next(result))


def _render(result: DemoResult) -> RenderableType:
    session, qa, times = result.session, result.qa, result.times
    table = Table(title="injected signals", title_justify="left", box=None, header_style="dim")
    for column in ("signal", "outcome", "order or rule", "price", "fill ms"):
        table.add_column(column)
    for line in qa.signals:
        what = f"{line.rule}: {line.reason}" if line.rule else line.order_id or line.reason
        filled = "" if line.to_fill_ms is None else f"{line.to_fill_ms:.1f}"
        table.add_row(f"{line.side} {line.symbol}", line.outcome, what, line.fill_price, filled)
    closed = sum(count.wins + count.losses for count in result.trades)
    won = sum(count.wins for count in result.trades)
    judged = "gap-free and unaltered" if result.journal.ok else f"DAMAGED: {result.journal.message}"
    return Group(
        Text(f"paper session {session.run_id}", style="bold"),
        Text(
            f"  {result.orders_of_strategies} entries by the strategies, {closed} trades closed ({won} won)"
        ),
        Text(f"  journal: {session.entries} entries, {judged}"),
        table,
        Text(
            f"{qa.explained} of {len(qa.signals)} injected signals explained, "
            + ("all of them closed again" if not qa.open_after else f"still open: {qa.open_after}")
            + f"; report {result.qa_report}"
        ),
        Text(
            f"backtest {times.backtest_secs:.1f} s, start {times.start_secs:.1f} s, trading "
            f"{times.trading_secs:.0f} s, stop {times.stop_secs:.1f} s, in all {times.total_secs:.1f} s",
            style="dim",
        ),
        Text(""),
        Text("try next", style="bold"),
        Text(f"  nautilus-bot events tail --run {session.run_id}"),
        Text(f"  nautilus-bot events verdicts --run {session.run_id} --limit 20"),
        *_next(result.backtest),
        Text("  nautilus-bot paper --speed 60"),
    )


def _next(result: BacktestResult) -> tuple[Text, ...]:
    run = f"--run {result.run_id}"
    lines = (
        f"  open {result.report} in a browser",
        f"  nautilus-bot events verify {run}",
        f"  nautilus-bot events fills {run} --limit 20",
        "  nautilus-bot import-data YOUR_CANDLES.parquet && nautilus-bot backtest",
    )
    return tuple(Text(line) for line in lines)
