#!/usr/bin/env bash
# Part of swift-greenlet. Apache License 2.0, see LICENSE.
# The switch, one way, beside boost.context and ucontext in one run: A B C A B C on one core, medians.
#
# usage: switch.sh [--rounds N] [--peers-only] [--check]
#   --check   exit with 1 when ours is not below boost.context's bare switch
# GREENLET_SWITCH names another command for ours, which prints a line `ns_per_switch NAME VALUE`; without it
# greenlet-bench-switch is built in release. The peers are asked for `switch COUNT`, and print a line of JSON.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

rounds=5
with_ours=true
bars=()
while [ $# -gt 0 ]; do
    case "$1" in
    --rounds) rounds=$2 && shift ;;
    --peers-only) with_ours=false ;;
    --check) bars=(swift-greenlet=1) ;;
    *) sed -n '2,/^set/{/^#/p}' "$0" >&2 && exit 64 ;;
    esac
    shift
done

"$here/build-peers.sh" >&2

if $with_ours; then
    if [ -z "${GREENLET_SWITCH:-}" ]; then
        swift build --package-path "$here" -c release --product greenlet-bench-switch >&2
        GREENLET_SWITCH=$(swift build --package-path "$here" -c release --show-bin-path)/greenlet-bench-switch
    fi
    read -ra ours <<<"$GREENLET_SWITCH"
fi

# peer NAME PROGRAM CASE COUNT: as many switches as one way; prints what table.py reads.
peer() {
    taskset -c 1 "$here/.bin/$2" "$3" "$4" |
        awk -F '[:,}]' -v name="$1" '{ printf "ns_per_switch %s %.3f\n", name, 1e9 * $6 / $4 }'
}

one_round() {
    peer boost.fcontext boost_context switch 40000000
    peer boost.fiber boost_context switch_fiber 40000000
    peer ucontext ucontext switch 2000000
    ! $with_ours || taskset -c 1 "${ours[@]}"
}

samples=$(mktemp)
trap 'rm -f "$samples"' EXIT
for round in $(seq "$rounds"); do
    one_round | sed "s/^/$round /" | tee -a "$samples" | sed 's/^/round /' >&2
done

python3 "$here/table.py" switch boost.fcontext "${bars[@]}" <"$samples"
