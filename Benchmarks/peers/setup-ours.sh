#!/usr/bin/env bash
# Part of swift-greenlet. Apache License 2.0, see LICENSE.
# Our own side: greenlet-bench and greenlet-echo, in release, into Benchmarks/.bin.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
mkdir -p .bin
# build PACKAGE PRODUCT
build() {
    swift build --package-path "$1" -c release --product "$2"
    cp "$(swift build --package-path "$1" -c release --show-bin-path)/$2" .bin/
}
build . greenlet-bench
build .. greenlet-echo
