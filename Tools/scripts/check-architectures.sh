#!/usr/bin/env bash
# Part of swift-greenlet. Apache License 2.0, see LICENSE.
# Builds CGreenletCore and its test in C for x86_64 and aarch64 and runs both; the foreign one under qemu-user.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

core=Modules/Core/CGreenletCore
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
clang=$(command -v clang || echo "$(dirname "$(readlink -f "$(command -v swift)")")/clang")

# check ARCHITECTURE: with and without optimisation, which lays the live values out differently.
check() {
    local target="$1-linux-gnu" flags=() runner=()
    if [ "$1" != "$(uname -m)" ]; then
        local gcc
        gcc=$(find "/usr/lib/gcc-cross/$target" -mindepth 1 -maxdepth 1 2>/dev/null | sort -V | tail -n 1)
        if [ -z "$gcc" ] || ! command -v "qemu-$1" >/dev/null; then
            echo "check-architectures.sh: no cross libraries or no qemu-$1; Tools/scripts/setup.sh --tests gets them" >&2
            return 1
        fi
        flags=(-isystem "/usr/$target/include" "-B/usr/$target/lib" "-L/usr/$target/lib" "-B$gcc" "-L$gcc")
        runner=("qemu-$1" -L "/usr/$target")
    fi
    for optimisation in -O0 -O2; do
        "$clang" --target="$target" "${flags[@]}" -fuse-ld=lld -std=gnu11 "$optimisation" -Wall -Wextra -Werror \
            -fexceptions "-I$core/include" "$core"/*.c "$core"/arch/*.S Tests/Architecture/switch_test.c \
            -o "$out/$1" -lpthread -ldl
        echo "$1 $optimisation"
        "${runner[@]}" "$out/$1"
    done
}

check x86_64
check aarch64
