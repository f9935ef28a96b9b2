#!/bin/sh
# Say whether the bot runs, with its positions and last log lines; exit code 0 or 3: checks that the installation is there and hands over to `nautilus-bot status`.
set -eu
cd "$(dirname "$0")/.."
if [ ! -x .venv/bin/nautilus-bot ]; then
    echo "error: nautilus-bot is not installed here; run \`make demo\` once" >&2
    exit 1
fi
exec .venv/bin/nautilus-bot status "$@"
