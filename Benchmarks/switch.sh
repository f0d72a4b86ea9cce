#!/usr/bin/env bash
# Part of swift-greenlet. Apache License 2.0, see LICENSE.
# The switch, one way, beside boost.context and ucontext in one run: A B C A B C on one core, medians.
#
# usage: switch.sh [--rounds N] [--peers-only] [--check]
#   --check   exit with 1 when ours is not below boost.context's bare switch
# GREENLET_SWITCH names another command for ours; without it greenlet-bench is built in release. Every command
# prints lines `ns_per_switch NAME VALUE`.
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

commands=("$here/.bin/boost_context" "$here/.bin/ucontext")
if $with_ours; then
    if [ -z "${GREENLET_SWITCH:-}" ]; then
        swift build --package-path "$here" -c release --product greenlet-bench >&2
        GREENLET_SWITCH="$(swift build --package-path "$here" -c release --show-bin-path)/greenlet-bench switch 40000000"
    fi
    commands+=("$GREENLET_SWITCH")
fi

samples=$(mktemp)
trap 'rm -f "$samples"' EXIT
for round in $(seq "$rounds"); do
    for command in "${commands[@]}"; do
        read -ra words <<<"$command"
        taskset -c 1 "${words[@]}" | sed "s/^/$round /" | tee -a "$samples" | sed 's/^/round /' >&2
    done
done

python3 "$here/table.py" switch boost.fcontext "${bars[@]}" <"$samples"
