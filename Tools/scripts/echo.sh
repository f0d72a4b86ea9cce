#!/usr/bin/env bash
# Part of swift-greenlet. Apache License 2.0, see LICENSE.
# From a fresh clone to a serving echo server in one command; arguments go to greenlet-echo (--help lists them).
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)

# What goes to standard output is the server's alone.
"$root/Tools/scripts/setup.sh" >&2
echo "==> building greenlet-echo in release (the first time takes a minute or two)" >&2
swift build --package-path "$root" -c release --product greenlet-echo >&2
exec "$(swift build --package-path "$root" -c release --show-bin-path)/greenlet-echo" "$@"
