#!/bin/sh
# Fuzzes one reader for FUZZ_SECONDS, by default ten.
#
# usage: run.sh PROGRAM READER
#
# What is found stays in the current folder: inputs that reach new code in corpus-READER, where the
# next run takes them up, and an input that fails as READER-crash-..., -leak-..., -timeout-... or
# -oom-.... To see it fail again, add its path to the words.
set -eu
program=$(realpath "$1") reader=$2
shift 2
here=$(cd "$(dirname "$0")" && pwd)
found=$PWD/corpus-$reader artifacts=$PWD/$reader-
mkdir -p "$found"
if [ $# = 0 ]; then
    set -- -max_total_time="${FUZZ_SECONDS:-10}" "$found" "$here/corpus/$reader"
else
    set -- "$(realpath "$1")"
fi
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cp -R "$here/files/." "$folder"
cd "$folder"
export FUZZ_READER="$reader"
unset ASAN_OPTIONS LSAN_OPTIONS
export UBSAN_OPTIONS="halt_on_error=1:print_stacktrace=1"
# Neither time nor memory may be out of proportion to an input of a few KB; the sanitizers take
# some of both.
"$program" -timeout=5 -rss_limit_mb=600 -malloc_limit_mb=32 -max_len=8192 \
    -artifact_prefix="$artifacts" -print_final_stats=1 "$@"
