#!/usr/bin/env bash
# Part of swift-greenlet. Apache License 2.0, see LICENSE.
# Echo servers side by side: servers on core 0, the load on core 1, turns of a fraction of a second in an order by
# chance, medians, and ratios to bare epoll formed within each round.
#
# usage: echo.sh [--rounds N] [--seconds S] [--connections "64 1000"] [--size B] [--peers-only] [--check]
#   --check   exit with 1 when ours is below 0.95 of bare epoll, or the patched one below 0.85
# GREENLET_ECHO names another command for ours; without it greenlet-echo is built in release.
# The figures mean something only if nothing else runs on the machine: ± tells. Takes about two minutes.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(dirname "$here")

rounds=100
seconds=0.15
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
servers=()
stop_servers() {
    for server in "${servers[@]}"; do kill "$server" 2>/dev/null && wait "$server" || true; done
    servers=()
}
trap 'stop_servers; rm -rf "$work"' EXIT

# start_server NAME: adds to `servers` and `targets`.
start_server() {
    local command port server
    read -ra command <<<"${commands[$1]}"
    taskset -c 0 "${command[@]}" --port 0 >"$work/output" 2>"$work/errors" &
    server=$!
    servers+=("$server")
    for _ in $(seq 100); do
        port=$(sed -n 's/^listening on .*://p' "$work/output")
        [ -z "$port" ] || { targets+=(--server "$port:$server"); return 0; }
        kill -0 "$server" 2>/dev/null || break
        sleep 0.05
    done
    echo "echo.sh: ${commands[$1]} --port 0 doesn't say 'listening on …'" >&2
    cat "$work/errors" >&2
    exit 1
}

ulimit -n "$(ulimit -Hn)"
for count in $connections; do
    targets=()
    for name in "${names[@]}"; do start_server "$name"; done
    printf '%s connections: %s rounds of %s s for each of %s\n' "$count" "$rounds" "$seconds" "${names[*]}" >&2
    taskset -c 1 "$here/.bin/echo_load" "${targets[@]}" --connections "$count" --size "$size" --seconds "$seconds" \
        --warmup 0.05 --rounds "$rounds" --seed "$RANDOM" >>"$work/samples"
    stop_servers
done

python3 "$here/table.py" echo "${names[*]}" "${bars[@]}" <"$work/samples"
