#!/bin/sh
# nvcc.sh REPORT COMMAND...: compiles device code; what ptxas tells of its kernels goes to REPORT,
# the rest of what is said is shown.
report=$1
shift
# ccache otherwise compares what `nvcc -E` shows: the device's side of headers, of one architecture.
export CCACHE_DEPEND=1
rm -f "$report"
"$@" 2>"$report.all"
status=$?
of_ptxas='^ptxas info|^    [0-9]+ bytes stack frame'
grep -Ev "$of_ptxas" "$report.all" >&2
[ "$status" -ne 0 ] || grep -E "$of_ptxas" "$report.all" >"$report"
rm -f "$report.all"
exit "$status"
