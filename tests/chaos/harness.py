"""Kill a bot again and again on one exchange that lives on, and compare all three after every restart."""

import json
import os
import random
import subprocess
import sys
import threading
import time
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

from adapters.bybit.addresses import simulated_addresses
from adapters.bybit.rest import BybitRest
from catalog.codec import decode
from catalog.manifest import load_manifest
from catalog.reader import EntryFilter, entries
from catalog.sealed import SealedStore
from catalog.store import EventStore
from catalog.verify import verify_run
from nautilus_bot.node.snapshots import fold_session

ROOT = Path(__file__).parents[2]
BOT = Path(__file__).with_name("bot.py")
ERRORS = "bot.err"
KILLED = -9
SEALER = Path(__file__).with_name("sealer.py")
BOT_TIMEOUT_SECS = 300.0
"""Guards against a bot that hangs; on a busy machine a healthy one may take long."""
SAID_OF_ERRORS = 200


@dataclass(frozen=True)
class Kill:
    """
    One kill.

    Parameters
    ----------
    at : str
        Where (see ``bot.py``); ``time:SECS`` kills from outside; ``seal:STEP:N`` kills the sealing of the
        session before (see ``sealer.py``); empty lets the session end by itself.
    script : str
        What the session does until then.
    fault : dict[str, Any]
        A fault that begins at the exchange once the bot has settled; empty for none.
    seed : int | None
        That it was drawn with.
    """

    at: str
    script: str
    fault: dict[str, Any] = field(default_factory=dict)
    seed: int | None = None


