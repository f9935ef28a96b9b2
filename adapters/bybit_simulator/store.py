"""
The simulated account on disk: orders, fills, positions and money survive a restart of the simulator.

SQLite in WAL mode. ``save`` writes what changed since the last one in a single transaction, so that the file
always holds the account as it stood after some command or tick, never between two.
"""

import sqlite3
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Final

import msgspec

from adapters.bybit_simulator.exchange import Exchange
from adapters.bybit_simulator.history import HISTORY_KEPT, History
from adapters.bybit_simulator.instruments import LinearInstrument
from adapters.bybit_simulator.ledger import LedgerEntry, Position
from adapters.bybit_simulator.orders import Execution, Order
from nautilus_bot.core.errors import DataError

SCHEMA_VERSION: Final = 1

_SCHEMA: Final = """
CREATE TABLE account (id INTEGER PRIMARY KEY CHECK (id = 1), payload BLOB NOT NULL);
CREATE TABLE orders (order_id TEXT PRIMARY KEY, payload BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE executions (seq INTEGER PRIMARY KEY, payload BLOB NOT NULL);
CREATE TABLE entries (seq INTEGER PRIMARY KEY, payload BLOB NOT NULL);
CREATE TABLE positions (symbol TEXT PRIMARY KEY, payload BLOB NOT NULL) WITHOUT ROWID;
"""


class MarketPrices(msgspec.Struct, frozen=True):
    """The last prices of a symbol, so that margins mean something before the first tick after a restart."""

    last: Decimal | None
    mark: Decimal
    index: Decimal
    ts_ms: int


class Account(msgspec.Struct, frozen=True):
    """The single numbers of the account."""

    id_seed: int
    last_id: int
    balance: Decimal
    next_entry_seq: int
    prices: dict[str, MarketPrices]


class ExchangeStore:
    """
    Keep one account in one file; open it with ``open_store`` and close it.

    Parameters
    ----------
    connection : sqlite3.Connection
        A database with this module's schema.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection
        self._saved_executions = 0
        self._saved_entries = 0

    def load(self, exchange: Exchange) -> bool:
        """
        Put the saved account into a fresh exchange.

        Parameters
        ----------
        exchange : Exchange
            Built with ``wallet_usdt=0`` and nothing done to it yet.

        Returns
        -------
        bool
            False when the file holds no account.

        Raises
        ------
        DataError
            If the account holds a symbol that the exchange does not list.
        """
        account = self._account()
        if account is None:
            return False
        state = exchange.state
        positions = self._rows("positions ORDER BY symbol", Position)
        orders = self._rows("orders ORDER BY order_id", Order)
        _check_listed(
            {item.symbol for item in positions if item.size} | {o.symbol for o in orders if o.is_open},
            exchange,
        )
        state.id_seed, state.last_id = account.id_seed, account.last_id
        for position in positions:
            if position.symbol in state.instruments:
                state.ledger.positions[position.symbol] = position
        for order in orders:
            if order.symbol in state.instruments:
                state.orders.put(order)
        state.orders.changed.clear()
        executions = self._newest("executions", Execution)
        state.executions = History(executions, executions[-1].seq if executions else 0)
        entries = self._newest("entries", LedgerEntry)
        state.ledger.restore(account.balance, account.next_entry_seq, entries)
        self._saved_executions, self._saved_entries = state.executions.count, state.ledger.entries.count
        for symbol, prices in account.prices.items():
            if symbol in state.markets:
                state.markets[symbol].restore(prices.last, prices.mark, prices.index, prices.ts_ms)
        return True

    def save(self, exchange: Exchange, *, force: bool = False) -> bool:
        """
        Write what changed since the last call, in one transaction.

        Parameters
        ----------
        force : bool
            Write the account and its last prices even if nothing changed (before closing).

        Returns
        -------
        bool
            Whether anything was written.

        Raises
        ------
        DataError
            If the disk does not take it; the next call tries again.
        """
        state = exchange.state
        orders, ledger = state.orders, state.ledger
        executions = state.executions.since(self._saved_executions)
        entries = ledger.entries.since(self._saved_entries)
        if not (force or orders.changed or ledger.changed or executions or entries):
            return False
        try:
            self._write(exchange, executions, entries)
        except sqlite3.Error as e:
            raise DataError(
                f"the simulated account must be saved, but SQLite says: {e}; free its disk"
            ) from e
        orders.changed.clear()
        ledger.changed.clear()
        self._saved_executions += len(executions)
        self._saved_entries += len(entries)
        return True

    def close(self) -> None:
        """Close the file; what was not saved is lost."""
        self._db.close()

    def _write(self, exchange: Exchange, executions: list[Execution], entries: list[LedgerEntry]) -> None:
        orders, ledger = exchange.state.orders, exchange.state.ledger
        with self._db:
            self._put("orders", ((key, orders.get(key)) for key in orders.changed))
            self._put("positions", ((key, ledger.positions[key]) for key in ledger.changed))
            self._put("executions", ((item.seq, item) for item in executions))
            self._put("entries", ((item.seq, item) for item in entries))
            self._put("account", [(1, _account_of(exchange))])

    def _account(self) -> Account | None:
        rows = self._rows("account", Account)
        return rows[0] if rows else None

    def _rows[T](self, source: str, kind: type[T]) -> list[T]:
        decode = msgspec.msgpack.Decoder(kind).decode
        return [decode(payload) for (payload,) in self._db.execute(f"SELECT payload FROM {source}")]  # noqa: S608

    def _newest[T](self, table: str, kind: type[T]) -> list[T]:
        return self._rows(f"{table} ORDER BY seq DESC LIMIT {HISTORY_KEPT}", kind)[::-1]

    def _put(self, table: str, rows: Iterable[tuple[str | int, msgspec.Struct]]) -> None:
        encode = msgspec.msgpack.encode
        self._db.executemany(
            f"INSERT OR REPLACE INTO {table} VALUES (?, ?)",  # noqa: S608 - a literal name of this module
            [(key, encode(value)) for key, value in rows],
        )


def open_store(path: Path) -> ExchangeStore:
    """
    Open an account file, made if it does not exist, and be its only owner until it is closed.

    Raises
    ------
    DataError
        If the file is not an account of this version, or if another simulator has it open.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    connection = sqlite3.connect(path, check_same_thread=False, timeout=0)
    try:
        _prepare(connection, path)
    except sqlite3.OperationalError as e:
        connection.close()
        raise DataError(
            f"{path} must belong to one simulator, but SQLite says: {e}; stop the other or take another file"
        ) from e
    except sqlite3.DatabaseError as e:
        connection.close()
        raise DataError(f"{path} must be a simulator account, but SQLite says: {e}; move it away") from e
    except DataError:
        connection.close()
        raise
    return ExchangeStore(connection)


