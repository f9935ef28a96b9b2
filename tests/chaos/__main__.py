"""
The kill matrix: ``python -m tests.chaos`` kills at every step of a session, ``--random 200`` at random.

Prints one line a kill and how many were survived; exits with 1 when one was not. ``--random 1 --seed N``
plays the kill of one seed again, ``--at PLACE --script STEPS`` any kill.
"""

import argparse
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from itertools import count
from pathlib import Path

from tests.chaos.harness import (
    OPEN_CLOSE,
    PARTIAL,
    STEPS,
    Kill,
    Matrix,
    Outcome,
    exchange_process,
    random_kill,
)


def planned(arguments: argparse.Namespace) -> Iterator[Kill]:
    """Yield the kills that were asked for; random ones without end, some will not be reached."""
    if arguments.random:
        yield from (random_kill(seed) for seed in count(arguments.seed))
    fault = PARTIAL if arguments.partial else {}
    for at in arguments.at or ():
        yield Kill(at, arguments.script, fault)
    if not arguments.at:
        yield from (Kill(at, f"resume,{OPEN_CLOSE},halt") for at in STEPS)


def line(number: int, outcome: Outcome) -> str:
    """Return what is printed of one kill."""
    kill = outcome.kill
    state = "survived" if not outcome.problems else "NOT SURVIVED"
    died = "killed" if outcome.died else "not reached"
    seed = "" if kill.seed is None else f"seed {kill.seed}"
    text = f"{number:4} {kill.at:28} {died:12} {state:13} {seed}".rstrip()
    if outcome.problems:
        text += f"\n       --script {kill.script}{' --partial' * bool(kill.fault)}"
        text += "".join(f"\n       {problem}" for problem in outcome.problems)
    return text


def play(matrix: Matrix, kill: Kill) -> Outcome:
    """
    Play a kill; once more when its step of the matrix was not reached.

    What the kill before left open changes the course of a session: the next one begins where that was closed.
    """
    outcome = matrix.play(kill)
    if outcome.died or outcome.problems or kill.seed is not None:
        return outcome
    return matrix.play(kill)


def main() -> int:
    """Play the kills."""
    parser = argparse.ArgumentParser(prog="chaos", description="Kill a bot and see whether it recovers.")
    parser.add_argument("--random", type=int, default=0, help="kills at random places instead of every step")
    parser.add_argument(
        "--seed", type=int, default=1, help="seed of the first random kill; the next has the next"
    )
    parser.add_argument("--at", action="append", help="one place, e.g. after:OrderFilled:1; may be repeated")
    parser.add_argument("--script", default=f"resume,{OPEN_CLOSE}", help="what the session does")
    parser.add_argument("--partial", action="store_true", help="split the entry's fill and drop the sockets")
    parser.add_argument("--folder", type=Path, help="keep the journals here")
    arguments = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("told to stop"))  # exchange and bot end with us
    begun = time.monotonic()
    played: list[Outcome] = []
    with tempfile.TemporaryDirectory() as temporary, exchange_process() as exchange:
        folder = arguments.folder or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        matrix = Matrix(exchange, folder)
        for kill in planned(arguments):
            played.append(play(matrix, kill))
            sys.stdout.write(line(len(played), played[-1]) + "\n")
            sys.stdout.flush()
            if arguments.random and sum(one.died for one in played) == arguments.random:
                break
    kills = [one for one in played if one.died]
    survived = sum(not one.problems for one in kills)
    failed = sum(bool(one.problems) for one in played)
    sys.stdout.write(
        f"{len(kills)} kills tried, {survived} survived; {len(played) - len(kills)} not reached; "
        f"{time.monotonic() - begun:.0f} s\n"
    )
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