@dataclass
class Outcome:
    """What came of one kill: whether it happened, what was wrong after the restart, what the bot believed."""

    kill: Kill
    died: bool
    problems: list[str]
    belief: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Exchange:
    """A simulated Bybit in a process of its own."""

    http_url: str
    ws_url: str
    token: str

    def rest(self) -> BybitRest:
        """Return a session that asks it."""
        return BybitRest(simulated_addresses(self.http_url, self.ws_url), "SIMULATED", "SIMULATED")

    def fault(self, fault: dict[str, Any]) -> None:
        """Begin a fault."""
        request = urllib.request.Request(
            f"{self.http_url}/control/faults",
            data=json.dumps(fault).encode(),
            headers={"X-Control-Token": self.token, "Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=30):
            pass


@contextmanager
def exchange_process() -> Iterator[Exchange]:
    """Run a simulated Bybit for as long as the context lasts."""
    # it reads until its input ends, and so ends with us, even when we are killed
    command = [
        sys.executable,
        "-m",
        "nautilus_bot.cli.main",
        "simulator",
        "--json",
        "--until-eof",
        "--port=0",
    ]
    process = subprocess.Popen(
        [*command, "--symbols=BTCUSDT,ETHUSDT", "--wallet=10000"],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        text = ""
        for line in process.stdout:
            text += line
            if line.startswith("}"):
                break
        said = json.loads(text)
        yield Exchange(said["http_url"], said["ws_url"], said["control_token"])
    finally:
        process.terminate()
        process.communicate(timeout=60)


class Matrix:
    """
    Play kills one after the other; every session recovers from the one before.

    Parameters
    ----------
    exchange : Exchange
        Goes on when the bot dies.
    folder : Path
        Of the event store.
    """

    def __init__(self, exchange: Exchange, folder: Path) -> None:
        self._exchange = exchange
        self.rest = exchange.rest()
        self._folder = folder
        self.store = EventStore(folder / "events")
        self._injected = 0

    def close(self) -> None:
        """Close the connection to the exchange."""
        self.rest.close()

    def play(self, kill: Kill) -> Outcome:
        """Run a session until it is killed, restart it, and compare."""
        if kill.at.startswith("seal:"):
            return self._play_seal(kill)
        code, _ = self.run(kill)
        died = code == KILLED
        problems = [] if died or code == 0 else [self._ended("the session", code)]
        begun_ns = time.time_ns()
        code, said = self.run(Kill("", ""))
        if code != 0 or not said:
            return Outcome(kill, died, [*problems, self._ended("the restart", code)])
        found = self.compare(said[-1])
        if found and self._traded_since(begun_ns):
            # the market went on: a stop that filled after the bot had said what it believed is no difference
            code, said = self.run(Kill("", ""))
            found = self.compare(said[-1]) if code == 0 and said else [self._ended("the restart", code)]
        return Outcome(kill, died, problems + found, said[-1] if said else {})

    def _ended(self, what: str, code: int) -> str:
        errors = (self._folder / ERRORS).read_text(errors="replace").strip()
        return f"{what} ended with exit code {code}: {errors[-SAID_OF_ERRORS:].rpartition(chr(10))[2]}"

    def _traded_since(self, begun_ns: int) -> bool:
        return any(one.ts >= begun_ns for one in self.rest.executions(kind="Trade"))

    def _play_seal(self, kill: Kill) -> Outcome:
        """Kill the sealing of a session; the run must answer all the time, and be sealed whole after all."""
        code, _ = self.run(Kill("", kill.script))
        problems = [] if code == 0 else [self._ended("the session", code)]
        run = self.store.folder(self.store.latest().run_id)
        expected = [entry.entry_hash for entry in entries(run)]
        _, step, number = kill.at.split(":")
        url = str(self._folder / "sealed")
        died = self._seal(run, url, step, number) == KILLED
        for what in ("after the kill", "sealed again"):
            if [entry.entry_hash for entry in entries(run)] != expected:
                problems.append(f"{run.name}: its entries are others {what}")
            if what == "after the kill" and (code := self._seal(run, url, "never", "1")) != 0:
                problems.append(f"sealing again ended with exit code {code}")
        store = SealedStore(url)
        found = store.find(run.name)
        if found is None:
            return Outcome(kill, died, [*problems, f"{run.name} has no seal"])
        if [entry.entry_hash for entry in store.entries(found)] != expected:
            problems.append(f"{run.name}: the sealed entries differ from the journal's")
        return Outcome(kill, died, problems)

    def _seal(self, run: Path, url: str, step: str, number: str) -> int:
        with (self._folder / ERRORS).open("ab") as errors:
            words = [sys.executable, SEALER, run, url, step, number]
            return subprocess.run(words, cwd=ROOT, stderr=errors, timeout=120, check=False).returncode

    def run(
        self, kill: Kill, meanwhile: Callable[[], object] = lambda: None
    ) -> tuple[int, list[dict[str, Any]]]:
        """Run one session; return its exit code and what it said. ``meanwhile`` happens once it trades."""
        self._injected += kill.script.count("BUY") + kill.script.count("SELL")
        inside = "" if kill.at.startswith("time:") else kill.at
        command = [sys.executable, BOT, self._exchange.http_url, self._exchange.ws_url, self._folder]
        with (
            (self._folder / ERRORS).open("ab") as errors,
            subprocess.Popen(
                [*command, kill.script],
                cwd=ROOT,
                env={**os.environ, "BOT_KILL_AT": inside},
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
            ) as process,
        ):
            outside = float(kill.at[5:]) if not inside and kill.at else BOT_TIMEOUT_SECS
            killer = threading.Timer(outside, process.kill)
            killer.start()
            assert process.stdout is not None
            try:
                first = process.stdout.readline()
                if first and kill.fault:
                    self._exchange.fault(kill.fault)
                if first:
                    meanwhile()
                text = first + process.stdout.read()
                code = process.wait()
            finally:
                killer.cancel()
                process.kill()
        return code, [json.loads(line) for line in text.splitlines() if line]

    # -- comparing ----------------------------------------------------------------------------------

    def compare(self, belief: dict[str, Any]) -> list[str]:
        """Name everything in which bot, journal and exchange differ."""
        return [
            *self._positions(belief),
            *self._orders(belief),
            *self._fills(),
            *self._breakers(belief),
            *self._journals(belief),
        ]

    def _positions(self, belief: dict[str, Any]) -> list[str]:
        held = self.rest.positions()
        found = []
        for symbol, net in belief["net"].items():
            theirs = held[symbol].quantity if symbol in held else Decimal(0)
            if theirs != Decimal(net):
                found.append(f"{symbol}: the exchange holds {theirs}, the ledgers {net}")
        balance = self.rest.wallet_balance_usdt()
        if abs(balance - Decimal(belief["balance"])) > Decimal("0.02"):
            found.append(f"balance: the exchange has {balance}, the bot {belief['balance']}")
        if belief["reduce_only"]:
            found.append(f"reduce-only without an outsider: {belief['reduce_only']}")
        return found

    def _orders(self, belief: dict[str, Any]) -> list[str]:
        rows = [row for row in self.rest.open_orders() if row["orderLinkId"]]
        theirs = {row["orderLinkId"] for row in rows}
        found = []
        if theirs != set(belief["open_orders"]):
            found.append(f"orders: exchange {sorted(theirs)}, bot {belief['open_orders']}")
        stops = Counter[str]()
        for row in rows:
            if "-S" in row["orderLinkId"]:
                stops[row["symbol"]] += Decimal(row["qty"]) - Decimal(row["cumExecQty"])
        for symbol, net in belief["net"].items():
            if stops[symbol] != abs(Decimal(net)):
                found.append(f"{symbol}: {net} held, stops over {stops[symbol]}")
        return found

    def _fills(self) -> list[str]:
        theirs = {
            one.exec_id: one.order_link_id for one in self.rest.executions(kind="Trade") if one.order_link_id
        }
        recorded = Counter(fill.trade_id.value for fill in self.recorded("OrderFilled"))
        # a fill whose order no journal holds reaches its ledger as a correction that names it
        recorded += Counter(
            word
            for correction in self.recorded("LedgerCorrected")
            for word in correction.reason.split()
            if word in theirs
        )
        found = [f"fill {one} was recorded {count} times" for one, count in recorded.items() if count > 1]
        found += [f"fill {one} of {theirs[one]} was lost" for one in theirs if one not in recorded]
        entered = len(self.entries_filled())
        if entered > self._injected:
            found.append(f"{entered} entries for {self._injected} signals")
        return found

    def entries_filled(self) -> set[str]:
        """Return the entries that ever filled, according to all journals."""
        filled = {fill.client_order_id.value for fill in self.recorded("OrderFilled")}
        return {one for one in filled if one.endswith("-E")}

    def _breakers(self, belief: dict[str, Any]) -> list[str]:
        facts = self.recorded("TradingHalted", "TradingResumed")
        halted = bool(facts) and type(facts[-1]).__name__ == "TradingHalted"
        if halted != bool(belief["halt"]):
            return [f"the journal says halted: {halted}, the bot: {belief['halt'] or 'no'}"]
        return []

    def _journals(self, belief: dict[str, Any]) -> list[str]:
        found = []
        for manifest in self.store.runs():
            report = verify_run(self.store.folder(manifest.run_id))
            if not report.ok:
                found.append(f"{manifest.run_id}: {report.message}")
            if manifest.status == "RUNNING":
                found.append(f"{manifest.run_id} is still RUNNING")
        # the journal of the last session alone, without its snapshots, must give what the bot believed
        state = fold_session(self.store.folder(belief["run"]), use_snapshots=False)
        ledgers = {
            f"{one.strategy_id}@{one.instrument_id}": one.quantity
            for one in state.risk.ledgers
            if Decimal(one.quantity)
        }
        if ledgers != belief["ledgers"]:
            found.append(f"ledgers: the journal says {ledgers}, the bot {belief['ledgers']}")
        found += self._snapshots(belief["run"])
        return found

    def _snapshots(self, run_id: str) -> list[str]:
        """Fold every journal from its last snapshot and from its first entry: both must agree."""
        manifest = load_manifest(self.store.folder(run_id))
        names = [name for name in (run_id, manifest.parent_run) if name]
        found = []
        for name in names:
            short, long = (fold_session(self.store.folder(name), use_snapshots=one) for one in (True, False))
            if (short.risk, short.book.positions) != (long.risk, long.book.positions):
                found.append(f"{name}: folded from its snapshot {short.risk}, from its start {long.risk}")
        return found

    def recorded(self, *types: str) -> list[Any]:
        """Return the messages of some types from all journals, oldest first."""
        wanted = EntryFilter(types=types)
        return [
            decode(entry.type, entry.version, entry.payload)
            for run_id in (manifest.run_id for manifest in self.store.runs())
            for entry in entries(self.store.folder(run_id), where=wanted)
        ]


STEPS = (
    "before:Signal:1",
    "after:Signal:1",
    "after:RiskVerdict:1",
    "before:OrderInitialized:1",
    "before:SubmitOrder:1",
    "after:SubmitOrder:1",
    "sent:E:1",
    "before:OrderSubmitted:1",
    "after:OrderSubmitted:1",
    "before:OrderAccepted:1",
    "after:OrderAccepted:1",
    "before:OrderFilled:1",
    "after:OrderFilled:1",
    "before:PositionOpened:1",
    "before:OrderInitialized:2",
    "after:OrderInitialized:2",
    "after:SubmitOrder:2",
    "sent:S:1",
    "before:OrderAccepted:2",
    "sent:T:1",
    "after:OrderAccepted:3",
    "before:CancelOrder:1",
    "after:CancelOrder:1",
    "before:OrderCanceled:1",
    "after:OrderCanceled:1",
    "after:OrderCanceled:2",
    "sent:C:1",
    "before:OrderFilled:2",
    "after:OrderFilled:2",
    "before:TradingHalted:1",
    "after:TradingHalted:1",
    "before:SessionSnapshot:1",
    "after:SessionSnapshot:1",
    "after:SessionSnapshot:2",
    "after:CryptoPerpetual:1",
    "before:AccountState:1",
    "after:WarmupBars:1",
    "seal:open:1",
    "seal:open:4",
    "seal:write:3",
    "seal:read:1",
    "seal:read:8",
    "seal:publish:1",
    "seal:point:1",
)
"""Every step of the scripted session, of the recovery that precedes it, and of the seal that follows."""

PARTIAL = {"kind": "partial_fill_then_disconnect", "symbol": "ETHUSDT", "ratio": 0.5}
OPEN_CLOSE = "ETHUSDT:BUY:0.5,snapshot,ETHUSDT:SELL:0.8"
LEGS = ("ETHUSDT:BUY", "ETHUSDT:SELL", "BTCUSDT:BUY", "BTCUSDT:SELL")


def random_kill(seed: int) -> Kill:
    """Draw a session and a place to kill it at; a seed always gives the same."""
    chance = random.Random(seed)
    steps = [f"{chance.choice(LEGS)}:{chance.choice((0.05, 0.3, 0.8))}" for _ in range(chance.randint(1, 4))]
    if chance.random() < 0.2:
        steps.insert(chance.randint(0, len(steps)), "halt")
    if chance.random() < 0.5:
        steps.insert(chance.randint(0, len(steps)), "snapshot")
    script = ",".join(["resume", *steps])
    way = chance.random()
    if way < 0.5:
        at = f"{chance.choice(('before', 'after'))}:*:{chance.randint(1, 75)}"
    elif way < 0.8:
        at = chance.choice(STEPS)
    else:
        at = f"time:{chance.uniform(2.0, 7.0):.2f}"
    fault = PARTIAL if chance.random() < 0.15 else {}
    return Kill(at, script, fault, seed)
