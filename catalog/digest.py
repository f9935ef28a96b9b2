"""
A signed daily digest: what every run ended with, so that a chain computed anew is found out.

The hash chain shows that a journal is whole. It does not show that it is the one that was written, since
whoever can write the file can compute the chain anew. The digest of a day names the last entry and hash of
every run that ended on it, and the digest of the day before; the operator's Ed25519 key signs it, and the
digests can be kept elsewhere.
"""

import os
import re
from base64 import b64decode, b64encode
from datetime import UTC, datetime
from hashlib import blake2b
from pathlib import Path
from typing import Final

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from catalog.manifest import RunManifest
from catalog.reader import entries
from catalog.store import EventStore
from nautilus_bot.core.errors import AlreadyRunning, ConfigError, CorruptEntry, NotFound

DEFAULT_KEY: Final = Path("var/keys/operator.pem")
PUBLIC_SUFFIX: Final = ".pub"
FOLDER: Final = "digests"
_DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}")


class RunEnd(msgspec.Struct, frozen=True, kw_only=True):
    """Last entry of a run, its hash, and the hash of its configuration."""

    run_id: str
    last_seq: int
    last_hash: str
    config_hash: str


class Digest(msgspec.Struct, frozen=True, kw_only=True):
    """
    What ended on one UTC day.

    Parameters
    ----------
    day : str
        ``2026-01-31``.
    previous : str
        BLAKE2b-256 of the digest before this one as it is signed, empty for the first.
    runs : tuple[RunEnd, ...]
        By run id.
    """

    day: str
    previous: str
    runs: tuple[RunEnd, ...]


class SignedDigest(msgspec.Struct, frozen=True, kw_only=True):
    """A digest and its Ed25519 signature over its compact JSON, base64."""

    digest: Digest
    signature: str


def make_key(path: Path = DEFAULT_KEY) -> Path:
    """
    Make a signing key, readable by its owner only, and its public half beside it.

    Returns
    -------
    Path
        The public key, to be kept where the bot cannot write.

    Raises
    ------
    AlreadyRunning
        If there is a key: it is never overwritten.
    """
    key = Ed25519PrivateKey.generate()
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError as e:
        raise AlreadyRunning(f"a key is never overwritten, {path} exists; move it away first") from e
    with os.fdopen(descriptor, "wb") as file:
        file.write(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    public = public_path(path)
    public.write_bytes(key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    return public


def public_path(key: Path) -> Path:
    """Return where the public half of a key is."""
    return key.with_name(key.name + PUBLIC_SUFFIX)


def sign_day(store: EventStore, day: str, key: Path = DEFAULT_KEY) -> SignedDigest:
    """
    Sign what ended on a day; a digest that is there already is replaced by one of the same day.

    Parameters
    ----------
    store : EventStore
        The runs.
    day : str
        ``2026-01-31``, UTC.
    key : Path
        The signing key.

    Raises
    ------
    ConfigError
        If the day is none, or others can read the key.
    NotFound
        If there is no key.
    """
    if not _DAY.fullmatch(day):
        raise ConfigError(f"a day must be like 2026-01-31, was {day!r}")
    ended = [_end(one) for one in store.runs() if one.ended_ns and _day_of(one.ended_ns) == day]
    digest = Digest(
        day=day,
        previous=_previous(store, day),
        runs=tuple(sorted(ended, key=lambda one: one.run_id)),
    )
    signature = _private(key).sign(_signed_bytes(digest))
    signed = SignedDigest(digest=digest, signature=b64encode(signature).decode())
    path = store.root / FOLDER / f"{day}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(".tmp")
    draft.write_bytes(msgspec.json.format(msgspec.json.encode(signed), indent=2))
    draft.replace(path)
    return signed


def check_digests(store: EventStore, run_id: str, public: Path) -> int:
    """
    Check all signatures and their order, and that a run still ends as it was signed.

    Parameters
    ----------
    store : EventStore
        The runs and digests.
    run_id : str
        The run to check.
    public : Path
        The public key.

    Returns
    -------
    int
        Number of digests that name the run.

    Raises
    ------
    CorruptEntry
        If a digest was altered or left out, or the run does not end as signed.
    NotFound
        If there is no public key.
    """
    key = _public(public)
    before = ""
    found = 0
    for path in _paths(store):
        signed = msgspec.json.decode(path.read_bytes(), type=SignedDigest)
        _check_signature(key, signed, path)
        if signed.digest.previous != before:
            raise CorruptEntry(f"{path} must follow the digest before it, it does not: one was left out")
        before = _fingerprint(signed.digest)
        for end in signed.digest.runs:
            if end.run_id == run_id:
                _check_end(store, end, path)
                found += 1
    return found


def has_digests(store: EventStore) -> bool:
    """Return whether any day was signed."""
    return bool(_paths(store))


def _check_signature(key: Ed25519PublicKey, signed: SignedDigest, path: Path) -> None:
    try:
        key.verify(b64decode(signed.signature), _signed_bytes(signed.digest))
    except (InvalidSignature, ValueError) as e:
        raise CorruptEntry(f"{path} must bear the operator's signature, it does not: it was altered") from e


def _check_end(store: EventStore, end: RunEnd, path: Path) -> None:
    last = next(entries(store.folder(end.run_id), after_seq=end.last_seq - 1, limit=1), None)
    found = last.entry_hash.hex() if last is not None and last.seq == end.last_seq else "no such entry"
    if end.last_seq and found != end.last_hash:
        raise CorruptEntry(
            f"entry {end.last_seq} of {end.run_id} must have the hash {end.last_hash[:16]}... that "
            f"{path.name} was signed with, found {found[:16]}: the run was rewritten"
        )


def _end(manifest: RunManifest) -> RunEnd:
    return RunEnd(
        run_id=manifest.run_id,
        last_seq=manifest.last_seq,
        last_hash=manifest.last_hash,
        config_hash=manifest.config_hash,
    )


def _previous(store: EventStore, day: str) -> str:
    earlier = [path for path in _paths(store) if path.stem < day]
    if not earlier:
        return ""
    return _fingerprint(msgspec.json.decode(earlier[-1].read_bytes(), type=SignedDigest).digest)


def _paths(store: EventStore) -> list[Path]:
    return sorted((store.root / FOLDER).glob("*.json"))


def _day_of(ts_ns: int) -> str:
    return datetime.fromtimestamp(ts_ns // 1_000_000_000, tz=UTC).date().isoformat()


def _signed_bytes(digest: Digest) -> bytes:
    return msgspec.json.encode(digest)


def _fingerprint(digest: Digest) -> str:
    return blake2b(_signed_bytes(digest), digest_size=32).hexdigest()


def _private(path: Path) -> Ed25519PrivateKey:
    if not path.is_file():
        raise NotFound(f"a signing key must be at {path}, there is none; make one with `events keygen`")
    if os.name == "posix" and path.stat().st_mode & 0o077:
        raise ConfigError(f"{path} must be readable by its owner only (chmod 600), others can read it")
    key = load_pem_private_key(path.read_bytes(), password=None)
    if not isinstance(key, Ed25519PrivateKey):
        raise ConfigError(f"{path} must be an Ed25519 key, it is another kind")
    return key


def _public(path: Path) -> Ed25519PublicKey:
    if not path.is_file():
        raise NotFound(f"the operator's public key must be at {path}, there is none")
    key = load_pem_public_key(path.read_bytes())
    if not isinstance(key, Ed25519PublicKey):
        raise ConfigError(f"{path} must be an Ed25519 key, it is another kind")
    return key
