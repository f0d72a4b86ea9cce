#!/usr/bin/env bash
# Part of swift-greenlet. Apache License 2.0, see LICENSE.
# The one command that checks everything that CI checks: format, layering, all tests in debug and release, the gates on
# what an operation costs, dependants.
#
# usage: test.sh [--quick] [--sanitize] [--filter PATTERN]
#   --quick           format, layering and the debug tests only
#   --sanitize        also the whole suite under the address and the thread sanitizer, each in a folder of its own
#   --filter PATTERN  only the tests that match, as `swift test --filter` does
#
# Stops at the first step that fails, and names it. Builds in .build-check and the like, so that a plain `swift build`, which
# has other flags, keeps its own results. While tests run, mostly one at a time, what comes later is built already, politely.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

quick=false
sanitize=false
# One test at a time: many measure time, and most start a thread that would share two cores with all the others.
test_options=(--disable-xctest --no-parallel)
while [ $# -gt 0 ]; do
    case "$1" in
    --quick) quick=true ;;
    --sanitize) sanitize=true ;;
    --filter)
        [ $# -gt 1 ] || { echo "test.sh: --filter needs a pattern" >&2; exit 64; }
        test_options+=(--filter "$2")
        shift
        ;;
    *)
        echo "test.sh: unknown option $1 (known: --quick, --sanitize, --filter PATTERN)" >&2
        exit 64
        ;;
    esac
    shift
done

# Warnings are errors here, and nowhere else: a newer compiler's new warning must not break who merely builds. The
# package manager leaves packages from elsewhere out of it. (-Werror must not come last: SwiftPM 6.3 takes it, and the
# argument after it, away for those packages.)
strict=(-Xswiftc -warnings-as-errors -Xcc -Werror -Xcc -Wall)

current_step=''
ahead='' # the process group that builds ahead, if there is one
elapsed() { printf '%d:%02d' $((SECONDS / 60)) $((SECONDS % 60)); }

failed() {
    local status=$?
    [ -z "$ahead" ] || kill -- "-$ahead" 2>/dev/null || true
    [ -z "$current_step" ] || printf '\n==> FAILED: %s (%s)\n' "$current_step" "$(elapsed)" >&2
    exit "$status"
}
trap failed EXIT

# step NAME COMMAND…
step() {
    current_step=$1
    shift
    printf '==> %s (%s)\n' "$current_step" "$(elapsed)"
    "$@"
}

sources() {
    git ls-files --cached --others --exclude-standard -- '*.swift'
}

check_format() {
    local files=()
    mapfile -t files < <(sources)
    if ! swift format lint --strict --parallel --configuration .swift-format "${files[@]}"; then
        echo "Mend it with:" >&2
        echo "  git ls-files '*.swift' | xargs swift format --in-place --configuration .swift-format" >&2
        return 1
    fi
}

release=(.build-release -c release)
gates=(.build-gates -c release --package-path Benchmarks --product greenlet-bench)
address=(.build-asan -c debug --sanitize=address)
thread=(.build-tsan -c debug --sanitize=thread)

# Builds, in the background, what the steps to come will build, so that they find it done.
build_ahead() {
    set -m
    {
        touch Benchmarks/Package.swift # else files that are new in our modules aren't seen
        polite_build "${release[@]}" --build-tests
        polite_build "${gates[@]}"
        if $sanitize; then
            polite_build "${address[@]}" --build-tests
            polite_build "${thread[@]}" --build-tests
        fi
    } >/dev/null 2>&1 &
    ahead=$!
    set +m
}

# polite_build SCRATCH-FOLDER OPTION…: whatever goes wrong is said by the step whose turn it is.
polite_build() {
    local scratch=$1
    shift
    nice -n 19 swift build --scratch-path "$scratch" "${strict[@]}" "$@" || true
    mkdir -p "$scratch"
    touch "$scratch/ahead-$$"
}

