"""Whatever happens, not a digit of money is made or lost."""

from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.bybit_simulator.exchange import Exchange
from adapters.bybit_simulator.instruments import listed_instruments
from adapters.bybit_simulator.refusals import Refused
from adapters.bybit_simulator.requests import AmendOrder, CreateOrder
from adapters.bybit_simulator.store import open_exchange

SYMBOLS = ("BTCUSDT", "ETHUSDT")
INSTRUMENTS = listed_instruments(SYMBOLS)
BASE = {"BTCUSDT": 500_000, "ETHUSDT": 300_000}
DEPOSIT = Decimal(2_000)

symbols = st.sampled_from(SYMBOLS)
sides = st.sampled_from(("Buy", "Sell"))
quantities = st.integers(1, 900)
offsets = st.integers(-40_000, 40_000)
near = st.integers(-300, 300)

markets = st.tuples(st.just("market"), symbols, offsets, st.integers(1, 300))
trades = st.tuples(st.just("trade"), symbols, near, sides, quantities)
orders = st.tuples(
    st.just("order"),
    symbols,
    sides,
    quantities,
    st.none() | near,
    st.sampled_from((None, None, None, "GTC", "IOC", "FOK", "PostOnly")),
    st.sampled_from((False, False, False, True)),
    st.none() | st.none() | offsets,
    st.none() | st.integers(1, 10_000),
)
amendments = st.tuples(st.just("amend"), st.integers(0, 5), quantities, offsets)
cancellations = st.tuples(st.just("cancel"), symbols)
fundings = st.tuples(st.just("funding"), symbols, st.integers(-3000, 3000))
forced = st.tuples(st.sampled_from(("liquidate", "outside")), symbols)
histories = st.lists(
    st.one_of(
        markets, trades, trades, *[orders] * 8, amendments, amendments, cancellations, fundings, forced
    ),
    min_size=20,
    max_size=60,
)


