#!/usr/bin/env bash
# Part of swift-greenlet. Apache License 2.0, see LICENSE.
# Writes Tests/Transcripts/*.txt anew with the real greenlet and gevent from PyPI; the tests hold ours against them.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../../Tests/Transcripts"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export PYTHONUTF8=1

echo "==> installing greenlet and gevent in a folder of their own"
python3 -m venv "$work/venv"
"$work/venv/bin/pip" --quiet --disable-pip-version-check install greenlet gevent
python=$work/venv/bin/python

# write NAME COMMAND…: the transcript is replaced only when the whole program ran well.
write() {
    local name=$1
    shift
    echo "==> $name"
    "$@" >"$work/$name"
    mv "$work/$name" "$name"
}

write switch.txt "$python" python/switch.py
write spawn.txt "$python" python/spawn.py
write tcp-server.txt "$python" drive_tcp_server.py "$python" python/tcp_server.py
write versions.txt "$python" -c 'import gevent, greenlet, platform
print("Python", platform.python_version())
print("greenlet", greenlet.__version__)
print("gevent", gevent.__version__)'
git --no-pager diff --stat -- . || true
