#!/usr/bin/env bash
# Part of swift-greenlet. Apache License 2.0, see LICENSE.
# Installs what a fresh machine lacks, and nothing that it has: the other scripts begin with this one.
#
# usage: setup.sh [--tests] [--benchmarks]
#   without options   what building needs: Swift, libuv's headers, and pkg-config, which the package manager asks for them
#   --tests           also what the tests and the gates run: python3, strace, valgrind, gdb, a C compiler, and for the
#                     other architecture its C library and qemu; on Debian perf, without which one test is skipped
#   --benchmarks      also what Benchmarks/ needs: a C and C++ compiler, boost.context, taskset, python3, strace, valgrind
set -euo pipefail

say() { printf '==> %s\n' "$*"; }
die() {
    printf 'setup: %s\n' "$*" >&2
    exit 1
}

# have PACKAGE: is what this Debian package brings already here, wherever it came from?
have() {
    case "$1" in
    libuv1-dev) [ -e /usr/include/uv.h ] || [ -e /usr/local/include/uv.h ] ;;
    libboost-context-dev) [ -e /usr/include/boost/context/fiber.hpp ] ;;
    gcc-*-linux-gnu) [ -d "/usr/lib/gcc-cross/${1#gcc-}" ] || [ "gcc-$(uname -m)-linux-gnu" = "$1" ] ;;
    qemu-user) command -v qemu-aarch64 >/dev/null ;;
    python3 | strace | valgrind | gdb | gcc | g++ | pkg-config) command -v "$1" >/dev/null ;;
    linux-perf) command -v perf >/dev/null ;;
    util-linux) command -v taskset >/dev/null ;;
    *) dpkg-query -W -f='${Status}' "$1" 2>/dev/null | grep -q '^install ok installed$' ;;
    esac
}

# install PACKAGE…: apt-get's own chatter is shown only when it fails.
install() {
    local log
    command -v apt-get >/dev/null ||
        die "missing: $*. There is no apt-get here: install the same libraries by this system's own means."
    [ "$(id -u)" = 0 ] || die "missing: $*. Run once: sudo apt-get install $*"
    log=$(mktemp)
    say "setup: refreshing the package lists"
    apt-get update -qq >"$log" 2>&1 || { cat "$log" >&2; die "apt-get update failed"; }
    say "setup: installing $*"
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >"$log" 2>&1 ||
        { cat "$log" >&2; die "apt-get install $* failed"; }
    rm -f "$log"
}

wanted=(libuv1-dev pkg-config)
for option in "$@"; do
    case "$option" in
    --tests) wanted+=(python3 strace valgrind gdb gcc gcc-aarch64-linux-gnu libc6-dev-arm64-cross qemu-user) ;;
    --benchmarks) wanted+=(gcc g++ libboost-context-dev util-linux python3 strace valgrind) ;;
    *) die "unknown option: $option (known: --tests, --benchmarks)" ;;
    esac
done

# Without it a test is skipped. Elsewhere perf comes with a kernel, and that need not be the one that runs.
case " $* " in
*" --tests "*) ! grep -qs '^ID=debian' /etc/os-release || have linux-perf || (install linux-perf) || true ;;
esac

command -v swift >/dev/null ||
    die "there is no 'swift' on the PATH. Install Swift 6.2 or newer: https://www.swift.org/install"

missing=()
for package in "${wanted[@]}"; do
    have "$package" || missing+=("$package")
done
if [ "${#missing[@]}" -gt 0 ]; then
    install "${missing[@]}"
fi