def open_exchange(
    path: Path,
    instruments: Mapping[str, LinearInstrument],
    *,
    wallet_usdt: Decimal,
    wall_clock: Callable[[], int],
) -> tuple[Exchange, ExchangeStore]:
    """
    Return the exchange saved in a file, or a new one with a first deposit, and its store.

    Parameters
    ----------
    wallet_usdt : Decimal
        First deposit; ignored when the file holds an account.
    """
    store = open_store(path)
    exchange = Exchange(instruments, wallet_usdt=Decimal(0), wall_clock=wall_clock)
    try:
        saved = store.load(exchange)
    except msgspec.MsgspecError as e:
        store.close()
        raise DataError(f"{path} must hold a readable account, found: {e}; move it away") from e
    except DataError:
        store.close()
        raise
    if not saved:
        exchange.state.ledger.deposit(wallet_usdt)
        store.save(exchange)
    return exchange, store


def _prepare(connection: sqlite3.Connection, path: Path) -> None:
    connection.execute("PRAGMA locking_mode = EXCLUSIVE")
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version not in (0, SCHEMA_VERSION):
        raise DataError(f"{path} must have account version {SCHEMA_VERSION}, has {version}; move it away")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = NORMAL")
    if version == 0:
        connection.executescript(f"BEGIN; {_SCHEMA} PRAGMA user_version = {SCHEMA_VERSION}; COMMIT;")
    # In exclusive mode the first write takes the lock for good: a second simulator fails here, at its start.
    connection.execute("BEGIN IMMEDIATE")
    connection.commit()


def _account_of(exchange: Exchange) -> Account:
    state = exchange.state
    return Account(
        state.id_seed,
        state.last_id,
        state.ledger.balance,
        state.ledger.next_seq,
        {
            symbol: MarketPrices(market.last, market.mark, market.index, market.ts_ms)
            for symbol, market in state.markets.items()
        },
    )


def _check_listed(symbols: set[str], exchange: Exchange) -> None:
    missing = sorted(symbols - set(exchange.instruments))
    if missing:
        raise DataError(
            f"the saved account has positions or open orders in {', '.join(missing)}, which the simulator "
            f"does not list now; start it with these symbols or with another account file"
        )
