"""
The console script: parse, import the one command that was asked for, turn failures into exit codes.

::

    0 ok   1 error   2 not found   3 not running   4 bad configuration or flag   5 timeout   130 Ctrl-C
"""

import errno
import os
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any, Final, Literal

import typer

from nautilus_bot.cli.commands import COMMANDS, Command
from nautilus_bot.cli.extras import missing_extra
from nautilus_bot.cli.streams import note, write_json
from nautilus_bot.core.errors import BotError, ConfigError

INTERRUPTED: Final = 130
_BAD_USAGE: Final = ConfigError.exit_code
_MACHINE: Final = {
    errno.ENOSPC: "the disk must have room, it has none left; free some and try again",
    errno.EDQUOT: "the disk quota must have room, it has none left; free some and try again",
    errno.EROFS: "what is written must not lie on a read-only file system; name another place",
    errno.EACCES: "the files must be open to this user, one is not; correct its permissions",
    errno.EPERM: "the files must be open to this user, one is not; correct its permissions",
}
"""What the machine refuses is no bug of a command: one line says it, without a traceback."""
_HELP: Final = "An event-sourced crypto trading bot on NautilusTrader for Bybit."


def run() -> None:
    """Run the command line and leave with its exit code."""
    sys.exit(main(sys.argv[1:]))


def main(argv: Sequence[str]) -> int:
    """
    Run one command.

    Parameters
    ----------
    argv : Sequence[str]
        The words after the program's name; none at all asks for help.

    Returns
    -------
    int
        The exit code: that of the ``BotError`` raised, 4 for a word or flag that does not exist, 130 after
        Ctrl-C, 1 for anything unexpected, whose traceback goes to a file.
    """
    words = list(argv) or ["--help"]
    as_json = "--json" in words
    try:
        code = build_app(words[0])(args=words, prog_name="nautilus-bot", standalone_mode=False) or 0
        # Typer swallows Ctrl-C and only leaves its exit code
        return _fail("interrupted", INTERRUPTED, as_json) if code == INTERRUPTED else code
    except BotError as error:
        return _fail(str(error), error.exit_code, as_json)
    except typer.TyperException as error:
        message = _usage_message(error)
        # a group named without one of its commands has shown its help and says no more
        return _fail(message, _BAD_USAGE, as_json) if message else 0
    except (KeyboardInterrupt, typer.Abort):
        return _fail("interrupted", INTERRUPTED, as_json)
    except BrokenPipeError:
        # the reader of a pipe (head, less) has seen enough; keep the interpreter from complaining at exit
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:  # noqa: BLE001  the outermost frame: a bug becomes one line and a file
        lacking = missing_extra(error) if isinstance(error, ModuleNotFoundError) else None
        if lacking is not None:
            return _fail(str(lacking), lacking.exit_code, as_json)
        if isinstance(error, OSError) and error.errno in _MACHINE:
            return _fail(f"{_MACHINE[error.errno]}: {error}", 1, as_json)
        path = _write_traceback(error)
        return _fail(f"unexpected {type(error).__name__}: {error} (traceback in {path})", 1, as_json)


def build_app(chosen: str) -> typer.Typer:
    """
    Return the command line with only the chosen command imported.

    Parameters
    ----------
    chosen : str
        First word of the command line; the other commands are listed, but cannot run.
    """
    # Markdown keeps square brackets in an option's help; the plain list of commands is quicker without it
    style: Literal["markdown", "rich"] = "rich" if chosen == "--help" else "markdown"
    app = typer.Typer(help=_HELP, rich_markup_mode=style, pretty_exceptions_enable=False)
    app.callback()(_root)
    for command in COMMANDS:
        target = load_target(command) if command.name == chosen else _not_imported
        _register(app, command, target)
    return app


def load_target(command: Command) -> Callable[..., Any] | typer.Typer:
    """Import what a command of the table names."""
    module, _, attribute = command.target.partition(":")
    target: Callable[..., Any] | typer.Typer = getattr(import_module(module), attribute)
    return target


def _register(app: typer.Typer, command: Command, target: Callable[..., Any] | typer.Typer) -> None:
    # a blank line between examples keeps Rich from joining them into one paragraph
    epilog = "Examples:\n\n" + "\n\n".join(f"$ {example}" for example in command.examples)
    if isinstance(target, typer.Typer):
        app.add_typer(
            target, name=command.name, help=command.summary, epilog=epilog, rich_help_panel=command.panel
        )
    else:
        app.command(command.name, help=command.summary, epilog=epilog, rich_help_panel=command.panel)(target)


def _root() -> None:
    """Take no option of its own."""


def _not_imported() -> None:
    raise AssertionError("a command that was not chosen never runs")


def _usage_message(error: typer.TyperException) -> str:
    format_message = getattr(error, "format_message", error.__str__)
    context = getattr(error, "ctx", None)
    where = f" (see {context.command_path} --help)" if context is not None else ""
    message = format_message()
    return f"{message}{where}" if message else ""


def _fail(message: str, code: int, as_json: bool) -> int:
    line = _without_secrets(" ".join(message.split()))
    if as_json:
        write_json({"error": line, "exit_code": code})
    else:
        note(f"error: {line}")
    return code


def _without_secrets(text: str) -> str:
    """Hide what a foreign exception may have put into its words."""
    # imported only where something failed, so that everything else stays quick
    from nautilus_bot.process.redaction import Redactor  # noqa: PLC0415

    return Redactor.of_environment().without_known(text)


def _write_traceback(error: Exception) -> Path:
    name = f"nautilus-bot-{time.strftime('%Y%m%dT%H%M%S', time.gmtime())}-{os.getpid()}.log"
    text = _without_secrets("".join(traceback.format_exception(error)))
    folder = Path(os.environ.get("BOT_LOG_DIR", "var/log"))
    try:
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / name
        path.write_text(text, encoding="utf-8")
    except OSError:
        path = Path(tempfile.gettempdir()) / name
        path.write_text(text, encoding="utf-8")
    return path


if __name__ == "__main__":
    run()
