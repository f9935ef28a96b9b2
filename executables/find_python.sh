#!/bin/sh
# Print the path of a Python 3.12, 3.13 or 3.14 that can make a virtual environment; exit 1 without one.
#
# Every candidate is really started: a pyenv shim exists on PATH even where the version it stands for is not
# selected, and Debian's python3.12 may lack the venv module.

usable() {
    "$1" -c 'import ensurepip, sys, venv; sys.exit(not (3, 12) <= sys.version_info[:2] <= (3, 14))' \
        >/dev/null 2>&1
}

on_path() {
    for name in python3.12 python3.13 python3.14 python3 python; do
        old_ifs=$IFS
        IFS=:
        for folder in $PATH; do
            [ -x "$folder/$name" ] && printf '%s\n' "$folder/$name"
        done
        IFS=$old_ifs
    done
}

from_pyenv() {
    for python in "${PYENV_ROOT:-$HOME/.pyenv}"/versions/3.1[234]*/bin/python3; do
        [ -x "$python" ] && printf '%s\n' "$python"
    done
}

from_uv() {
    for uv in uv "$HOME/.local/bin/uv" "$HOME/.cargo/bin/uv" "${PYENV_ROOT:-$HOME/.pyenv}"/versions/*/bin/uv; do
        for version in 3.12 3.13 3.14; do
            "$uv" python find --system --no-project "$version" 2>/dev/null
        done
    done
}

found=$( { on_path; from_pyenv; from_uv; } | while read -r python; do
    if usable "$python"; then
        printf '%s\n' "$python"
        break
    fi
done)

if [ -z "$found" ]; then
    echo "error: Python 3.12, 3.13 or 3.14 with its venv module is needed; none was found on PATH, in pyenv" >&2
    echo "or through uv. Install one (Debian: python3.12 python3.12-venv; uv: uv python install 3.12)." >&2
    exit 1
fi
printf '%s\n' "$found"
