#!/usr/bin/env bash
# Part of swift-greenlet. Apache License 2.0, see LICENSE.
# Builds the Swift peers with SwiftNIO, and copies them to Benchmarks/.bin. The first time takes minutes.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
programs=(swift_tasks echo_nio echo_nio_async)

die() {
    printf 'setup-swift: %s\n' "$*" >&2
    exit 1
}

up_to_date() {
    local program
    for program in "${programs[@]}"; do
        [ -x ".bin/$program" ] || return 1
        [ -z "$(find peers/swift-peers \( -name '*.swift' -o -type d \) -newer ".bin/$program")" ] || return 1
    done
}

! up_to_date || exit 0
command -v swift >/dev/null || die "there is no swift on the PATH"
mkdir -p .bin
log=$PWD/.bin/setup-swift.log
build=(swift build -c release --package-path peers/swift-peers --scratch-path .bin/swift-peers)

"${build[@]}" >"$log" 2>&1 ||
    die "swift build failed: $(grep -m 1 'error:' "$log" || echo 'no reason given'), see $log"
from=$("${build[@]}" --show-bin-path)
for program in "${programs[@]}"; do install -m 755 "$from/$program" ".bin/$program"; done
