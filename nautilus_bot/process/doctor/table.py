"""The checks in the order in which they are made: one literal table."""

from collections.abc import Callable, Iterator
from typing import Final, NamedTuple

from nautilus_bot.process.doctor.configuration import check_configuration, check_secrets
from nautilus_bot.process.doctor.disk import check_disk
from nautilus_bot.process.doctor.event_store import check_event_store
from nautilus_bot.process.doctor.files import check_files
from nautilus_bot.process.doctor.finding import Finding, Said
from nautilus_bot.process.doctor.ports import check_ports
from nautilus_bot.process.doctor.runtime import check_packages, check_python
from nautilus_bot.process.doctor.services import check_services
from nautilus_bot.process.doctor.surroundings import Surroundings
from nautilus_bot.process.doctor.venue import check_clock, check_keys, check_venue


class Check(NamedTuple):
    """One check: its name and what makes it."""

    name: str
    look: Callable[[Surroundings], Iterator[Said]]


CHECKS: Final = (
    Check("python", check_python),
    Check("packages", check_packages),
    Check("configuration", check_configuration),
    Check("secrets", check_secrets),
    Check("venue", check_venue),
    Check("clock", check_clock),
    Check("keys", check_keys),
    Check("disk", check_disk),
    Check("ports", check_ports),
    Check("files", check_files),
    Check("services", check_services),
    Check("events", check_event_store),
)


def examine(around: Surroundings) -> Iterator[Finding]:
    """Make all checks and yield what they find as it is found."""
    for check in CHECKS:
        for said in check.look(around):
            yield Finding(check.name, said.verdict, said.text, said.mend)
