#!/usr/bin/env bash
# Part of swift-greenlet. Apache License 2.0, see LICENSE.
# Echo servers side by side: the server on core 0, the load on core 1, A B C A B C, medians and ratios to bare epoll.
#
# usage: echo.sh [--rounds N] [--seconds S] [--connections "64 1000"] [--size B] [--peers-only] [--check]
#   --check   exit with 1 when ours is below 0.95 of bare epoll, or the patched one below 0.85
# GREENLET_ECHO names another command for ours; without it greenlet-echo is built in release.
# The figures mean something only if nothing else runs on the machine: ± tells. Takes about four minutes.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(dirname "$here")

rounds=9
seconds=2
connections='64 1000'
size=64
with_ours=true
bars=()
while [ $# -gt 0 ]; do
    case "$1" in
    --rounds) rounds=$2 && shift ;;
    --seconds) seconds=$2 && shift ;;
    --connections) connections=$2 && shift ;;
    --size) size=$2 && shift ;;
    --peers-only) with_ours=false ;;
    --check) bars=(greenlet=0.95 greenlet-patched=0.85) ;;
    *) sed -n '2,/^set/{/^#/p}' "$0" >&2 && exit 64 ;;
    esac
    shift
done

"$here/build-peers.sh" >&2

names=(epoll libuv)
declare -A commands=([epoll]="$here/.bin/echo_epoll" [libuv]="$here/.bin/echo_libuv")
if $with_ours; then
    if [ -z "${GREENLET_ECHO:-}" ]; then
        swift build --package-path "$root" -c release --product greenlet-echo >&2
        GREENLET_ECHO=$(swift build --package-path "$root" -c release --show-bin-path)/greenlet-echo
    fi
    names+=(greenlet greenlet-patched)
    commands[greenlet]="$GREENLET_ECHO --backlog 4096"
    commands[greenlet-patched]="$GREENLET_ECHO --backlog 4096 --patched"
fi

work=$(mktemp -d)
server=''
stop_server() {
    [ -z "$server" ] || { kill "$server" 2>/dev/null && wait "$server"; } || true
    server=''
}
trap 'stop_server; rm -rf "$work"' EXIT

# start_server NAME: sets `server` and `port`.
start_server() {
    local command
    read -ra command <<<"${commands[$1]}"
    taskset -c 0 "${command[@]}" --port 0 >"$work/output" 2>"$work/errors" &
    server=$!
    for _ in $(seq 100); do
        port=$(sed -n 's/^listening on .*://p' "$work/output")
        [ -z "$port" ] || return 0
        kill -0 "$server" 2>/dev/null || break
        sleep 0.05
    done
    echo "echo.sh: ${commands[$1]} --port 0 doesn't say 'listening on …'" >&2
    cat "$work/errors" >&2
    exit 1
}

for round in $(seq "$rounds"); do
    for count in $connections; do
        for name in "${names[@]}"; do
            start_server "$name"
            result=$(taskset -c 1 "$here/.bin/echo_load" --port "$port" --connections "$count" --size "$size" \
                --seconds "$seconds" --warmup 1 --pid "$server")
            stop_server
            printf '%s %s %s\n' "$round" "$name" "$result" >>"$work/samples"
            rate=${result##*\"requests_per_second\":}
            printf 'round %s of %s: %-18s %5s connections  %s requests/s\n' \
                "$round" "$rounds" "$name" "$count" "${rate%%,*}" >&2
        done
    done
done

python3 "$here/table.py" echo epoll "${bars[@]}" <"$work/samples"
