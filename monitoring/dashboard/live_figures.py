"""What the live page shows as text: account, positions with stop and target, orders, signals, verdicts."""

from decimal import Decimal
from typing import Final

from monitoring.dashboard import words
from monitoring.dashboard.markup import Cell, card, cards
from nautilus_bot.core import ids
from nautilus_bot.core.snapshot import Account, LedgerState, OpenOrder, SignalLine, Snapshot

POSITIONS: Final = (
    "Symbol",
    "Strategy",
    "Side",
    "Quantity>",
    "Entry>",
    "Mark>",
    "Stop>",
    "Target>",
    "Open PnL>",
)
ORDERS: Final = ("Symbol", "Strategy", "Role", "Side", "Quantity>", "Filled>", "Price>", "Status")
SIGNALS: Final = ("Time", "Strategy", "Symbol", "Side", "Price>", "Conf>", "Verdict", "Why")
ROLES: Final = {
    ids.ENTRY: "entry",
    ids.STOP: "stop",
    ids.TARGET: "target",
    ids.CLOSE: "close",
    "V": "foreign",
}
VERDICTS: Final = {
    "executed": "badge ok",
    "approved": "badge ok",
    "pending": "badge idle",
    "refused": "badge warn",
    "unfilled": "badge bad",
}


def today_usdt(account: Account) -> float:
    """Return profit since the market's UTC day began, open profit included."""
    start = account.equity_usdt / (1 - account.daily_loss_pct / 100) if account.daily_loss_pct < 100 else 0.0
    return account.equity_usdt - start


def total_usdt(account: Account, funding_usdt: float) -> float:
    """Return profit of all ledgers since their first trade: closed and open, after fees, with funding."""
    return account.realized_usdt + account.unrealized_usdt - account.fees_usdt + funding_usdt


def account_cards(snapshot: Snapshot, funding_usdt: float) -> str:
    """Return the row of figures at the top; funding is what was received less what was paid."""
    account = snapshot.account
    today, total = today_usdt(account), total_usdt(account, funding_usdt)
    wins = sum(one.wins for one in snapshot.trades)
    closed = wins + sum(one.losses for one in snapshot.trades)
    refused = sum(snapshot.signals_refused.values())
    won = f"{100 * wins / closed:.0f} % won of {closed} closed" if closed else "no trade closed yet"
    return cards(
        (
            card(
                "Equity",
                words.usdt(account.equity_usdt),
                f"balance {words.usdt(account.balance_usdt)} USDT",
                live=True,
            ),
            card(
                "PnL today",
                words.usdt(today, signed=True),
                f"{words.pct(-account.daily_loss_pct, signed=True)} since 00:00 UTC",
                tone=words.tone(today),
            ),
            card(
                "PnL total",
                words.usdt(total, signed=True),
                f"open {words.usdt(account.unrealized_usdt, signed=True)}, "
                f"fees {words.usdt(account.fees_usdt)}",
                tone=words.tone(total),
            ),
            card(
                "Drawdown",
                words.pct(account.drawdown_pct),
                f"peak {words.usdt(account.peak_usdt)} USDT",
                tone="warn" if account.drawdown_pct >= 5 else "",
            ),
            card(
                "Exposure",
                words.usdt(account.gross_exposure_usdt),
                f"net {words.usdt(account.net_exposure_usdt, signed=True)} USDT",
            ),
            card(
                "Signals",
                str(snapshot.signals_generated),
                f"{snapshot.signals_executed} executed, {refused} refused",
            ),
            card("Win rate", f"{100 * wins / closed:.0f} %" if closed else words.DASH, won),
        )
    )


def position_rows(snapshot: Snapshot) -> list[list[str | Cell]]:
    """Return a row a position."""
    return [_position(one, _target(one, snapshot.orders)) for one in snapshot.positions]


def _position(one: LedgerState, target: str) -> list[str | Cell]:
    long = Decimal(one.quantity) > 0
    stop = Cell(" / ".join(words.price(order.trigger) for order in one.stops))
    return [
        words.symbol(one.instrument_id),
        words.strategy(one.strategy),
        Cell("long" if long else "short", "gain" if long else "loss"),
        one.quantity.removeprefix("-"),
        words.price(one.average_price),
        words.price(one.mark),
        stop if one.covered else Cell("MISSING", "loss"),
        target,
        Cell(words.usdt(one.unrealized_usdt, signed=True), words.tone(one.unrealized_usdt)),
    ]


def _target(position: LedgerState, orders: tuple[OpenOrder, ...]) -> str:
    found = [
        words.price(order.price)
        for order in orders
        if order.role == ids.TARGET
        and (order.strategy_id, order.instrument_id) == (position.strategy_id, position.instrument_id)
    ]
    return " / ".join(found) or words.DASH


def order_rows(snapshot: Snapshot) -> list[list[str | Cell]]:
    """Return a row an open order."""
    return [
        [
            words.symbol(one.instrument_id),
            words.strategy(one.strategy_id.partition("-")[0]),
            ROLES.get(one.role, one.role),
            one.side.lower(),
            one.quantity,
            one.filled,
            words.price(one.trigger or one.price),
            one.status.lower().replace("_", " "),
        ]
        for one in snapshot.orders
    ]


def signal_rows(signals: tuple[SignalLine, ...], count: int) -> list[list[str | Cell]]:
    """Return a row a signal, the latest first."""
    return [
        [
            words.clock(one.ts_event),
            words.strategy(one.strategy),
            words.symbol(one.instrument_id),
            Cell(one.side.lower(), "gain" if one.side == "BUY" else "loss"),
            words.price(one.price),
            f"{one.confidence:.2f}",
            Cell(one.state, VERDICTS[one.state]),
            Cell(f"{one.rule}: {one.reason}" if one.rule else one.reason or one.why, "why"),
        ]
        for one in reversed(signals[-count:])
    ]
