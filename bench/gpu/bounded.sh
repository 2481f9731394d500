# Runs programs and stages within their time. Sourced by main.sh.
# shellcheck shell=bash disable=SC2154,SC2034

now_ms() { date +%s%3N; }

# What the running stage has left, in milliseconds; never below 0.
left_ms() {
  local left=$((stage_end - $(now_ms)))
  echo $((left > 0 ? left : 0))
}

# What is worth seeing of a log while it grows: of GoogleTest's lines only what failed.
show() {
  awk '/^\[( RUN      |       OK |  SKIPPED |-+|=+|  PASSED  )\]/ { next }
       /^(Note: Google Test filter|Running main\(\)|takt: a process of tests)/ { next }
       NF { print; fflush() }'
}

running=

# bounded LOG COMMAND...: runs it for as long as the stage has time; what it says goes to LOG and
# to stdout. Leaves its exit code in `status`, and 1 in `cut` where time ended it.
bounded() {
  local log=$1 viewer began=$SECONDS limit first
  shift
  limit=$(left_ms)
  status=0 cut=0
  [[ $limit -gt 0 ]] || { status=124 cut=1; return 0; }
  touch "$log"
  first=$(($(wc -l <"$log") + 1))
  timeout -k 5 "$(seconds_of "$limit")" "$@" >>"$log" 2>&1 </dev/null &
  running=$!
  tail -n +"$first" -s 0.05 -f --pid="$running" "$log" | show &
  viewer=$!
  wait "$running" || status=$?
  running=
  wait "$viewer" || true
  # 137: it did not end when it was asked to.
  if [[ $status -eq 124 || ($status -eq 137 && $((SECONDS - began)) -ge $((limit / 1000))) ]]; then
    cut=1
  fi
}

# conclude VERDICT DETAIL: what the running stage came to.
conclude() { verdict=$1 detail=$2; }

stage=

# end_stage: writes down what the running one came to.
end_stage() {
  stages+=("$stage"$'\t'"$verdict"$'\t'"$(($(now_ms) - stage_began))"$'\t'"${detail//$'\t'/ }")
  local said="-- $stage: $verdict${detail:+ ($detail)}"
  stage=
  printf '%s\n' "$said"
}

# Runs all of `plan`: lines "WEIGHT NAME FUNCTION ARGUMENTS...". What is left of the whole time is
# shared among the stages left, by weight, so that a short one leaves its time to those behind.
run_plan() {
  local deadline weight name call words n rest line
  deadline=$(($(now_ms) + seconds * 1000))
  for n in "${!plan[@]}"; do
    rest=0
    for line in "${plan[@]:n}"; do rest=$((rest + ${line%%|*})); done
    IFS='|' read -r weight name call <<<"${plan[n]}"
    stage=$name stage_began=$(now_ms) verdict=failed detail='it said nothing'
    stage_end=$((stage_began + (deadline - stage_began) * weight / rest))
    # A stage that others left no time has a second.
    [[ $stage_end -ge $((stage_began + 1000)) ]] || stage_end=$((stage_began + 1000))
    printf '\n== %s (at most %d s)\n' "$stage" $(((stage_end - stage_began) / 1000))
    read -ra words <<<"$call"
    "${words[@]}"
    end_stage
    write_record false
  done
}

finished=0

# However this script ends: the running program ends, too, and what was seen of its stage is kept.
on_exit() {
  local code=$?
  # Nor is it stopped by having nobody to tell.
  trap '' INT TERM HUP PIPE
  set +e
  if [[ -n $running ]]; then
    kill -TERM "$running" 2>/dev/null || true
    wait "$running" || true
  fi
  if [[ -n $stage ]]; then
    conclude cut "the run was ended here"
    end_stage 2>/dev/null
  fi
  if [[ $finished -eq 0 ]]; then
    write_record false
    summary 2>/dev/null
  fi
  rm -rf "$work"
  exit "$code"
}
