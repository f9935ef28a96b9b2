"""
Every metric of the bot, in one literal table: what it is called, what it counts, and which event feeds it.

All carry the label ``portfolio`` (``paper``, ``live``, or the id of a backtest), which the table leaves out.
The names with ``bt_`` and ``paper_`` are those of existing dashboards; they mean the same in every mode.
"""

from typing import Final, Literal, NamedTuple

type Kind = Literal["counter", "gauge", "histogram"]

SERIES: Final = ("asset_class", "strategy", "symbol")
"""Labels of whatever belongs to one strategy on one instrument."""

ORDER_BUCKETS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
TRADE_BUCKETS: Final = (0.0005, 0.001, 0.002, 0.003, 0.004, 0.005, 0.0075, 0.01, 0.015, 0.025, 0.05, 0.1, 1.0)


class Metric(NamedTuple):
    """
    One metric.

    Parameters
    ----------
    name : str
        As Prometheus knows it; counters end with ``_total``.
    kind : Kind
        Counters and histograms only grow.
    help : str
        What it says, with its unit.
    labels : tuple[str, ...]
        Besides ``portfolio``; every one takes few values.
    source : str
        Event, or part of the snapshot, that it comes from.
    buckets : tuple[float, ...]
        Upper bounds of a histogram, seconds.
    """

    name: str
    kind: Kind
    help: str
    labels: tuple[str, ...]
    source: str
    buckets: tuple[float, ...] = ()


