#!/usr/bin/env bash
# Part of swift-greenlet. Apache License 2.0, see LICENSE.
# Compiles the program of corosensei, a crate of Rust's, to Benchmarks/.bin/corosensei.
#
# Needs cargo, and crates.io or what cargo's own settings (source replacement) put in its place.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

fail() {
    printf 'setup-corosensei: %s\n' "$*" >&2
    exit 1
}

mkdir -p .bin
log=$PWD/.bin/setup-corosensei.log
[ ! .bin/corosensei -nt peers/rust/corosensei.rs ] || exit 0
command -v cargo >/dev/null || fail "there is no cargo on the PATH; rustup.rs tells how to get it"
cargo build --quiet --release --manifest-path peers/rust/Cargo.toml --target-dir .bin/rust >"$log" 2>&1 ||
    fail "cargo can't build peers/rust: $(grep -m 1 . "$log"), see $log"
cp .bin/rust/release/corosensei .bin/
