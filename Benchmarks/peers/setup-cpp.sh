#!/usr/bin/env bash
# Part of swift-greenlet. Apache License 2.0, see LICENSE.
# Gets Boost.Fiber where it is missing, and compiles its program to Benchmarks/.bin/boost_fiber.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
packages=(libboost-context-dev libboost-fiber-dev)

die() {
    printf 'setup-cpp: %s\n' "$*" >&2
    exit 1
}

mkdir -p .bin
log=$PWD/.bin/setup-cpp.log
: >"$log"

# Asks the compiler and the linker: headers without the library are a usual state.
have_boost() {
    c++ -std=c++17 -o .bin/probe -x c++ - -lboost_fiber -lboost_context \
        <<<$'#include <boost/fiber/all.hpp>\nint main() {}' >>"$log" 2>&1 && rm .bin/probe
}

install_boost() {
    command -v apt-get >/dev/null || die "Boost.Fiber is missing, and there is no apt-get to install it"
    [ "$(id -u)" = 0 ] || die "Boost.Fiber is missing; run once: sudo apt-get install ${packages[*]}"
    {
        apt-get update -qq &&
            DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${packages[@]}"
    } >>"$log" 2>&1 ||
        die "apt-get install ${packages[*]} failed, see $log"
}

[ ! .bin/boost_fiber -nt peers/boost_fiber.cpp ] || exit 0
command -v c++ >/dev/null || die "there is no c++ on the PATH"
have_boost || install_boost
c++ -std=c++17 -O2 -DNDEBUG -Wall -Wextra -Werror -pthread -o .bin/boost_fiber peers/boost_fiber.cpp \
    -lboost_fiber -lboost_context >>"$log" 2>&1 || die "peers/boost_fiber.cpp doesn't compile, see $log"
