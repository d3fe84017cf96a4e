#!/bin/sh
# Runs a test in two parts of a device, and skips it where the driver offers none (PoCL 7.1).
#
# usage: CHRONAXIE_COMMAND=FILE tests/split.sh TEST [ARGUMENT...]
set -u
told=$("$CHRONAXIE_COMMAND" devices -d "$CHRONAXIE_TEST_DEVICES" \
    --split "$CHRONAXIE_TEST_SPLIT" 2>&1 >/dev/null)
case "$told" in
*"offer no sub-devices"*)
    echo "skipped: $told"
    exit 77
    ;;
esac
exec "$@"
