#!/bin/sh
# Start the bot: checks that the installation is there and hands over to `nautilus-bot start`.
set -eu
cd "$(dirname "$0")/.."
if [ ! -x .venv/bin/nautilus-bot ]; then
    echo "error: nautilus-bot is not installed here; run \`make demo\` once" >&2
    exit 1
fi
exec .venv/bin/nautilus-bot start "$@"
