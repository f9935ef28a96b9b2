"""``nautilus-bot events seal|prune|keygen|digest|publish|taxes``: what is kept, where, signed by whom."""

import csv
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from catalog.digest import DEFAULT_KEY, make_key, sign_day
from catalog.queries import EventQueries
from catalog.retention import Pruned, prune
from catalog.seal import seal_run
from catalog.store import DEFAULT_ROOT, EventStore
from catalog.taxes import tax_lines
from nautilus_bot.cli.output import JsonFlag, emit, progress, table
from nautilus_bot.core.errors import ConfigError

RootOption = Annotated[
    Path, typer.Option("--root", envvar="BOT_EVENTS_ROOT", help="Folder of the event catalog.")
]
KeyOption = Annotated[
    Path, typer.Option("--key", envvar="BOT_SIGNING_KEY", help="File of the operator's signing key.")
]
SEALED = "var/sealed"


def seal(
    run: Annotated[str, typer.Argument(help="Run id, its beginning, 'latest' or 'all'.")] = "latest",
    to: Annotated[str, typer.Option("--to", help="A folder or an address like s3://bucket/events.")] = SEALED,
    root: RootOption = DEFAULT_ROOT,
    as_json: JsonFlag = False,
) -> None:
    """Turn ended runs into typed Parquet files, checked against the hash chain."""
    store = EventStore(root)
    names = [one.run_id for one in store.runs() if one.ended_ns] if run == "all" else [store.resolve(run)]
    sealed: list[dict[str, Any]] = []
    with progress("sealing", total=len(names)) as job:
        for name in names:
            found = seal_run(store.folder(name), to)
            size = sum(file.size for file in found.files)
            sealed.append(
                {"run": name, "entries": found.manifest.last_seq, "files": len(found.files), "bytes": size}
            )
            job.advance()
    emit(
        sealed,
        as_json,
        lambda rows: table(
            f"sealed in {to}", ("run", "entries>", "files>", "bytes>"), [[*row.values()] for row in rows]
        ),
    )


def prune_journals(
    keep_days: Annotated[float, typer.Option(min=0, help="Keep journals of runs that ended since.")] = 30.0,
    keep_runs: Annotated[int, typer.Option(min=1, help="Keep those of the latest runs.")] = 10,
    really: Annotated[bool, typer.Option("--really", help="Remove them; without it only tell.")] = False,
    root: RootOption = DEFAULT_ROOT,
    as_json: JsonFlag = False,
) -> None:
    """Remove journals that are sealed, verified and old; questions go on being answered from the seal."""
    pruned = prune(EventStore(root), keep_days=keep_days, keep_runs=keep_runs, really=really)

    def render(found: list[Pruned]) -> Any:
        if not found:
            return "nothing to remove: journals must be sealed and old enough"
        title = "removed" if really else "would be removed (say --really)"
        return table(title, ("run", "bytes>"), [(one.run_id, one.size) for one in found])

    emit(pruned, as_json, render)


def keygen(key: KeyOption = DEFAULT_KEY, as_json: JsonFlag = False) -> None:
    """Make the Ed25519 key that signs daily digests, readable by its owner only."""
    made = {"key": str(key), "public": str(make_key(key))}
    emit(
        made, as_json, lambda one: f"{one['key']} signs, {one['public']} checks: keep a copy of it elsewhere"
    )


def digest(
    day: Annotated[str, typer.Option(help="UTC day like 2026-01-31 [default: today].")] = "",
    key: KeyOption = DEFAULT_KEY,
    root: RootOption = DEFAULT_ROOT,
    as_json: JsonFlag = False,
) -> None:
    """Sign what every run of a day ended with; `events verify` checks it."""
    signed = sign_day(EventStore(root), day or datetime.now(UTC).date().isoformat(), key)
    emit(signed, as_json, lambda one: f"signed {len(one.digest.runs)} runs that ended on {one.digest.day}")


def publish(
    redis_url: Annotated[str, typer.Option("--redis", envvar="BOT_REDIS_URL", help="Address of Redis.")],
    run: Annotated[str, typer.Option("--run", "-r", help="Run id, its beginning, or 'latest'.")] = "latest",
    following: Annotated[bool, typer.Option("--follow", "-f", help="Go on until Ctrl-C.")] = False,
    keep: Annotated[int, typer.Option(min=0, help="Entries that stay in the stream; 0 for all.")] = 0,
    root: RootOption = DEFAULT_ROOT,
    as_json: JsonFlag = False,
) -> None:
    """Publish a run's entries to Redis Streams, for other machines to watch."""
    try:
        from catalog.publish import StreamPublisher  # noqa: PLC0415  needs the extra of its own
    except ModuleNotFoundError as e:
        raise ConfigError("publishing needs the package redis: pip install 'nautilus-bot[redis]'") from e
    publisher = StreamPublisher(redis_url, EventStore(root).folder(run), keep=keep)
    try:
        count = publisher.follow() if following else publisher.publish()
    finally:
        publisher.close()
    done = {"stream": publisher.stream, "published": count}
    emit(done, as_json, lambda one: f"{one['published']} entries published to {one['stream']}")


def taxes(
    target: Annotated[Path, typer.Argument(help="CSV file to write, '-' for stdout.")],
    run: Annotated[
        str, typer.Option("--run", "-r", help="Run id, its beginning, 'latest' or 'all'.")
    ] = "all",
    root: RootOption = DEFAULT_ROOT,
    as_json: JsonFlag = False,
) -> None:
    """Write every fill as a CSV file that tax programs read."""
    queries = EventQueries(EventStore(root), run)
    try:
        lines = tax_lines(queries)
    finally:
        queries.close()
    if str(target) == "-":
        csv.writer(sys.stdout).writerows([lines.columns, *lines.rows])
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    with target.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([lines.columns, *lines.rows])
    emit(
        {"file": str(target), "trades": len(lines.rows)},
        as_json,
        lambda done: f"{done['trades']} trades in {done['file']}",
    )