METRICS: Final = (
    # -- account ------------------------------------------------------------------------------------
    Metric("bt_portfolio_value", "gauge", "Equity, USDT.", ("asset_class",), "EquityMarked, snapshot"),
    Metric("bt_drawdown_percent", "gauge", "Equity below its peak, percent.", (), "EquityMarked, snapshot"),
    Metric(
        "bot_equity_usdt", "gauge", "Balance plus open profit and loss, USDT.", (), "EquityMarked, snapshot"
    ),
    Metric("bot_balance_usdt", "gauge", "Wallet balance, USDT.", (), "EquityMarked, snapshot"),
    Metric("bot_peak_equity_usdt", "gauge", "Highest equity, USDT.", (), "snapshot"),
    Metric(
        "bot_daily_loss_percent",
        "gauge",
        "Loss since 00:00 UTC, percent; negative is a gain.",
        (),
        "snapshot",
    ),
    Metric(
        "bot_exposure_gross_usdt", "gauge", "Long plus short notional, USDT.", (), "EquityMarked, snapshot"
    ),
    Metric(
        "bot_exposure_net_usdt", "gauge", "Long minus short notional, USDT.", (), "EquityMarked, snapshot"
    ),
    Metric(
        "bot_value_at_risk_percent", "gauge", "One-day value at risk, percent of equity.", (), "risk context"
    ),
    Metric(
        "bot_correlation",
        "gauge",
        "Correlation of hourly returns, -1 to 1: of=market is the mean of all pairs, "
        "of=positions the highest between two positions, directions included (0 below two positions).",
        ("of",),
        "risk context",
    ),
    # -- trades -------------------------------------------------------------------------------------
    Metric("bt_trades_closed_total", "counter", "Closed trades.", (*SERIES, "result"), "PositionClosed"),
    Metric("bt_win_rate", "gauge", "Winning trades, percent of the closed ones.", SERIES, "PositionClosed"),
    Metric(
        "bot_realized_pnl_usdt",
        "gauge",
        "Profit of closed trades after fees, USDT.",
        SERIES,
        "PositionClosed",
    ),
    Metric("bot_unrealized_pnl_usdt", "gauge", "Profit of the open position, USDT.", SERIES, "snapshot"),
    Metric("bot_position_usdt", "gauge", "Signed notional of the open position, USDT.", SERIES, "snapshot"),
    Metric(
        "bot_position_unprotected", "gauge", "1 while stops cover less than the position.", SERIES, "snapshot"
    ),
    Metric("bot_fees_usdt", "gauge", "Commissions paid, USDT; rebates count back.", SERIES, "OrderFilled"),
    Metric("bot_funding_usdt", "gauge", "Funding received, USDT; paid counts back.", SERIES, "FundingPaid"),
    # -- signals ------------------------------------------------------------------------------------
    Metric("paper_signals_generated_total", "counter", "Signals proposed.", SERIES, "Signal"),
    Metric("paper_signals_executed_total", "counter", "Signals whose order filled.", SERIES, "OrderFilled"),
    Metric(
        "paper_signals_rejected_total",
        "counter",
        "Signals that were refused by a rule of the gate, rejected by the venue, or denied by the engine.",
        (*SERIES, "result", "rule"),
        "RiskVerdict, OrderRejected, OrderDenied",
    ),
    # -- orders -------------------------------------------------------------------------------------
    Metric(
        "bot_orders_total",
        "counter",
        "Orders by role (entry, stop, target, close, other) and step of their life.",
        ("role", "result"),
        "OrderSubmitted, OrderAccepted, OrderFilled, OrderCanceled, OrderExpired, OrderRejected, OrderDenied",
    ),
    Metric(
        "bot_order_latency_seconds",
        "histogram",
        "From submission to the venue's acceptance, and to the first fill of an entry or close.",
        ("step",),
        "OrderAccepted, OrderFilled",
        ORDER_BUCKETS,
    ),
    Metric(
        "bot_tick_to_trade_seconds",
        "histogram",
        "From the market data that led to a signal to the submission of its order.",
        (),
        "OrderSubmitted",
        TRADE_BUCKETS,
    ),
    # -- market -------------------------------------------------------------------------------------
    Metric("bot_feed_age_seconds", "gauge", "Wall time since the last price.", ("symbol",), "MarketMarked"),
    Metric("bot_price_usdt", "gauge", "Last price.", ("symbol",), "MarketMarked"),
    Metric("bot_market_time_seconds", "gauge", "Market clock, seconds since 1970 UTC.", (), "snapshot"),
    Metric("bot_market_gaps_total", "counter", "Holes in the market data.", ("symbol",), "MarketGap"),
    Metric(
        "bot_reconnects_total",
        "counter",
        "Connections that died and had to come back.",
        ("link",),
        "EntriesSuspended",
    ),
    # -- risk ---------------------------------------------------------------------------------------
    Metric(
        "bot_trading_state",
        "gauge",
        "1 for the present state, else 0.",
        ("state",),
        "snapshot, TradingHalted",
    ),
    Metric(
        "bot_breaker", "gauge", "1 while trading is halted by this.", ("breaker",), "snapshot, TradingHalted"
    ),
    Metric("bot_halts_total", "counter", "Halts of trading.", ("breaker",), "TradingHalted"),
    Metric("bot_strategies_paused", "gauge", "Paused strategies.", (), "snapshot, StrategyPaused"),
    Metric(
        "bot_reduce_only_symbols",
        "gauge",
        "Instruments, and guards, that let nothing open risk.",
        (),
        "snapshot",
    ),
    Metric("bot_risk_limit", "gauge", "Limits in risk_config.json.", ("rule", "limit"), "RuleConfigured"),
    # -- event catalog ------------------------------------------------------------------------------
    Metric("bot_journal_entries_total", "counter", "Entries of the present run.", (), "journal"),
    Metric(
        "bot_journal_bytes",
        "gauge",
        "Size on the disk: file=main, and file=log not yet moved.",
        ("file",),
        "journal",
    ),
    Metric("bot_journal_lag_seconds", "gauge", "Wall time since the last entry was written.", (), "journal"),
    Metric("bot_journal_halted", "gauge", "1 when the journal cannot be written.", (), "journal"),
    # -- process ------------------------------------------------------------------------------------
    Metric("bot_up", "gauge", "1 while the bot runs.", (), "exporter"),
    Metric(
        "bot_build_info",
        "gauge",
        "Always 1; versions and run as labels.",
        ("version", "code", "nautilus", "python", "mode", "run"),
        "run manifest",
    ),
    Metric(
        "bot_start_time_seconds", "gauge", "Start of the run, seconds since 1970 UTC.", (), "run manifest"
    ),
    Metric("bot_loop_lag_seconds", "gauge", "How late the trading loop ran the last sample.", (), "exporter"),
    Metric(
        "bot_sample_age_seconds", "gauge", "Wall time since the trading loop gave a sample.", (), "exporter"
    ),
    Metric("bot_notices_total", "counter", "Notices to the operator.", ("severity",), "Notice"),
    Metric("bot_events_dropped_total", "counter", "Events the exporter had no room for.", (), "exporter"),
)

BY_NAME: Final = {metric.name: metric for metric in METRICS}
