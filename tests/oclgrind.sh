#!/bin/sh
# Runs a test under Oclgrind's checks and fails when they found anything.
#
# usage: tests/oclgrind.sh TEST [ARGUMENT...]
#
# Oclgrind writes invalid accesses, data races and reads of uninitialised memory into a log, and
# leaves the exit status alone; so the log must stay empty. It opens the log anew in every process,
# and Check runs every test in one of its own: through a pipe, none wipes out what another wrote.
set -u
log=$(mktemp "${TMPDIR:-/tmp}/chronaxie-oclgrind-XXXXXX") || exit 99
trap 'rm -f "$log"' EXIT
# Oclgrind 21.10 itself crashes in its check for uninitialised reads on kernels that draw, and on
# Poisson stimuli (Uninitialized::instructionExecuted), and takes what clEnqueueWriteBuffer wrote at
# an offset for uninitialised: tests that do so are checked for bounds and races only.
case "$*" in
*test_adex* | *test_axon* | *test_cast* | *test_checkpoint* | *test_runs*) ;;
*test_everywhere* | *test_failed_run* | *test_gaps* | *test_graded* | *test_izhikevich*) ;;
*test_labels* | *test_lines* | *test_model* | *test_neuron* | *test_plasticity*) ;;
*test_ports* | *test_published*) ;;
*test_raster* | *test_recovery* | *test_rehearsal* | *test_run* | *test_scene*) ;;
*test_settle* | *test_simulation* | *test_sleep* | *test_values* | *test_wrap*) ;;
*) export OCLGRIND_UNINITIALIZED=1 ;;
esac
exec 3>&1
status=$({ {
    OCLGRIND_DATA_RACES=1 OCLGRIND_LOG=/dev/fd/4 "$@" 4>&1 >&3
    echo $? >&5
} | cat >"$log"; } 5>&1)
[ "$status" = 0 ] || exit "$status"
if [ -s "$log" ]; then
    echo "Oclgrind found, in $*:" >&2
    head -n 60 "$log" >&2
    exit 1
fi
