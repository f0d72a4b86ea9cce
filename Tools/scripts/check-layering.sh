#!/usr/bin/env bash
# Part of swift-greenlet. Apache License 2.0, see LICENSE.
# Holds the tree to its own rules: who may import whom, and what only one place may know.
#
# Each finding is `file:line: rule: text`, followed by what to do. Exit status 1 when there is any.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

# The one file of Modules/ that may import Dispatch: it drains the main queue while a hub runs on the main thread.
main_queue_file=''
areas=(Core Hub Net Patch) # From the bottom up: an area may import its own targets and those before it.
warn_lines=400
max_lines=800
findings=0

# report FILE:LINE RULE TEXT ADVICE
report() {
    printf '%s: %s: %s\n    %s\n' "$1" "$2" "$3" "$4" >&2
    findings=$((findings + 1))
}

# forbid RULE PATTERN ALLOWED-PATHS-PATTERN ADVICE: PATTERN may occur only in files of Modules/ that ALLOWED matches.
forbid() {
    local rule=$1 pattern=$2 allowed=$3 advice=$4 hit file rest
    while IFS= read -r hit; do
        file=${hit%%:*}
        rest=${hit#*:}
        [[ $file =~ $allowed ]] && continue
        report "$file:${rest%%:*}" "$rule" "$(trim "${rest#*:}")" "$advice"
    done < <(sources | xargs -r -d '\n' grep -nHE "$pattern" || true)
}

trim() { sed -E 's/^[[:space:]]+//; s/[[:space:]]+$//' <<<"$1"; }

# Sources of Modules/, tracked or new, but nothing that .gitignore names.
sources() {
    list | grep -E '^Modules/.*\.(swift|c|h|S|modulemap)$' | grep -vE '\.docc/' || true
}

list() {
    git ls-files --cached --others --exclude-standard | while IFS= read -r file; do
        if [ -f "$file" ]; then printf '%s\n' "$file"; fi
    done
}

rank() {
    local i
    for i in "${!areas[@]}"; do
        if [ "${areas[$i]}" = "$1" ]; then
            echo "$i"
            return
        fi
    done
    echo 99
}

# Swift's own libraries and the system's, which everybody may import.
system_modules=' Glibc Musl Android Darwin Synchronization Observation Swift _Concurrency '

# import_allowed AREA FILE MODULE: prints nothing if it is, else the rule that it breaks.
import_allowed() {
    local area=$1 file=$2 module=$3 home
    case "$system_modules" in *" $module "*) return ;; esac
    case "$module" in
    Foundation | FoundationEssentials | Dispatch)
        [ "$file" = "$main_queue_file" ] || echo "no $module in Modules/"
        return
        ;;
    CGreenletUV)
        [[ $file == Modules/Hub/GreenletHub/Loop/* ]] || echo "only GreenletHub/Loop knows libuv"
        return
        ;;
    CGreenletCore)
        [[ $area == Core || $area == Hub ]] || echo "registers and stacks are Core's"
        return
        ;;
    SystemPackage | Collections | *Collections | *Module)
        [ "$area" != Core ] || echo "no third-party package in Core"
        return
        ;;
    esac
    home=$(compgen -G "Modules/*/$module" || true)
    if [ -z "$home" ]; then
        echo "unknown module in Modules/"
    elif [ "$(rank "$(basename "$(dirname "$home")")")" -gt "$(rank "$area")" ]; then
        echo "a lower module never learns of a higher one"
    fi
}

check_imports() {
    local hit file line text module area broken
    # Attributes and access levels may stand before `import`, a kind (`struct`, `func`, …) after it.
    local attributes='(@[A-Za-z_]+(\([^)]*\))?[[:space:]]+)*'
    local access='((public|package|internal|fileprivate|private)[[:space:]]+)?'
    local pattern="^[[:space:]]*$attributes${access}import[[:space:]]"
    local name='.*import[[:space:]]+((struct|class|enum|protocol|typealias|func|let|var)[[:space:]]+)?([A-Za-z0-9_]+).*'
    while IFS= read -r hit; do
        IFS=: read -r file line text <<<"$hit"
        module=$(sed -E "s/$name/\3/" <<<"$text")
        area=$(cut -d/ -f2 <<<"$file")
        broken=$(import_allowed "$area" "$file" "$module")
        [ -z "$broken" ] || report "$file:$line" "$broken" "$(trim "$text")" \
            "Offer a hook below (a closure, a C table) and fill it in above, or move the code to who may know."
    done < <(sources | { grep '\.swift$' || true; } | xargs -r -d '\n' grep -nHE "$pattern" || true)
}

check_sizes() {
    local file lines
    while IFS= read -r file; do
        lines=$(wc -l <"$file")
        if [ "$lines" -gt "$max_lines" ]; then
            report "$file:$lines" "no file past $max_lines lines" "$lines lines" \
                "Split it by its reasons to change: Type+Topic.swift."
        elif [ "$lines" -gt "$warn_lines" ]; then
            printf 'warning: %s has %s lines: is it still one reason to change?\n' "$file" "$lines" >&2
        fi
    done < <(list | grep -E '^(Modules|Tests|Tools|Benchmarks)/.*\.(swift|c|cpp|h|S|py|sh)$' || true)
}

forbid "only GreenletHub/Loop knows libuv" '\b(uv|UV)_[A-Za-z]+|#include *[<"]uv' \
    '^Modules/Hub/(GreenletHub/Loop|CGreenletUV)/' \
    "Wrap it in Modules/Hub/GreenletHub/Loop and call the wrapper (in comments write libuv)."
socket_calls='socket|bind|listen|accept4?|connect|shutdown|(recv|send)[a-z]*|[gs]etsockopt|get(sock|peer)name'
forbid "only GreenletNet/SystemCalls calls the socket interface" "\\b(Glibc|Musl|Darwin)\\.($socket_calls)\\(" \
    '^Modules/(Net/GreenletNet/SystemCalls/|Patch/)' \
    "Add the call to Modules/Net/GreenletNet/SystemCalls: one operation a file."
forbid "only CGeventMonkey rebinds symbols" '\b(R_X86_64_[A-Z]|R_AARCH64_[A-Z]|DT_JMPREL\b)' \
    '^Modules/Patch/CGeventMonkey/' \
    "Rebinding is Modules/Patch/CGeventMonkey's: give it a table entry instead."
forbid "gevent's Python spellings live in one folder" '@available\(.*unavailable.*renamed:' \
    '^Modules/Patch/Gevent/Renamed/' \
    "Move the declaration to Modules/Patch/Gevent/Renamed."
check_imports
check_sizes

if [ "$findings" -gt 0 ]; then
    printf '%s finding(s). CONTRIBUTING.md tells where a thing goes.\n' "$findings" >&2
    exit 1
fi
