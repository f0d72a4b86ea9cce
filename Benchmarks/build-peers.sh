#!/usr/bin/env bash
# Part of swift-greenlet. Apache License 2.0, see LICENSE.
# Compiles the peers and the load generator into Benchmarks/.bin, each with the optimisation that its users use.
#
# usage: build-peers.sh [PROGRAM…], by default all. What doesn't compile is named in a line, and the rest goes on.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
../Tools/scripts/setup.sh --benchmarks || echo "build-peers: going on with what is here" >&2

mkdir -p .bin
strict=(-O2 -Wall -Wextra -Werror)
wanted=" ${*:-echo_epoll echo_libuv echo_load ucontext boost_context} "
status=0

# compile NAME SOURCE COMMAND…: only if the source is newer than the program.
compile() {
    local name=$1 source=$2 log=.bin/build-$1.log
    shift 2
    [[ $wanted == *" $name "* ]] || return 0
    wanted=${wanted/" $name "/ }
    [ ".bin/$name" -nt "$source" ] && return
    echo "==> compiling $name"
    rm -f ".bin/$name" # an old one would pass for this
    "$@" >"$log" 2>&1 && return
    echo "build-peers: $name doesn't compile: $(grep -m 1 error "$log" || tail -n 1 "$log")" >&2
    status=1
}

compile echo_epoll peers/echo_epoll.c cc "${strict[@]}" -o .bin/echo_epoll peers/echo_epoll.c
compile echo_libuv peers/echo_libuv.c cc "${strict[@]}" -o .bin/echo_libuv peers/echo_libuv.c -luv
compile echo_load load/echo_load.c cc "${strict[@]}" -o .bin/echo_load load/echo_load.c
compile ucontext peers/ucontext.c cc "${strict[@]}" -o .bin/ucontext peers/ucontext.c
compile boost_context peers/boost_context.cpp \
    c++ -std=c++17 "${strict[@]}" -o .bin/boost_context peers/boost_context.cpp -lboost_context

[ "$wanted" = " " ] || { echo "build-peers: nothing here is called ${wanted# }" >&2 && status=64; }
exit "$status"
