"""A recorded run shown as if it were a bot: its events go through the same fold as those of a running one."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from catalog.manifest import load_manifest
from monitoring.exporter import Exporter
from monitoring.history import recorded_messages

STEP_SECS: Final = 0.25


class RecordedRun:
    """
    The metrics of a run that has been recorded.

    Parameters
    ----------
    folder : Path
        The run's folder.

    Raises
    ------
    NotFound, CorruptEntry
        If there is no readable run.
    """

    def __init__(self, folder: Path) -> None:
        manifest = load_manifest(folder)
        self.exporter = Exporter(manifest.run_id)
        self.exporter.introduce(manifest)
        self._messages: list[Any] = list(recorded_messages(folder))

    def count(self) -> None:
        """Count all of it at once."""
        self.exporter.recount(self._messages)

    def play(self, over_secs: float, sleep: Callable[[float], None] = time.sleep) -> None:
        """
        Count it little by little, so that graphs show its course.

        Parameters
        ----------
        over_secs : float
            Wall time that it takes; events are spread evenly.
        sleep : Callable[[float], None]
            Waits.
        """
        steps = max(1, round(over_secs / STEP_SECS))
        total = len(self._messages)
        for step in range(steps):
            self.exporter.recount(self._messages[total * step // steps : total * (step + 1) // steps])
            sleep(STEP_SECS)
