"""
Processes that evaluate parameters: the same answers in the same order, however many there are.

Each worker gets the objective once, then lists of parameters through a pipe. The start method is ``spawn``
everywhere: a forked copy of a process with threads may hang.
"""

import signal
from collections.abc import Sequence
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import Final, Protocol, Self

from nautilus_bot.core.errors import ProcessError
from nautilus_bot.research.optimize.objective import Evaluation, Objective, Parameters

END_SECS: Final = 10.0
"""How long a worker may take to leave before it is terminated."""

type Task = tuple[Parameters, int]
"""Parameters, and how many slices of time to evaluate (0 for all)."""


class Crew(Protocol):
    """Evaluates lists of tasks."""

    def evaluate(self, tasks: Sequence[Task]) -> list[Evaluation]:
        """Return one evaluation a task, in their order."""
        ...


@dataclass(frozen=True, slots=True)
class Alone:
    """A crew of one: this process."""

    objective: Objective

    def evaluate(self, tasks: Sequence[Task]) -> list[Evaluation]:
        """Return one evaluation a task, in their order."""
        return [self.objective.evaluate(parameters, slices=slices) for parameters, slices in tasks]


class Workers:
    """
    A crew of processes; use it in a ``with`` block.

    Parameters
    ----------
    objective : Objective
        What they evaluate.
    count : int
        Number of processes.
    """

    def __init__(self, objective: Objective, count: int) -> None:
        context = get_context("spawn")
        self._processes: list[BaseProcess] = []
        self._pipes: list[Connection] = []
        for number in range(count):
            ours, theirs = context.Pipe()
            process = context.Process(
                target=_work, args=(theirs, objective), name=f"optimize-{number}", daemon=True
            )
            process.start()
            theirs.close()
            self._processes.append(process)
            self._pipes.append(ours)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for pipe in self._pipes:
            pipe.close()
        for process in self._processes:
            process.join(END_SECS)
            if process.is_alive():
                process.terminate()
                process.join()

    def evaluate(self, tasks: Sequence[Task]) -> list[Evaluation]:
        """
        Return one evaluation a task, in their order.

        Raises
        ------
        ProcessError
            If a worker died, e.g. for want of memory.
        """
        count = len(self._pipes)
        shares = [list(tasks[number::count]) for number in range(count)]
        found: list[Evaluation | None] = [None] * len(tasks)
        try:
            for pipe, share in zip(self._pipes, shares, strict=True):
                pipe.send(share)
            for number, pipe in enumerate(self._pipes):
                found[number::count] = pipe.recv()
        except (EOFError, BrokenPipeError, ConnectionResetError) as error:
            raise ProcessError(
                "the processes of a search must live until it ends, one has died (see its traceback above, "
                "or look for want of memory); run the same command again to go on where it stopped"
            ) from error
        return [one for one in found if one is not None]


def _work(pipe: Connection, objective: Objective) -> None:
    # Ctrl-C reaches the whole group; the one who asks decides, and closes the pipe
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    while True:
        try:
            tasks: list[Task] = pipe.recv()
        except EOFError:
            return
        pipe.send([objective.evaluate(parameters, slices=slices) for parameters, slices in tasks])
