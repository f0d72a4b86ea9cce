#!/usr/bin/env bash
# Part of swift-greenlet. Apache License 2.0, see LICENSE.
# Compiles the peers and the load generator into Benchmarks/.bin, each with the optimisation that its users use.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
../Tools/scripts/setup.sh --benchmarks

mkdir -p .bin
strict=(-O2 -Wall -Wextra -Werror)

# compile NAME SOURCE COMMAND…: only if the source is newer than the program.
compile() {
    local name=$1 source=$2
    shift 2
    [ ".bin/$name" -nt "$source" ] || { echo "==> compiling $name" && "$@"; }
}

compile echo_epoll peers/echo_epoll.c cc "${strict[@]}" -o .bin/echo_epoll peers/echo_epoll.c
compile echo_libuv peers/echo_libuv.c cc "${strict[@]}" -o .bin/echo_libuv peers/echo_libuv.c -luv
compile echo_load load/echo_load.c cc "${strict[@]}" -o .bin/echo_load load/echo_load.c
compile ucontext peers/ucontext.c cc "${strict[@]}" -o .bin/ucontext peers/ucontext.c
compile boost_context peers/boost_context.cpp \
    c++ -std=c++17 "${strict[@]}" -o .bin/boost_context peers/boost_context.cpp -lboost_context
