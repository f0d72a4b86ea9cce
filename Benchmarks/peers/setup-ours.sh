#!/usr/bin/env bash
# Part of swift-greenlet. Apache License 2.0, see LICENSE.
# Our own side: greenlet-bench and greenlet-echo, in release, into Benchmarks/.bin.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
mkdir -p .bin
# build PACKAGE PRODUCT: files that are new in our modules are seen only when the package that depends on them is.
build() {
    touch "$1/Package.swift"
    swift build --package-path "$1" -c release --product "$2"
    cp "$(swift build --package-path "$1" -c release --show-bin-path)/$2" .bin/
}
build . greenlet-bench
build .. greenlet-echo
