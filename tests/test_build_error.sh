#!/bin/sh
# A kernel file that does not compile is told by file and line, without a crash.
#
# usage: test_build_error.sh OWN_KERNEL_PROGRAM GOOD.cl
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

sed 's/0\.25f/0.25nonsense/' "$2" >"$folder/bad.cl"
line=$(grep -n nonsense "$folder/bad.cl" | cut -d: -f1)
if "$1" "$folder/bad.cl" 2>"$folder/said"; then
    echo "a broken kernel was accepted"
    exit 1
fi
cat "$folder/said"
grep -q "bad.cl:$line: error: " "$folder/said"
