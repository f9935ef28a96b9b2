"""Write the dashboards as JSON: ``python -m monitoring.grafana.build``; ``--check`` only compares."""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from grafana_foundation_sdk.builders.dashboard import Dashboard
from grafana_foundation_sdk.cog.encoder import JSONEncoder

from monitoring.grafana.advanced import build_advanced
from monitoring.grafana.basic import build_basic
from monitoring.grafana.operations import build_operations

FOLDER: Final = Path(__file__).parent / "dashboards"
DASHBOARDS: Final[dict[str, Callable[[], Dashboard]]] = {
    "basic.json": build_basic,
    "advanced.json": build_advanced,
    "operations.json": build_operations,
}


def render(dashboard: Dashboard) -> str:
    """Return a dashboard as Grafana reads it, every panel with an id of its own."""
    model: Any = dashboard.build()
    for number, panel in enumerate(model.panels, 1):
        panel.id_val = number
    return json.dumps(model, cls=JSONEncoder, indent=2, sort_keys=True) + "\n"


def outdated(folder: Path = FOLDER) -> list[str]:
    """Return the names of the files that are not what the code says."""
    return [
        name
        for name, build in DASHBOARDS.items()
        if not (folder / name).is_file() or (folder / name).read_text(encoding="utf-8") != render(build())
    ]


def main(arguments: list[str]) -> int:
    """Write, or check; return the exit code."""
    if "--check" in arguments:
        return 1 if outdated() else 0
    FOLDER.mkdir(exist_ok=True)
    for name, build in DASHBOARDS.items():
        (FOLDER / name).write_text(render(build()), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
