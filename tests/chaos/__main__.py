"""
The kill matrix: ``python -m tests.chaos`` kills at every step of a session, ``--random 200`` at random.

Prints one line a kill and how many were survived; exits with 1 when one was not.
"""

import argparse
import random
import sys
import tempfile
import time
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


def planned(arguments: argparse.Namespace) -> list[Kill]:
    """Return the kills that were asked for."""
    if arguments.at:
        fault = PARTIAL if arguments.partial else {}
        return [Kill(at, arguments.script, fault) for at in arguments.at]
    kills = [] if arguments.random else [Kill(at, f"resume,{OPEN_CLOSE},halt") for at in STEPS]
    chance = random.Random(arguments.seed)
    return kills + [random_kill(chance) for _ in range(arguments.random)]


def line(number: int, outcome: Outcome) -> str:
    """Return what is printed of one kill."""
    kill = outcome.kill
    state = "survived" if not outcome.problems else "NOT SURVIVED"
    died = "killed" if outcome.died else "not reached"
    text = f"{number:4} {kill.at:28} {died:12} {state}"
    if outcome.problems:
        text += f"  [{kill.script}]" + "".join(f"\n       {problem}" for problem in outcome.problems)
    return text


def main() -> int:
    """Play the kills."""
    parser = argparse.ArgumentParser(prog="chaos", description="Kill a bot and see whether it recovers.")
    parser.add_argument("--random", type=int, default=0, help="kills at random places instead of every step")
    parser.add_argument("--seed", type=int, default=1, help="seed of the random kills")
    parser.add_argument("--at", action="append", help="one place, e.g. after:OrderFilled:1; may be repeated")
    parser.add_argument("--script", default=f"resume,{OPEN_CLOSE}", help="what the session does")
    parser.add_argument("--partial", action="store_true", help="split the entry's fill and drop the sockets")
    parser.add_argument("--folder", type=Path, help="keep the journals here")
    arguments = parser.parse_args()
    begun = time.monotonic()
    tried = died = survived = 0
    with tempfile.TemporaryDirectory() as temporary, exchange_process() as exchange:
        folder = arguments.folder or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        matrix = Matrix(exchange, folder)
        for kill in planned(arguments):
            outcome = matrix.play(kill)
            tried += 1
            died += outcome.died
            survived += not outcome.problems
            sys.stdout.write(line(tried, outcome) + "\n")
            sys.stdout.flush()
    sys.stdout.write(
        f"{tried} sessions, {died} killed, {survived} survived, {time.monotonic() - begun:.0f} s\n"
    )
    return 0 if survived == tried else 1


if __name__ == "__main__":
    sys.exit(main())
