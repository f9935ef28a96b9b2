"""A PostgreSQL of the test's own: a fresh cluster in a temporary folder, reached by its socket only."""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("psycopg2", reason="a shared study needs the research extra")

START_SECS = 120


def binaries() -> Path | None:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))
    if found:
        return found[-1]
    single = shutil.which("initdb")
    return Path(single).parent if single else None


@pytest.fixture(scope="session")
def postgresql() -> Iterator[str]:
    """Yield the address of a running database."""
    found = binaries()
    required = os.environ.get("BOT_REQUIRE_SERVICES") == "1"
    user = None
    if os.geteuid() == 0:
        # PostgreSQL refuses to run as root
        try:
            user = pwd.getpwnam("postgres").pw_name
        except KeyError:
            found = None
    if found is None:
        if required:
            pytest.fail("BOT_REQUIRE_SERVICES=1 asks for a real PostgreSQL: install the package postgresql")
        pytest.skip("no PostgreSQL here: install the package postgresql")
    folder = Path(tempfile.mkdtemp(prefix="nautilus-bot-postgresql-"))
    try:
        yield from run_server(found, folder, user)
    finally:
        shutil.rmtree(folder)


def run_server(found: Path, folder: Path, user: str | None) -> Iterator[str]:
    if user is not None:
        shutil.chown(folder, user)
    data = folder / "data"
    superuser = ["--username=bot", "--auth=trust", "--no-sync"]
    subprocess.run(
        [found / "initdb", "--pgdata", data, *superuser], check=True, capture_output=True, user=user, cwd="/"
    )
    settings = {"listen_addresses": "", "unix_socket_directories": str(folder), "fsync": "off"}
    options = " ".join(f"-c {name}='{value}'" for name, value in settings.items())
    control = [found / "pg_ctl", "--pgdata", data, "--wait", f"--timeout={START_SECS}"]
    subprocess.run(
        [*control, "start", "--log", folder / "log", "--options", options],
        check=True,
        stdout=subprocess.DEVNULL,
        user=user,
        cwd="/",
    )
    try:
        yield f"postgresql://bot@/postgres?host={folder}"
    finally:
        subprocess.run(
            [*control, "stop", "--mode=immediate"], check=True, stdout=subprocess.DEVNULL, user=user, cwd="/"
        )
