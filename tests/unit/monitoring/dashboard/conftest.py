"""A bot at one moment, made by hand: what the control API answers."""

from typing import Any

import pytest

from nautilus_bot.core.control import BotStatus, Health, HealthCheck, JournalState
from nautilus_bot.core.snapshot import (
    Account,
    BreakerState,
    LedgerState,
    OpenOrder,
    Price,
    SignalCount,
    SignalLine,
    Snapshot,
    TradeCount,
)

BTC = "BTCUSDT-LINEAR.BYBIT"
NOON = 1_735_732_800_000_000_000
"""2025-01-01 12:00:00 UTC."""
TREND, REVERSION = "TrendFollowingADXEMAStrategy", "BollingerReversionStrategy"


def account(**changes: Any) -> Account:
    values: dict[str, Any] = {
        "balance_usdt": 9_900.0,
        "equity_usdt": 9_800.0,
        "unrealized_usdt": -100.0,
        "realized_usdt": -80.0,
        "fees_usdt": 20.0,
        "peak_usdt": 10_000.0,
        "drawdown_pct": 2.0,
        "daily_loss_pct": 2.0,
        "gross_exposure_usdt": 4_900.0,
        "net_exposure_usdt": -2_450.0,
    }
    return Account(**(values | changes))


def order(role: str, **changes: Any) -> OpenOrder:
    values: dict[str, Any] = {
        "client_order_id": f"X-TF-BTCUSDT-1-{role}",
        "signal_id": "X-TF-BTCUSDT-1",
        "strategy_id": f"{TREND}-TF_BTCUSDT_15m",
        "instrument_id": BTC,
        "role": role,
        "side": "SELL",
        "type": "STOP_MARKET",
        "status": "ACCEPTED",
        "quantity": "0.10",
        "filled": "0.00",
    }
    return OpenOrder(**(values | changes))


STOP = order("S", trigger="59000.50")
TARGET = order("T", type="LIMIT", price="63000.00")


def position(**changes: Any) -> LedgerState:
    values: dict[str, Any] = {
        "strategy": TREND,
        "strategy_id": f"{TREND}-TF_BTCUSDT_15m",
        "instrument_id": BTC,
        "quantity": "0.10",
        "average_price": "60000.10",
        "mark": 59_500.25,
        "notional_usdt": 5_950.0,
        "unrealized_usdt": -49.985,
        "realized_usdt": 0.0,
        "fees_usdt": 3.3,
        "stop_quantity": "0.10",
        "stops": (STOP,),
        "covered": True,
    }
    return LedgerState(**(values | changes))


def signal(number: int, **changes: Any) -> SignalLine:
    values: dict[str, Any] = {
        "ts_event": NOON + number * 60_000_000_000,
        "signal_id": f"X-TF-BTCUSDT-{number}",
        "strategy": TREND,
        "strategy_id": f"{TREND}-TF_BTCUSDT_15m",
        "instrument_id": BTC,
        "side": "BUY",
        "confidence": 0.71,
        "price": "60000.00",
        "stop": "59000.00",
        "target": "63000.00",
        "why": "all 5 conditions met",
        "closes": False,
        "state": "executed",
    }
    return SignalLine(**(values | changes))


@pytest.fixture
def make_account() -> Any:
    return account


@pytest.fixture
def make_position() -> Any:
    return position


@pytest.fixture
def make_signal() -> Any:
    return signal


@pytest.fixture
def snapshot() -> Snapshot:
    return Snapshot(
        market_ns=NOON,
        events=10,
        gaps=0,
        feed_age_secs=0.2,
        account=account(),
        breakers=BreakerState(state="active", paused={REVERSION: "it sleeps"}),
        prices=(Price(instrument_id=BTC, price=59_500.25, ts_event=NOON - 1_500_000_000),),
        positions=(position(),),
        orders=(STOP, TARGET),
        signals=(
            signal(1),
            signal(2, state="refused", rule="throttle", reason="12 s < 30 s"),
            signal(3, strategy=REVERSION, state="pending"),
        ),
        signal_counts=(
            SignalCount(strategy=TREND, instrument_id=BTC, generated=2, executed=1, refused={"throttle": 1}),
            SignalCount(strategy=REVERSION, instrument_id=BTC, generated=1, executed=0, refused={}),
        ),
        trades=(
            TradeCount(strategy=TREND, instrument_id=BTC, wins=1, losses=2, realized_usdt=-80.0),
            TradeCount(
                strategy=TREND, instrument_id="ETHUSDT-LINEAR.BYBIT", wins=1, losses=0, realized_usdt=5.5
            ),
        ),
    )


@pytest.fixture
def status(snapshot: Snapshot) -> BotStatus:
    return BotStatus(
        run_id="paper-20250101-120000-abcd",
        mode="paper",
        environment="simulated",
        pid=42,
        started_ns=NOON,
        uptime_secs=3_700.0,
        market_ns=snapshot.market_ns,
        feed_age_secs=0.2,
        account=snapshot.account,
        breakers=snapshot.breakers,
        positions=snapshot.positions,
        orders=2,
        signals_generated=3,
        signals_executed=1,
        signals_refused={"throttle": 1},
        trades=4,
        strategies=(
            f"{REVERSION}-BR_BTCUSDT_15m",
            "QAInjectStrategy-QA_BTCUSDT_1m",
            f"{TREND}-TF_BTCUSDT_15m",
            f"{TREND}-TF_ETHUSDT_15m",
        ),
        journal=JournalState(seq=1_234, idle_secs=0.4, size_bytes=2_500_000),
        health=Health(
            ok=False, beat=77, seq=1_234, checks=(HealthCheck(name="feed", ok=False, text="90 s of silence"),)
        ),
    )