def price(symbol, offset):
    return INSTRUMENTS[symbol].tick_size * (BASE[symbol] + offset * BASE[symbol] // 500_000)


def lots(symbol, count):
    return INSTRUMENTS[symbol].qty_step * count


def clock():
    now = 1_700_000_000_000
    while True:
        now += 1
        yield now


def new_exchange(wallet=DEPOSIT):
    ticks = clock()
    exchange = Exchange(INSTRUMENTS, wallet_usdt=wallet, wall_clock=lambda: next(ticks))
    for symbol in SYMBOLS:
        act(exchange, ("market", symbol, 0, 50))
    return exchange


def act(exchange, action):
    kind, *rest = action
    told = len(exchange.state.outbox)
    try:
        ACTIONS[kind](exchange, *rest)
    except Refused:
        refused = True
    else:
        refused = False
    assert not refused or len(exchange.state.outbox) == told, "a refusal changes nothing"


def _market(exchange, symbol, offset, qty):
    tick = INSTRUMENTS[symbol].tick_size
    mid = price(symbol, offset)
    bids = tuple((mid - tick * i, lots(symbol, qty * i)) for i in range(1, 6))
    asks = tuple((mid + tick * i, lots(symbol, qty * i)) for i in range(1, 6))
    exchange.on_book(symbol, bids, asks, 1)
    exchange.on_mark(symbol, mid, mid, 1)


def _trade(exchange, symbol, offset, side, qty):
    last = exchange.market(symbol).mark + INSTRUMENTS[symbol].tick_size * offset
    exchange.on_trade(symbol, last, lots(symbol, qty), side, 1)


def _order(exchange, symbol, side, qty, limit, tif, reduce_only, trigger, stop):
    market = exchange.market(symbol)
    tif = tif if limit is not None or tif != "PostOnly" else None
    tick = INSTRUMENTS[symbol].tick_size
    base = market.mark + tick * (limit or 0)
    away = None if stop is None else tick * (stop if side == "Buy" else -stop)
    trigger_price = None if trigger is None else price(symbol, trigger)
    exchange.create_order(
        CreateOrder(
            symbol=symbol,
            side=side,
            order_type="Market" if limit is None else "Limit",
            qty=lots(symbol, qty),
            price=None if limit is None else base,
            time_in_force=tif,
            reduce_only=reduce_only,
            trigger_price=trigger_price,
            trigger_direction=0 if trigger_price is None else 1 if trigger_price > market.reference else 2,
            stop_loss=None if away is None else base - away,
            take_profit=None if away is None else base + away,
        )
    )


def _amend(exchange, index, qty, offset):
    standing = exchange.open_orders()
    if index < len(standing):
        order = standing[index]
        exchange.amend_order(
            AmendOrder(
                symbol=order.symbol,
                order_id=order.order_id,
                qty=lots(order.symbol, qty),
                price=price(order.symbol, offset),
            )
        )


ACTIONS = {
    "market": _market,
    "trade": _trade,
    "order": _order,
    "amend": _amend,
    "cancel": lambda exchange, symbol: exchange.cancel_all(symbol),
    "funding": lambda exchange, symbol, bps: exchange.settle_funding(symbol, Decimal(bps) / 1_000_000, 1),
    "liquidate": lambda exchange, symbol: exchange.force_liquidation(symbol),
    "outside": lambda exchange, symbol: exchange.external_close(symbol),
}


def check_money(exchange):
    entries = exchange.transactions(limit=None)
    executions = exchange.executions(limit=None)
    balance = exchange.wallet().wallet_balance
    assert balance == sum(entry.change for entry in entries)
    realised = sum(execution.exec_pnl for execution in executions)
    fees = sum(execution.exec_fee for execution in executions)
    funding = sum(entry.funding for entry in entries)
    insurance = sum(entry.cash_flow for entry in entries if entry.type == "INSURANCE")
    assert balance == DEPOSIT + realised - fees + funding + insurance


def check_positions(exchange):
    for symbol, position in exchange.state.ledger.positions.items():
        fills = exchange.executions(symbol, limit=None)
        bought = [e for e in fills if e.side == "Buy"]
        sold = [e for e in fills if e.side == "Sell"]
        assert position.size == sum(e.exec_qty for e in bought) - sum(e.exec_qty for e in sold)
        cash = sum(e.exec_value for e in sold) - sum(e.exec_value for e in bought)
        entry_value = position.cost if position.size > 0 else -position.cost
        assert cash + entry_value == sum(e.exec_pnl for e in fills), (
            "what was paid is realised or still in the position"
        )
        assert (position.size == 0) == (position.cost == 0)


def check_orders(exchange):
    for order in (*exchange.open_orders(), *exchange.order_history(limit=None)):
        fills = exchange.executions(order_id=order.order_id, limit=None)
        assert order.cum_exec_qty == sum(e.exec_qty for e in fills)
        assert order.cum_exec_value == sum(e.exec_value for e in fills)
        assert order.cum_exec_fee == sum(e.exec_fee for e in fills)
        assert order.leaves_qty == (order.qty - order.cum_exec_qty if order.is_open else 0)
        if order.price and fills:
            assert all(
                e.exec_price <= e.order_price if order.is_buy else e.exec_price >= e.order_price
                for e in fills
            )


def check_protection(exchange):
    for symbol, position in exchange.state.ledger.positions.items():
        legs = [o for o in exchange.open_orders(symbol) if o.is_protection]
        assert {o.trigger_price for o in legs} == {p for p in (position.take_profit, position.stop_loss) if p}
        assert all(o.qty == abs(position.size) for o in legs)
        for order in exchange.open_orders(symbol):
            if order.reduce_only:
                assert 0 < order.leaves_qty <= position.closable(order.side)


@settings(max_examples=150, deadline=None)
@given(histories)
def test_money_positions_orders_and_protection_always_add_up(history):
    exchange = new_exchange()
    for action in history:
        act(exchange, action)
        check_protection(exchange)
    check_money(exchange)
    check_positions(exchange)
    check_orders(exchange)


@settings(max_examples=50, deadline=None)
@given(histories)
def test_the_account_is_never_left_in_debt_or_unsafe_after_a_mark(history):
    exchange = new_exchange()
    for action in history:
        act(exchange, action)
        if action[0] == "market":
            wallet = exchange.wallet()
            assert wallet.position_mm == 0 or wallet.equity > wallet.position_mm


@settings(max_examples=50, deadline=None)
@given(histories)
def test_the_same_history_gives_the_same_events(history):
    first, second = new_exchange(), new_exchange()
    for action in history:
        act(first, action)
        act(second, action)
    assert first.drain() == second.drain()


@settings(max_examples=40, deadline=None)
@given(histories, st.data())
def test_a_restart_anywhere_changes_nothing_that_follows(tmp_path_factory, history, data):
    path = tmp_path_factory.mktemp("account") / "account.sqlite"
    cut = data.draw(st.integers(0, len(history)))
    ticks, other_ticks = clock(), clock()
    first, store = open_exchange(path, INSTRUMENTS, wallet_usdt=DEPOSIT, wall_clock=lambda: next(ticks))
    for symbol in SYMBOLS:
        act(first, ("market", symbol, 0, 50))
    for action in history[:cut]:
        act(first, action)
        store.save(first)
    store.save(first, force=True)
    store.close()
    second, store = open_exchange(
        path, INSTRUMENTS, wallet_usdt=Decimal(1), wall_clock=lambda: next(other_ticks)
    )
    for symbol in SYMBOLS:
        book = first.book(symbol)
        second.book(symbol).replace(book.bids, book.asks, 1)
    first.drain()
    for action in history[cut:]:
        act(first, action)
        act(second, action)
    store.close()
    assert second.wallet() == first.wallet()
    assert _ids(second.open_orders()) == _ids(first.open_orders())
    assert _ids(second.order_history(limit=None)) == _ids(first.order_history(limit=None))
    assert [e.exec_id for e in second.executions(limit=None)] == [
        e.exec_id for e in first.executions(limit=None)
    ]


def _ids(orders):
    return [(order.order_id, order.status, order.cum_exec_qty, order.leaves_qty) for order in orders]
