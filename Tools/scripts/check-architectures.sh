#!/usr/bin/env bash
# Part of swift-greenlet. Apache License 2.0, see LICENSE.
# Builds CGreenletCore and its tests in C for x86_64 and aarch64 and runs both; the foreign one under qemu-user. Plain
# and with branch protection, whose marks must come through to what is linked; on x86_64 also under Valgrind.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

core=Modules/Core/CGreenletCore
tests=Tests/Architecture
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
clang=$(command -v clang || echo "$(dirname "$(readlink -f "$(command -v swift)")")/clang")
sources=("$core"/*.c "$core"/arch/*.S)
# Warnings are errors. Frame pointers, as Swift keeps them: their chain is one of the things that are tested.
common=(-fuse-ld=lld -std=gnu11 -Wall -Wextra -Werror -fexceptions -fno-omit-frame-pointer -frounding-math
    "-I$core/include")

# use ARCHITECTURE: sets `compile`, the compiler with what it needs for that target, and `runner`.
use() {
    local target="$1-linux-gnu" gcc
    compile=("$clang" "--target=$target" "${common[@]}")
    runner=()
    [ "$1" != "$(uname -m)" ] || return 0
    gcc=$(find "/usr/lib/gcc-cross/$target" -mindepth 1 -maxdepth 1 2>/dev/null | sort -V | tail -n 1)
    if [ -z "$gcc" ] || ! command -v "qemu-$1" >/dev/null; then
        echo "check-architectures.sh: no cross libraries or no qemu-$1; Tools/scripts/setup.sh --tests gets them" >&2
        return 1
    fi
    compile+=(-isystem "/usr/$target/include" "-B/usr/$target/lib" "-L/usr/$target/lib" "-B$gcc" "-L$gcc")
    runner=("qemu-$1" -cpu max -L "/usr/$target")
}

# run_test NAME OPTION…: builds Tests/Architecture/NAME_test.c with these options and runs it.
run_test() {
    local name=$1
    shift
    "${compile[@]}" "$@" "${sources[@]}" "$tests/${name}_test.c" "$tests/registers.S" -o "$out/$name" -lpthread -ldl -lm
    "${runner[@]}" "$out/$name"
}

# run_tests WHAT OPTION…
run_tests() {
    echo "$1"
    shift
    run_test switch "$@"
    run_test greenlet "$@"
    run_test shared "$@"
    run_test backtrace "$@"
}

# keeps_marks MARKS OPTION…: links the library alone. A linker keeps only the marks that every object bears.
keeps_marks() {
    local marks=$1 found
    shift
    "${compile[@]}" "$@" -fPIC -shared -nostdlib -Wl,--unresolved-symbols=ignore-all "${sources[@]}" -o "$out/marked.so"
    found=$(LC_ALL=C readelf --notes --wide "$out/marked.so" | sed -nE 's/.*feature: //p')
    if [ "$found" != "$marks" ]; then
        echo "check-architectures.sh: linked with $*, the library is marked '$found' and not '$marks'; find the" \
            "object that lacks a mark, or has one too many, with: readelf --notes" >&2
        return 1
    fi
    echo "marked $found"
}

# A C or C++ compiler that is not clang reads the header for C users.
for language in c c++; do
    gcc -fsyntax-only -Wall -Wextra -Wpedantic -Werror -x "$language" "$core/include/cgreenlet.h"
done

use x86_64
run_tests "x86_64, not optimised" -O0
run_tests "x86_64, optimised" -O2
run_tests "x86_64, branches protected" -O2 -fcf-protection=full
keeps_marks "IBT" -fcf-protection=full
if [ "$(uname -m)" = x86_64 ]; then
    echo "x86_64, addresses sanitized, leaks found"
    export ASAN_OPTIONS=detect_leaks=1
    run_test greenlet -O1 -g -fsanitize=address
    run_test shared -O1 -g -fsanitize=address
    echo "x86_64, every access and every leak looked at by Valgrind"
    # Not the shared stacks: that test writes where memcheck thinks nobody may. Debug information that it can read; each
    # stack is one more for it to search.
    runner=(valgrind -q --error-exitcode=9 --leak-check=full --errors-for-leak-kinds=definite,indirect)
    run_test greenlet -O1 -gdwarf-4 -DMANY=100
    run_test switch -O1 -gdwarf-4
fi

use aarch64
run_tests "aarch64, not optimised" -O0
run_tests "aarch64, optimised" -O2
run_tests "aarch64, branches and return addresses protected" -O2 -mbranch-protection=standard
keeps_marks "BTI, PAC" -mbranch-protection=standard

for architecture in x86_64 arm64; do
    for file in "$core"/arch/*.S; do
        "$clang" "--target=$architecture-apple-macos13" -c "$file" -o "$out/macho.o"
    done
done
echo "assembled for Mach-O"
