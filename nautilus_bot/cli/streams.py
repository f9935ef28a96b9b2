"""Stdout carries one JSON document, stderr lines for a person; free of Rich, so that help is quick."""

import sys

import msgspec


def write_json(document: object) -> None:
    """
    Write one indented JSON document and a line feed to stdout.

    Parameters
    ----------
    document : object
        Anything msgspec can encode; NaN becomes ``null``, an unknown type its ``str``.
    """
    text = msgspec.json.format(msgspec.json.encode(document, enc_hook=str), indent=2)
    sys.stdout.write(text.decode() + "\n")
    sys.stdout.flush()


def note(text: str) -> None:
    """Write one line for a person to stderr, out of the way of ``--json``."""
    sys.stderr.write(text + "\n")
    sys.stderr.flush()
