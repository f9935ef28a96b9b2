"""The commands, in the order in which help lists them: one literal table."""

from typing import Final, NamedTuple


class Command(NamedTuple):
    """
    One command of the command line.

    Parameters
    ----------
    name : str
        What the user types.
    target : str
        ``module:attribute`` of a Typer function, or of a ``typer.Typer`` for a group of commands;
        imported only when the command is used, so that ``--help`` stays quick.
    summary : str
        One line for the list of commands.
    panel : str
        Heading in the list of commands.
    examples : tuple[str, ...]
        Lines a user may copy.
    """

    name: str
    target: str
    summary: str
    panel: str
    examples: tuple[str, ...]


COMMANDS: Final = (
    Command(
        "demo",
        "nautilus_bot.cli.demo:demo",
        "See it work: a made-up market, six strategies, a report. No keys, no network.",
        "Trading",
        ("nautilus-bot demo",),
    ),
    Command(
        "backtest",
        "nautilus_bot.cli.backtest:backtest",
        "Trade the strategies on history and show what came of it.",
        "Trading",
        (
            "nautilus-bot backtest -c configs/backtest.json -i 15m --timerange 20250101-20251231",
            "nautilus-bot backtest -s RSIEMAMomentumStrategy -p ETHUSDT --json",
        ),
    ),
    Command(
        "compare",
        "nautilus_bot.cli.compare:compare",
        "Show two recorded backtests side by side.",
        "Trading",
        ("nautilus-bot compare backtest-20260101 latest",),
    ),
    Command(
        "optimize",
        "nautilus_bot.cli.optimize:app",
        "Search for parameters, resumable and reproducible, and confirm the best on the node.",
        "Research",
        (
            "nautilus-bot optimize -s BollingerReversionStrategy -p BTCUSDT -i 15m --n-trials 500 --n-jobs 2",
            "nautilus-bot optimize --strategies all -p BTCUSDT --metric rmd --metric sharpe",
            "nautilus-bot optimize schedule -s BollingerReversionStrategy -p BTCUSDT --months 12",
        ),
    ),
    Command(
        "walk-forward",
        "nautilus_bot.cli.walk_forward:walk_forward",
        "Choose parameters on the past, trade the next stretch with them, step on.",
        "Research",
        (
            "nautilus-bot walk-forward -s TrendFollowingADXEMAStrategy -p BTCUSDT -i 15m",
            "nautilus-bot walk-forward -s BollingerReversionStrategy --mode anchored --test-days 60 --json",
        ),
    ),
    Command(
        "validate",
        "nautilus_bot.cli.validate:validate",
        "Judge whether a strategy's edge is real, or luck and overfitting.",
        "Research",
        ("nautilus-bot validate -s TrendFollowingADXEMAStrategy -p BTCUSDT -i 15m --strict",),
    ),
    Command(
        "lookahead-analysis",
        "nautilus_bot.cli.lookahead_analysis:lookahead_analysis",
        "Prove that no signal changes when the future is cut off or altered.",
        "Research",
        ("nautilus-bot lookahead-analysis", "nautilus-bot lookahead-analysis -s BollingerReversionStrategy"),
    ),
    Command(
        "calibrate",
        "nautilus_bot.cli.calibrate:calibrate",
        "Fit the confidence of signals to what became of them, for the min_confidence rule.",
        "Research",
        ("nautilus-bot calibrate -i 15m", "nautilus-bot calibrate -s BollingerReversionStrategy --json"),
    ),
    Command(
        "paper",
        "nautilus_bot.cli.paper:paper",
        "Trade on a simulated Bybit that keeps its balances, without keys or network.",
        "Trading",
        (
            "nautilus-bot paper",
            "nautilus-bot paper --speed 60 --duration 120",
        ),
    ),
    Command(
        "live",
        "nautilus_bot.cli.live:live",
        "Trade on Bybit; needs live.enabled, keys, a step in force and a confirmation.",
        "Trading",
        (
            "nautilus-bot live",
            "nautilus-bot live --confirm-live",
        ),
    ),
    Command(
        "up",
        "nautilus_bot.cli.up:up",
        "Run a paper bot with Prometheus, Alertmanager, control panel and watchdog; no Docker needed.",
        "Running",
        (
            "nautilus-bot up --speed 60",
            "nautilus-bot up --no-panel --require",
            "nautilus-bot up --any-ports --json",
        ),
    ),
    Command(
        "down",
        "nautilus_bot.cli.up:down",
        "End what `up` started: the bot gracefully, and everything beside it.",
        "Running",
        ("nautilus-bot down",),
    ),
    Command(
        "start",
        "nautilus_bot.cli.lifecycle:app",
        "Start a bot in the background, and wait until it really trades.",
        "Running",
        (
            "nautilus-bot start",
            "nautilus-bot start paper --speed 60",
            "nautilus-bot start live --confirm-live",
        ),
    ),
    Command(
        "stop",
        "nautilus_bot.cli.lifecycle:stop",
        "Stop the bot gracefully, and see that it is gone.",
        "Running",
        ("nautilus-bot stop", "nautilus-bot stop --name paper --timeout 20"),
    ),
    Command(
        "force-stop",
        "nautilus_bot.cli.lifecycle:force_stop",
        "Kill the bot and all that it started.",
        "Running",
        ("nautilus-bot force-stop",),
    ),
    Command(
        "restart",
        "nautilus_bot.cli.lifecycle:restart",
        "Stop the bot and start it again with the same words.",
        "Running",
        ("nautilus-bot restart",),
    ),
    Command(
        "status",
        "nautilus_bot.cli.status:status",
        "Show process, services, portfolio, signals and the last log lines.",
        "Running",
        ("nautilus-bot status", "nautilus-bot status --json"),
    ),
    Command(
        "logs",
        "nautilus_bot.cli.status:logs",
        "Show the log of the bot.",
        "Running",
        ("nautilus-bot logs -f", "nautilus-bot logs -n 200"),
    ),
    Command(
        "control",
        "nautilus_bot.cli.control:app",
        "Halt, resume, pause or close on a running bot.",
        "Running",
        (
            "nautilus-bot control halt --reason news",
            "nautilus-bot control pause RSIEMAMomentumStrategy",
            "nautilus-bot control close BTCUSDT",
        ),
    ),
    Command(
        "dashboard",
        "nautilus_bot.cli.dashboard:dashboard",
        "Open the control panel in a browser: see the bot, start, stop, pause and halt it.",
        "Running",
        (
            "nautilus-bot dashboard",
            "nautilus-bot dashboard --name paper --port 8502 --no-browser",
            "nautilus-bot dashboard -- --speed 60",
        ),
    ),
    Command(
        "watchdog",
        "nautilus_bot.cli.watchdog:watchdog",
        "Watch a bot from outside: tell, restart it, or make it flat.",
        "Running",
        ("nautilus-bot watchdog --policy restart", "nautilus-bot watchdog --once --json"),
    ),
    Command(
        "telegram",
        "nautilus_bot.cli.telegram:telegram",
        "Tell what a bot does through Telegram, and take commands from there.",
        "Running",
        ("nautilus-bot telegram --test", "nautilus-bot telegram --name live"),
    ),
    Command(
        "download-data",
        "nautilus_bot.cli.download_data:download_data",
        "Download Bybit's candles and funding rates into the data catalog; goes on where it was cut off.",
        "Market data",
        (
            "nautilus-bot download-data --environment mainnet -p BTCUSDT -i 5m --timerange 20250101-20250601",
            "nautilus-bot download-data --url http://127.0.0.1:18080 -p BTCUSDT -i 1m --funding --json",
        ),
    ),
    Command(
        "import-data",
        "nautilus_bot.cli.market_data:import_data",
        "Read candle and funding files into the data catalog.",
        "Market data",
        (
            "nautilus-bot import-data history/bybit_linear_*USDT_15m.parquet",
            "nautilus-bot import-data my.csv --symbol BTCUSDT --interval 5m --json",
        ),
    ),
    Command(
        "list-data",
        "nautilus_bot.cli.market_data:list_data",
        "Show ranges, gaps and bars without volume.",
        "Market data",
        ("nautilus-bot list-data", "nautilus-bot list-data --json"),
    ),
    Command(
        "make-data",
        "nautilus_bot.cli.market_data:make_data",
        "Write a synthetic market into the data catalog.",
        "Market data",
        ("nautilus-bot make-data --seed 7 --days 90",),
    ),
    Command(
        "events",
        "nautilus_bot.cli.events:app",
        "Ask the event catalog: runs, tail, sql, verify, orders, fills, signals, verdicts, equity.",
        "Event catalog",
        (
            "nautilus-bot events tail -f",
            'nautilus-bot events sql "select strategy, count(*) from signals group by strategy"',
            "nautilus-bot events verify",
        ),
    ),
    Command(
        "why",
        "nautilus_bot.cli.why:why",
        "Tell why an order was made and what came of it: bar, indicators, signal, rules, fills, result.",
        "Event catalog",
        ("nautilus-bot why BT-VB-BTCUSDT-4", "nautilus-bot why BT-VB-BTCUSDT-4-S1 --run latest --json"),
    ),
    Command(
        "why-not",
        "nautilus_bot.cli.why_not:why_not",
        "Tell why a strategy did not trade: the condition it missed, or the rule that refused.",
        "Event catalog",
        ("nautilus-bot why-not -s RSIEMAMomentumStrategy -p BTCUSDT --at 2025-01-03T12:00",),
    ),
    Command(
        "inject-signals",
        "nautilus_bot.cli.inject_signals:inject_signals",
        "Send test signals through a running bot and report what became of each.",
        "Quality",
        (
            "nautilus-bot inject-signals --scenario qa6",
            "nautilus-bot inject-signals --scenario limits --json",
        ),
    ),
    Command(
        "replay",
        "nautilus_bot.cli.replay:replay",
        "Run a recorded session again: its decisions must come out identical; or ask what if.",
        "Event catalog",
        (
            "nautilus-bot replay latest",
            "nautilus-bot replay latest --set risk.max_drawdown_pct=3",
            "nautilus-bot replay latest --until 2025-01-31T12:00 --fork --set risk.per_trade_pct=1",
        ),
    ),
    Command(
        "backup",
        "nautilus_bot.cli.backup:backup",
        "Copy the event catalog, also while the bot trades, and verify the copy.",
        "Event catalog",
        ("nautilus-bot backup /mnt/backup/2026-01-31", "nautilus-bot backup copy --run latest --json"),
    ),
    Command(
        "restore",
        "nautilus_bot.cli.restore:restore",
        "Bring a backup of the event catalog back; a damaged one restores nothing.",
        "Event catalog",
        ("nautilus-bot restore /mnt/backup/2026-01-31", "nautilus-bot restore copy --root var/events"),
    ),
    Command(
        "metrics",
        "nautilus_bot.cli.metrics:metrics",
        "Show the metrics of the running bot, or of a recorded run.",
        "Event catalog",
        (
            "nautilus-bot metrics --name signals",
            "nautilus-bot metrics --run latest --serve --over 60",
            "nautilus-bot metrics --describe",
        ),
    ),
    Command(
        "parity",
        "nautilus_bot.cli.parity:parity",
        "Compare a paper or live run with its own backtest; the parts of the gap sum to it, to the cent.",
        "Event catalog",
        ("nautilus-bot parity latest", "nautilus-bot parity paper-2026 --html parity.html --json"),
    ),
    Command(
        "simulator",
        "nautilus_bot.cli.simulator:simulator",
        "Run a Bybit V5 exchange on this machine.",
        "Trading",
        ("nautilus-bot simulator --port 18080 --speed 60", "nautilus-bot simulator --port 0 --json"),
    ),
    Command(
        "list-strategies",
        "nautilus_bot.cli.strategies:list_strategies",
        "List the strategies of the configuration, with their parameters.",
        "Configuration",
        ("nautilus-bot list-strategies", "nautilus-bot list-strategies --parameters"),
    ),
    Command(
        "config",
        "nautilus_bot.cli.config:app",
        "Check, show and describe the configuration.",
        "Configuration",
        (
            "nautilus-bot config check",
            "BOT_BACKTEST__CAPITAL_USDT=20000 nautilus-bot config show --json",
            "nautilus-bot config schema --write",
        ),
    ),
    Command(
        "doctor",
        "nautilus_bot.cli.doctor:doctor",
        "Check what the bot needs on this machine, and say how to mend what is wrong.",
        "Configuration",
        ("nautilus-bot doctor", "nautilus-bot doctor --mode live --json"),
    ),
    Command(
        "version",
        "nautilus_bot.cli.version:version",
        "Print the versions of the bot and of what it stands on.",
        "Configuration",
        ("nautilus-bot version --json",),
    ),
)
