"""What the pages show is what the control API answered, in words."""

import datetime as dt
import re
from typing import Any

import msgspec

from monitoring.dashboard import (
    health_figures,
    live_figures,
    risk_figures,
    run_figures,
    strategy_figures,
)
from monitoring.dashboard.services import SERVICES, Found
from nautilus_bot.core.control import BotStatus
from nautilus_bot.core.messages import RuleCheck
from nautilus_bot.core.snapshot import BreakerState, Snapshot


def texts(row: list[Any]) -> list[str]:
    return [cell if isinstance(cell, str) else cell.text for cell in row]


def value(markup: str, name: str) -> str:
    found = re.search(rf'data-name="{name}".*?<b[^>]*>(.*?)</b>', markup)
    assert found, markup
    return found.group(1)


def test_todays_profit_is_measured_from_the_days_start(make_account: Any) -> None:
    assert live_figures.today_usdt(make_account(equity_usdt=9_800.0, daily_loss_pct=2.0)) == -200.0
    assert live_figures.today_usdt(make_account(equity_usdt=0.0, daily_loss_pct=100.0)) == 0.0


def test_total_profit_is_closed_and_open_after_fees_with_funding(make_account: Any) -> None:
    assert live_figures.total_usdt(make_account(), 1.5) == -80.0 - 100.0 - 20.0 + 1.5


def test_the_cards_say_what_the_snapshot_says(snapshot: Snapshot) -> None:
    shown = live_figures.account_cards(snapshot, 0.0)
    assert value(shown, "equity") == "9,800.00"
    assert value(shown, "pnl-today") == "-200.00"
    assert value(shown, "drawdown") == "2.00 %"
    assert value(shown, "win-rate") == "50 %"
    assert "1 executed, 1 refused" in shown


def test_a_position_stands_beside_its_stop_and_target(snapshot: Snapshot) -> None:
    (row,) = live_figures.position_rows(snapshot)
    assert texts(row) == [
        *("BTCUSDT", "TrendFollowingADXEMA", "long", "0.10", "60,000.10", "59,500.25"),
        *("59,000.50", "63,000.00", "-49.98"),
    ]


def test_a_position_that_its_stops_do_not_cover_says_so(snapshot: Snapshot, make_position: Any) -> None:
    bare = msgspec.structs.replace(snapshot, positions=(make_position(covered=False, quantity="-0.10"),))
    (row,) = live_figures.position_rows(bare)
    assert "MISSING" in texts(row)
    assert texts(row)[2:4] == ["short", "0.10"]


def test_signals_come_latest_first_with_the_reason_of_a_refusal(snapshot: Snapshot) -> None:
    rows = [texts(row) for row in live_figures.signal_rows(snapshot.signals, 2)]
    assert [row[6] for row in rows] == ["pending", "refused"]
    assert rows[1][7] == "throttle: 12 s < 30 s"


def test_orders_are_named_by_their_role(snapshot: Snapshot) -> None:
    rows = [texts(row) for row in live_figures.order_rows(snapshot)]
    assert [(row[2], row[6]) for row in rows] == [("stop", "59,000.50"), ("target", "63,000.00")]


def test_a_strategy_is_one_line_over_all_its_markets(status: BotStatus, snapshot: Snapshot) -> None:
    reversion, trend = strategy_figures.strategy_lines(status, snapshot)
    assert (reversion.paused, trend.paused) == ("it sleeps", "")
    assert (trend.markets, trend.positions, trend.generated, trend.executed) == (2, 1, 2, 1)
    assert (trend.wins, trend.losses, trend.pnl_usdt) == (2, 2, -74.5)
    assert trend.last is snapshot.signals[1]
    assert texts(strategy_figures.strategy_row(trend))[8:10] == ["50 %", "-74.50"]


def test_one_paused_market_of_two_is_said(status: BotStatus, snapshot: Snapshot) -> None:
    breakers = BreakerState(state="active", paused={status.strategies[-1]: ""})
    lines = strategy_figures.strategy_lines(status, msgspec.structs.replace(snapshot, breakers=breakers))
    assert lines[-1].paused == "1 of 2 markets paused"


def test_limits_of_the_account_are_measured_now(make_account: Any) -> None:
    rules = [
        {"rule": "drawdown_halt", "limit_pct": 10, "enabled": True},
        {"rule": "daily_loss", "limit_pct": 5, "enabled": False},
        {"rule": "exposure", "gross": 6, "net": 3},
    ]
    limits = risk_figures.account_limits(rules, make_account())
    assert [(one.rule, one.used, one.limit) for one in limits] == [
        ("drawdown_halt", 2.0, 10),
        ("exposure gross", 0.5, 6),
        ("exposure net", 0.25, 3),
    ]


def test_other_limits_are_those_of_the_latest_verdict_that_measured_them() -> None:
    def row(second: int, *checks: RuleCheck) -> dict[str, Any]:
        time = dt.datetime(2025, 1, 1, 12, 0, second)  # noqa: DTZ001  times of the catalog are naive UTC
        return {
            "time": time,
            "instrument_id": "BTCUSDT-LINEAR.BYBIT",
            "checks": msgspec.json.encode(checks).decode(),
        }

    cap = RuleCheck("hourly_cap", True, 3.0, 2.0, "entries")
    history = RuleCheck("volatility", True, 24.0, 18.0, "samples")
    limits = risk_figures.verdict_limits(
        [
            row(2, cap, history, RuleCheck("exposure", True, 6.0, 1.0, "x")),
            row(
                1,
                RuleCheck("hourly_cap", True, 3.0, 1.0, "entries"),
                RuleCheck("throttle", True, 30.0, 8.0, "secs"),
            ),
        ],
        ["exposure gross"],
    )
    assert [(one.rule, one.used, one.share) for one in limits] == [
        ("hourly_cap", 2.0, 2 / 3),
        ("throttle", 8.0, 1.0),
    ]
    assert "BTCUSDT at 12:00:02" in limits[0].source


def test_a_limit_that_is_reached_is_a_red_bar() -> None:
    limit = risk_figures.Limit(rule="daily_loss", used=5.1, limit=5.0, unit="pct", source="now")
    shown = risk_figures.limit_bar(limit)
    assert 'class="bad" style="width:100.0%"' in shown
    assert "5.10 %" in shown


def test_halts_marks_and_pauses_are_a_line_each() -> None:
    breakers = BreakerState(
        state="halted",
        rule="daily_loss",
        reason="5.1 % lost",
        reduce_only={"BTCUSDT-LINEAR.BYBIT": "news"},
        paused={"X": ""},
    )
    kinds = [kind for _, kind in risk_figures.breaker_lines(breakers)]
    assert kinds == ["bad", "warn", "warn"]
    assert risk_figures.breaker_lines(BreakerState(state="active"))[0][1] == "ok"


def test_health_names_what_is_not_well(status: BotStatus, snapshot: Snapshot) -> None:
    assert value(health_figures.bot_cards(status), "bot") == "not healthy"
    assert [texts(row) for row in health_figures.check_rows(status)] == [
        ["feed", "not well", "90 s of silence"]
    ]
    assert texts(health_figures.feed_rows(snapshot)[0])[-1] == "1.5 s"
    found = Found(SERVICES["grafana"], False, "nothing listens")
    assert texts(health_figures.service_rows([found])[0]) == ["Grafana", "3000", "down", "nothing listens"]


def test_a_run_without_marks_and_trades_has_dashes() -> None:
    shown = run_figures.run_cards([], [])
    assert value(shown, "equity") == "-"
    assert value(shown, "win-rate") == "-"
    assert "No trade was closed." in run_figures.trade_table([])
