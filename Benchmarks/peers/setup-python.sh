#!/usr/bin/env bash
# Part of swift-greenlet. Apache License 2.0, see LICENSE.
# Installs what the Python peers and the diagrams need into Benchmarks/.bin/venv, unless it is there.
#
# PYTHON names another interpreter than python3. Says nothing when all is well, else one line why not.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

python=${PYTHON:-python3}
venv=.bin/venv
log=.bin/setup-python.log
wanted=peers/python/requirements.txt

fail() {
    printf 'setup-python.sh: %s\n' "$*" >&2
    exit 1
}

# The list is copied last, so it stands there only after all of it was installed.
if cmp -s "$wanted" "$venv/requirements.txt" && "$venv/bin/python" -c '' 2>/dev/null; then
    exit 0
fi
mkdir -p .bin
command -v "$python" >/dev/null || fail "there is no $python"
"$python" -m venv --clear "$venv" >"$log" 2>&1 || fail "$python can't make a venv: $(tail -n 1 "$log")"
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check --only-binary :all: -r "$wanted" >"$log" 2>&1 ||
    fail "pip can't install $wanted: $(tail -n 1 "$log")"
"$venv/bin/python" -c 'import gevent, greenlet, matplotlib, uvloop' >"$log" 2>&1 ||
    fail "what pip installed doesn't load: $(tail -n 1 "$log")"
cp "$wanted" "$venv/requirements.txt"
