"""``nautilus-bot metrics``: what the exporter of a running bot says, or a recorded run shown as a bot."""

import threading
import urllib.error
import urllib.request
from pathlib import Path
from typing import Annotated, Any, Final

import msgspec
import typer
from prometheus_client.parser import text_string_to_metric_families
from rich.table import Table

from catalog.store import DEFAULT_ROOT, EventStore
from monitoring.exporter import DEFAULT_PORT, HOST
from monitoring.metrics import METRICS
from monitoring.recorded import RecordedRun
from nautilus_bot.cli.output import JsonFlag, emit, note, table
from nautilus_bot.core.errors import ConfigError, NotRunning

TIMEOUT_SECS: Final = 5.0


class Value(msgspec.Struct, frozen=True):
    """One series: its metric, its labels, its value."""

    name: str
    labels: dict[str, str]
    value: float


def metrics(
    port: Annotated[
        int,
        typer.Option("--metrics-port", min=0, max=65535, help="Where the bot's metrics are, or are to be."),
    ] = DEFAULT_PORT,
    name: Annotated[str, typer.Option("--name", help="Only metrics whose name holds this.")] = "",
    zeros: Annotated[bool, typer.Option("--zeros", help="Series at zero too.")] = False,
    describe: Annotated[
        bool, typer.Option("--describe", help="List every metric with its labels and source.")
    ] = False,
    run: Annotated[str, typer.Option("--run", "-r", help="A recorded run instead of a running bot.")] = "",
    serve: Annotated[
        bool, typer.Option("--serve", help="Serve the recorded run to Prometheus until Ctrl-C.")
    ] = False,
    over: Annotated[
        float, typer.Option(min=0, help="Play the served run over so many seconds; 0 shows its end.")
    ] = 0.0,
    root: Annotated[
        Path, typer.Option("--root", envvar="BOT_EVENTS_ROOT", help="Folder of the event catalog.")
    ] = DEFAULT_ROOT,
    as_json: JsonFlag = False,
) -> None:
    """Show the metrics of the running bot, or of a recorded run."""
    if describe:
        emit([metric._asdict() for metric in METRICS], as_json, _render_table_of_metrics)
        return
    if serve:
        if not run:
            raise ConfigError("--serve needs --run: a running bot serves its metrics by itself")
        _serve(EventStore(root).folder(run), port, over)
        return
    values = _recorded(EventStore(root).folder(run)) if run else parse(fetch(port))
    wanted = [one for one in values if name in one.name and (zeros or one.value)]
    emit(wanted, as_json, _render_values)


def fetch(port: int) -> str:
    """
    Return what the exporter on a port says.

    Raises
    ------
    NotRunning
        If nobody answers there.
    """
    url = f"http://{HOST}:{port}/metrics"
    try:
        with urllib.request.urlopen(url, timeout=TIMEOUT_SECS) as answer:
            return str(answer.read().decode())
    except (urllib.error.URLError, TimeoutError, ConnectionError) as e:
        why = getattr(e, "reason", e)
        raise NotRunning(
            f"a bot must serve metrics at {url}, it does not ({why}); start one, e.g. `nautilus-bot paper`"
        ) from e


def parse(text: str) -> list[Value]:
    """Return the series of an exposition; buckets of histograms are left out."""
    return [
        Value(sample.name, dict(sample.labels), sample.value)
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if not sample.name.endswith("_bucket")
    ]


def _recorded(folder: Path) -> list[Value]:
    recorded = RecordedRun(folder)
    recorded.count()
    return [
        Value(sample.name, dict(sample.labels), sample.value)
        for family in recorded.exporter.collect()
        for sample in family.samples
        if not sample.name.endswith("_bucket")
    ]


def _serve(folder: Path, port: int, over_secs: float) -> None:
    recorded = RecordedRun(folder)
    found = recorded.exporter.serve(port)
    note(f"run {folder.name} at http://{HOST}:{found}/metrics, Ctrl-C ends it")
    try:
        if over_secs:
            recorded.play(over_secs)
        else:
            recorded.count()
        threading.Event().wait()
    finally:
        recorded.exporter.close()


def _render_values(values: list[Value]) -> Table:
    rows = (
        (one.name, " ".join(f"{key}={text}" for key, text in one.labels.items()), f"{one.value:,.6g}")
        for one in values
    )
    return table("", ("metric", "labels", "value>"), rows)


def _render_table_of_metrics(metrics: list[dict[str, Any]]) -> Table:
    rows = ((m["name"], m["kind"], " ".join(m["labels"]), m["help"], m["source"]) for m in metrics)
    return table("", ("metric", "type", "labels", "meaning", "from"), rows)