# Waits until a folder has been built ahead.
await_build() {
    while [ -n "$ahead" ] && [ ! -e "$1/ahead-$$" ] && kill -0 "$ahead" 2>/dev/null; do sleep 1; done
    rm -f "$1/ahead-$$"
}

# suite NAME SCRATCH-FOLDER OPTION…: builds all tests, then runs them.
suite() {
    local name=$1 scratch=$2
    shift 2
    await_build "$scratch"
    step "build the tests, $name" swift build --scratch-path "$scratch" --build-tests "${strict[@]}" "$@"
    if [ "$name" = debug ] && ! $quick; then build_ahead; fi
    step "run the tests, $name" \
        swift test --scratch-path "$scratch" --skip-build "${test_options[@]}" "${strict[@]}" "$@"
}

# Each product alone, in a package that depends on this one as a stranger's would: one program a product, in a folder
# of Sources/ that bears the program's name. Each exits with 0 when its product works.
check_dependants() {
    local package=Tests/Dependants folder bin
    touch "$package/Package.swift" # else files that are new in our modules aren't seen
    swift build --package-path "$package"
    bin=$(swift build --package-path "$package" --show-bin-path)
    for folder in "$package"/Sources/*/; do
        basename "$folder"
        "$bin/$(basename "$folder")"
    done
    # A plug-in of a program that knows nothing of Swift, by the compiler that came with it.
    local host=$bin/plugin-host clang
    clang=$(command -v clang || echo "$(dirname "$(readlink -f "$(command -v swift)")")/clang")
    "$clang" -Wall -Werror -o "$host" "$package/Plugin/host.c" -lpthread -ldl
    # Bounded, and without Swift's own backtrace: that stands still when two threads fail at once.
    SWIFT_BACKTRACE=enable=no timeout 60 "$host" "$bin/libplugin.so"
    SWIFT_BACKTRACE=enable=no timeout 60 "$host" "$bin/libplugin.so" warm
    # What follows the greenlet is found by looking, and lies elsewhere in a program that holds the standard library.
    local static=(swift build --package-path "$package" --scratch-path .build-static -c release --static-swift-stdlib)
    "${static[@]}" --product uses-core
    bin=$("${static[@]}" --show-bin-path)
    if ldd "$bin/uses-core" | grep -q libswift; then return 1; fi
    echo "uses-core with the static standard library"
    "$bin/uses-core"
}

# What one operation of each hot path costs, counted and not timed; and that such a gate can fail.
check_gates() {
    local build=(swift build --scratch-path "${gates[@]}" "${strict[@]}") program
    await_build .build-gates
    "${build[@]}"
    program=$("${build[@]}" --show-bin-path)/greenlet-bench
    Benchmarks/gates --check --program "$program"
    Benchmarks/gates --self-test --program "$program"
}

step "set-up" Tools/scripts/setup.sh --tests
step "format" check_format
step "layering" Tools/scripts/check-layering.sh
step "the comparison's arithmetic" python3 -m unittest discover -q -s Benchmarks -t Benchmarks -p 'test_*.py'
step "the switch on both architectures" Tools/scripts/check-architectures.sh
suite debug .build-check -c debug
if ! $quick; then
    # The storm rages for its full minute where it has the most greenlets a second.
    GREENLET_STORM_SECONDS=60 suite release "${release[@]}"
    step "gates" check_gates
    step "dependants: one package for each product" check_dependants
fi
if $sanitize; then
    # LeakSanitizer doesn't look on the stacks of parked greenlets, so it takes what only they hold for lost; the tests
    # count greenlets, watchers and stacks themselves.
    export ASAN_OPTIONS="detect_leaks=0${ASAN_OPTIONS:+:$ASAN_OPTIONS}"
    # Tests with a load of fixed size read this and make it smaller: a sanitizer costs a factor of five to fifteen.
    GREENLET_TEST_SANITIZER=address suite "address sanitizer" "${address[@]}"
    GREENLET_TEST_SANITIZER=thread suite "thread sanitizer" "${thread[@]}"
fi
current_step=''
printf '==> all checks passed (%s)\n' "$(elapsed)"
