#!/bin/bash
# Runs whole programs of tests, as many parts of them at a time as there are cores: run.sh BUILD.
# BUILD/tests/programs.txt has a line for each: PROGRAM FILTER [PREFIX of its tests' names]. A process
# for each test, as ctest has it, takes longer than most tests.
#
# Prints how long each part took, and what failed tests said. BUILD/tests/results.tsv gets a line
# "STATE NAME REASON" for each test, tabs between; STATE is passed, failed or skipped. Where a part
# does not end by itself, tests that no part has run have failed.
set -uo pipefail
build=$1
parts=2 limit_s=1800
dir=$build/tests/parts
rm -rf "$dir"
mkdir -p "$dir"

# What googletest prints, as results: read_part PREFIX.
read_part() {
  awk -v prefix="$1" '
    function show(state, why) {
      name = $0
      sub(/^\[[^]]*\] /, "", name); sub(/ \([0-9]+ ms\)$/, "", name); sub(/, where .*/, "", name)
      printf "%s\t%s%s\t%s\n", state, prefix, name, why
    }
    /^\[ RUN      \] / { reason = ""; skipping = 0; next }
    # What a test prints last may lack the end of its line.
    /\[  FAILED  \] .* \([0-9]+ ms\)$/ { sub(/.*\[  FAILED  \]/, "[  FAILED  ]"); show("failed", ""); next }
    /\[       OK \] .* \([0-9]+ ms\)$/ { sub(/.*\[       OK \]/, "[       OK ]"); show("passed", ""); next }
    /^\[  SKIPPED \] .* \([0-9]+ ms\)$/ {
      show("skipped", reason == "" ? "no reason given" : reason)
      next
    }
    /: Skipped$/ { skipping = 1; next }
    skipping && NF && reason == "" { reason = $0 }'
}

# What was said from the beginning of each failed test to its end.
said_by_failed() {
  awk '
    /^\[ RUN      \] / { said = "" }
    { said = said $0 "\n" }
    /^\[  FAILED  \] .* \([0-9]+ ms\)$/ { printf "%s", said }' "$1"
}

# Device threads have stacks of their own. To keep a second one beside each, for locals that are used
# after their function's return, takes eight times as long; ctest's simt_planted_page_address does.
asan_options_of() {
  case $(basename "$1") in
    *simt* | *emulated*) echo "${ASAN_OPTIONS-}:detect_stack_use_after_return=0" ;;
    *) echo "${ASAN_OPTIONS-}" ;;
  esac
}

# run_part NUMBER PART PROGRAM FILTER [PREFIX]: leaves NUMBER.PART.log, .tsv, and .lost where the
# process did not end by itself.
run_part() {
  local number=$1 part=$2 program=$3 filter=$4 prefix=${5-} start=$SECONDS status=0
  local name=$dir/$1.$2
  ASAN_OPTIONS=$(asan_options_of "$program") GTEST_TOTAL_SHARDS=$parts GTEST_SHARD_INDEX=$part \
    timeout "$limit_s" \
    "$program" --gtest_filter="$filter" --gtest_color=no </dev/null >"$name.log" 2>&1 || status=$?
  echo "$(basename "$program"), part $((part + 1)) of $parts: $((SECONDS - start)) s"
  read_part "$prefix" <"$name.log" >"$name.tsv"
  [[ $status -ne 0 ]] || return 0
  if grep -q '^\[==========\] .* ran\.' "$name.log" && grep -q '^failed' "$name.tsv"; then
    said_by_failed "$name.log"
  else
    # A crash, a leak found in the end, a program that does not start.
    printf 'failed\t%s\tended with %s\n' "$prefix$(basename "$program"), part $((part + 1))" \
      "$status" >>"$name.tsv"
    echo "it ended with $status after it had said:"
    tail -n 60 "$name.log"
    touch "$name.lost"
  fi
}

# Tests of a program that no part has run: add_lost NUMBER PROGRAM FILTER [PREFIX].
add_lost() {
  local number=$1 program=$2 filter=$3 prefix=${4-}
  "$program" --gtest_filter="$filter" --gtest_list_tests 2>/dev/null | awk -v prefix="$prefix" '
    /^[^ ].*\./ { suite = $1 }
    /^  / { print prefix suite $1 }' |
    grep -vxF -f <(cut -f2 "$dir/$number".*.tsv) |
    awk '{ printf "failed\t%s\tnot run to its end\n", $0 }' >"$dir/$number.lost.tsv"
}

number=0
while read -r program filter prefix; do
  for ((part = 0; part < parts; ++part)); do
    while [[ $(jobs -rp | wc -l) -ge $(nproc) ]]; do wait -n; done
    (cd "$build/tests" && run_part "$number" "$part" "$program" "$filter" "$prefix") &
  done
  ((++number))
done <"$build/tests/programs.txt"
wait
number=0
while read -r program filter prefix; do
  compgen -G "$dir/$number.*.lost" >/dev/null && add_lost "$number" "$program" "$filter" "$prefix"
  ((++number))
done <"$build/tests/programs.txt"
cat "$dir"/*.tsv >"$build/tests/results.tsv"
[[ -s $build/tests/results.tsv ]] && ! grep -q "^failed" "$build/tests/results.tsv"
