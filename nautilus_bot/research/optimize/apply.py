"""Write what a search found into the strategies' file: first a diff to read, then a backup, then the file."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from difflib import unified_diff
from pathlib import Path
from typing import Any, Final

import msgspec

from nautilus_bot.config.bot import BotConfig
from nautilus_bot.config.files import read_json
from nautilus_bot.core.errors import ConfigError, DataError
from nautilus_bot.research.optimize.session import configure
from strategies.kernels.table import KERNELS

BACKUP: Final = "%Y%m%dT%H%M%SZ"


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """
    A file as it is and as it would be.

    Parameters
    ----------
    path : str
        The file.
    before, after : str
        Its text.
    """

    path: str
    before: str
    after: str

    @property
    def diff(self) -> str:
        """The unified diff; empty when nothing changes."""
        lines = unified_diff(
            self.before.splitlines(), self.after.splitlines(), f"{self.path} (now)", self.path, lineterm=""
        )
        return "\n".join(lines)


def propose(config: BotConfig, parameters: Mapping[str, float], *, weighted: bool) -> tuple[Change, ...]:
    """
    Return what would change in the configuration files.

    Parameters
    ----------
    config : BotConfig
        The configuration, with the files it came from.
    parameters : Mapping[str, float]
        As a search names them.
    weighted : bool
        Whether several strategies were searched as one portfolio. Weights become the strategies' largest
        notional in the risk file; a weight of zero switches a strategy off.

    Returns
    -------
    tuple[Change, ...]
        The files that differ.

    Raises
    ------
    ConfigError
        If a file no longer lists a strategy.
    """
    wanted = configure(config, parameters, weighted=weighted)
    changes = [_strategies_change(Path(config.files["strategies"]), wanted)]
    if weighted:
        changes.append(_risk_change(Path(config.files["risk"]), wanted))
    return tuple(change for change in changes if change.before != change.after)


def apply(changes: tuple[Change, ...], now: datetime | None = None) -> tuple[Path, ...]:
    """
    Write the changes; the files as they were are kept beside them.

    Parameters
    ----------
    changes : tuple[Change, ...]
        From ``propose``.
    now : datetime, optional
        Names the backups ``<file>.<time>.bak``.

    Returns
    -------
    tuple[Path, ...]
        The backups.

    Raises
    ------
    ConfigError
        If a file has changed since the diff was made.
    DataError
        If it cannot be written.
    """
    stamp = (now or datetime.now(UTC)).strftime(BACKUP)
    for change in changes:
        if Path(change.path).read_text(encoding="utf-8") != change.before:
            raise ConfigError(f"{change.path} must be as it was for the diff, it has changed; run again")
    backups = []
    for change in changes:
        path = Path(change.path)
        backup = path.with_name(f"{path.name}.{stamp}.bak")
        draft = path.with_name(f"{path.name}.tmp")
        try:
            backup.write_text(change.before, encoding="utf-8")
            draft.write_text(change.after, encoding="utf-8")
            draft.replace(path)
        except OSError as error:
            raise DataError(f"{path} must be writable: {error}; its backup is {backup}") from error
        backups.append(backup)
    return tuple(backups)


def _strategies_change(path: Path, wanted: BotConfig) -> Change:
    before = path.read_text(encoding="utf-8")
    raw = read_json(path)
    for entry in wanted.strategies.strategies:
        found = [one for one in raw["strategies"] if one["strategy"] == entry.strategy]
        if not found:
            raise ConfigError(f"{path}: {entry.strategy} must be listed, it is not")
        for one in found:
            own = one.setdefault("parameters", {})
            # what stays as it is keeps the form in which it was written, or goes on being left out
            known = KERNELS[entry.strategy].defaults() | own
            own |= {
                name: _number(entry.parameters[name], whole=whole)
                for name, whole in _whole(entry.strategy).items()
                if entry.parameters[name] != known[name]
            }
            if not entry.enabled:
                one["enabled"] = False
    return Change(path=str(path), before=before, after=_text(raw, before))


def _risk_change(path: Path, wanted: BotConfig) -> Change:
    before = path.read_text(encoding="utf-8")
    raw = read_json(path)
    limits = wanted.risk.sizing.max_notional_usdt_by_strategy
    raw.setdefault("sizing", {})["max_notional_usdt_by_strategy"] = {
        name: _number(value, whole=value == int(value)) for name, value in limits.items()
    }
    return Change(path=str(path), before=before, after=_text(raw, before))


def _whole(strategy: str) -> dict[str, bool]:
    return {one.name: one.integer for one in KERNELS[strategy].parameters}


def _number(value: float, *, whole: bool) -> float | int:
    # steps like 0.1 leave traces in the last place: 2.8000000000000003
    return int(value) if whole else float(f"{value:.10g}")


def _text(raw: Any, before: str) -> str:
    end = "\n" if before.endswith("\n") else ""
    return json.dumps(raw, indent=2, ensure_ascii=False) + end
