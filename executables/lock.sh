#!/bin/sh
# Pin the dependencies again with uv: hashes, no addresses, one file for Python 3.12 to 3.14 on every system.
#
# The wider set (all extras and the tools) is resolved first and the core takes its versions from there, so
# that both files agree. Setuptools is pinned as well: the package itself is installed without build isolation.
set -eu
cd "$(dirname "$0")/.."
uv=${UV:-uv}
flags="--universal --python-version 3.12 --generate-hashes --no-header --no-annotate --quiet"
# shellcheck disable=SC2086  # the flags are meant to be split
echo 'setuptools>=77' | "$uv" pip compile pyproject.toml - --all-extras --group dev $flags "$@" -o requirements-dev.lock
# shellcheck disable=SC2086
echo 'setuptools>=77' | "$uv" pip compile pyproject.toml - -c requirements-dev.lock $flags "$@" -o requirements.lock
