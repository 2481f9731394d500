# The stages of a run, each a function that ends with `conclude`. Sourced by main.sh.
# shellcheck shell=bash disable=SC2154

# How many lines on stdin begin with this verdict.
count() { grep -c "^$1"$'\t' || true; }

# tally VERDICTS: "24 passed, 0 failed, 1 skipped", and which failed first.
tally() {
  local text first
  text="$(count passed <<<"$1") passed, $(count failed <<<"$1") failed"
  text+=", $(count skipped <<<"$1") skipped"
  first=$(awk -F'\t' '$1 == "failed" { print $2; exit }' <<<"$1")
  echo "$text${first:+; first of those that failed: $first}"
}

# conclude_tests VERDICTS WHY: by the verdicts of tests; WHY, where nothing was cut, says what else
# went wrong, or is empty.
conclude_tests() {
  local said failed
  failed=$(count failed <<<"$1")
  said="$(tally "$1")${2:+; $2}"
  if [[ $cut -ne 0 ]]; then
    conclude "$([[ $failed -gt 0 ]] && echo failed || echo cut)" "cut short: $said"
  elif [[ $failed -gt 0 || -n $2 ]]; then
    conclude failed "$said"
  elif [[ $(count passed <<<"$1") -eq 0 ]]; then
    conclude failed "$said; none passed"
  else
    conclude passed "$said"
  fi
}

# The wrappers of PTX.
conformance_stage() {
  local log="$out/log/$stage" verdicts why=
  if [[ $capability != 9.* ]]; then
    conclude skipped "the wrappers of PTX are for compute capability 9, this device has $capability"
    return
  fi
  bounded "$log" "$bin/$conformance_program"
  verdicts=$(verdicts_of_conformance "$log")
  [[ $status -eq 0 || $cut -ne 0 || $(count failed <<<"$verdicts") -gt 0 ]] ||
    why="$conformance_program ended with status $status"
  conclude_tests "$verdicts" "$why"
}

# The names of the tests that a filter means, one a line.
list_tests() {
  local list="$work/list"
  : >"$list"
  bounded "$list" "$bin/$tests_program" --gtest_list_tests --gtest_filter="$1" >/dev/null
  [[ $status -eq 0 ]] || return 0
  awk '/^[^ ].*\.( |$)/ { suite = $1; next } /^  [^ ]/ { print suite $1 }' "$list"
}

# The test that a log ends within; nothing where it ends between two.
unfinished_test() {
  awk '/^\[ RUN      \] / { name = $0; sub(/^\[ RUN      \] /, "", name) }
       /^\[(       OK |  FAILED  |  SKIPPED )\] .*ms\)$/ { name = "" }
       END { print name }' "$1"
}

# A failed test may leave the device in a state in which all others fail: so many times the rest
# goes on in a process of its own.
readonly most_processes=20

# tests_stage FILTER: those that it means, as many as there is time for.
tests_stage() {
  local log="$out/log/$stage" names verdicts='' why='' process=1 left before=0 unfinished
  list_tests "$1" >"$work/names"
  names=$(cat "$work/names")
  if [[ -z $names ]]; then
    conclude failed "$tests_program lists no test for $1$([[ $cut -eq 0 ]] || echo ' in time')"
    return
  fi
  left=$(wc -l <<<"$names")
  while [[ $left -gt 0 && $left -ne $before ]]; do
    before=$left
    run_tests "$log" "$names" $((process++))
    verdicts=$(verdicts_of_tests "$log")
    [[ $cut -eq 0 ]] || break
    names=$(awk -F'\t' 'NR == FNR { done[$2]; next } !($1 in done)' - "$work/names" \
      <<<"$verdicts")
    left=$(grep -c . <<<"$names" || true)
  done
  if [[ $cut -ne 0 ]]; then
    unfinished=$(unfinished_test "$log")
    why=${unfinished:+it was in $unfinished}
  elif [[ $left -gt 0 ]]; then
    why="$tests_program ended with status $status and $left tests not run"
  elif [[ $status -ne 0 && $(count failed <<<"$verdicts") -eq 0 ]]; then
    why="$tests_program ended with status $status"
  fi
  conclude_tests "$verdicts" "$why"
}

# run_tests LOG NAMES PROCESS: in one process. A test that this process dies in has failed.
run_tests() {
  local flags=(--gtest_flagfile="$work/flags") unfinished
  printf -- '--gtest_filter=%s\n' "$(paste -sd: <<<"$2")" >"$work/flags"
  if [[ $3 -lt $most_processes ]]; then
    flags+=(--gtest_fail_fast)
    echo "takt: a process of tests that ends with the first failure" >>"$1"
  else
    echo "takt: a process of tests" >>"$1"
  fi
  bounded "$1" "$bin/$tests_program" "${flags[@]}"
  [[ $cut -eq 0 ]] || return 0
  unfinished=$(unfinished_test "$1")
  if [[ -n $unfinished ]]; then
    echo "takt: $tests_program ended with status $status in $unfinished" | tee -a "$1"
    echo "[  FAILED  ] $unfinished (0 ms)" >>"$1"
  fi
}

# The example's tests: its training and writing on this GPU.
language_model_stage() {
  local tests_program=$language_model_program
  if [[ ! -x $bin/$tests_program ]]; then
    conclude skipped "there is no $tests_program in $bin"
    return
  fi
  tests_stage "$language_model_filter"
}

# sanitizer_stage TOOL: a short list of tests under compute-sanitizer, each in its own process.
sanitizer_stage() {
  local tool=$1 sanitizer name
  if [[ $dry_run -eq 1 ]]; then
    conclude skipped "compute-sanitizer has nothing to watch on an emulated device"
    return
  fi
  sanitizer=$(PATH=$PATH:${CUDA_PATH:-/usr/local/cuda}/bin command -v compute-sanitizer) || {
    conclude skipped "no compute-sanitizer in PATH or ${CUDA_PATH:-/usr/local/cuda}/bin"
    return
  }
  local options=(--tool "$tool" --error-exitcode 99)
  list_tests "$sanitizer_filter" >"$work/names"
  [[ -s $work/names ]] || {
    conclude failed "$tests_program lists no test for $sanitizer_filter"
    return
  }
  while read -r name; do
    bounded "$out/log/$stage" "$sanitizer" "${options[@]}" "$bin/$tests_program" \
      --gtest_brief=1 --gtest_filter="$name"
    add_sanitized "$tool" "$name" || break
  done <"$work/names"
  if [[ $cut -eq 0 && $capability == 9.* ]]; then
    bounded "$out/log/$stage" "$sanitizer" "${options[@]}" "$bin/$conformance_program"
    add_sanitized "$tool" Conformance || true
  fi
  conclude_tests "$(cat "$work/$tool")" \
    "$([[ $cut -eq 0 ]] || echo "it was in ${name:-Conformance}")"
}

# add_sanitized TOOL NAME: what came of the run before; fails where time ended it.
add_sanitized() {
  [[ $cut -eq 0 ]] || return 1
  printf '%s\t%s\n' "$([[ $status -eq 0 ]] && echo passed || echo failed)" "$2" >>"$work/$1"
}

# The limits of this GPU by small programs.
microbench_stage() {
  local seconds_left
  if [[ ! -x $bin/$microbench_program ]]; then
    conclude skipped "there is no $microbench_program in $bin"
    return
  elif [[ $capability != 9.* ]]; then
    conclude skipped "it is for compute capability 9, this device has $capability"
    return
  fi
  # It ends by itself, a little early.
  seconds_left=$(($(left_ms) * 9 / 10000))
  bounded "$out/log/$stage" "$bin/$microbench_program" --out "$out/microbench.json" \
    --seconds "$((seconds_left > 1 ? seconds_left : 1))"
  conclude_record "$microbench_program" "$out/microbench.json"
}

# conclude_record PROGRAM FILE: by the exit code of what should have written the file, and by what
# that says of being complete.
conclude_record() {
  local left=${2##*/}
  [[ -f $2 ]] || left="without $left"
  if [[ $cut -ne 0 || ($status -eq 0 && -f $2 && $(grep -c '^ *"complete": false' "$2") -gt 0) ]]
  then
    conclude cut "$left"
  elif [[ $status -ne 0 ]]; then
    conclude failed "$1 ended with status $status; $left"
  elif [[ ! -f $2 ]]; then
    conclude failed "$1 wrote no ${2##*/}"
  else
    conclude passed "$left"
  fi
}

# What each peer said so far: "here", or why it never will be.
declare -A peer_state=()
# A peer that has said nothing by then is not waited for.
readonly most_peer_ms=20000

# ask_peer NAME: by the smallest problem, whether takt can be measured against it; leaves "here" or
# why not in `answer`. Only a refusal (2) and a result (0, or 1: outside its tolerance) are for good.
ask_peer() {
  local said="$work/peer" left stage_end=$stage_end
  answer=${peer_state[$1]-}
  [[ -z $answer ]] || return 0
  # Of what the stage has left, most is for measuring.
  left=$(($(left_ms) / 3))
  stage_end=$(($(now_ms) + (left < most_peer_ms ? left : most_peer_ms)))
  : >"$said"
  bounded "$said" "$bin/$takt_program" bench --device cuda --against "$1" --hidden 1 \
    --batch 1 --seq 1 --seconds 0.001 --no-plot --json "$work/peer.json" >/dev/null
  answer=here
  if [[ $cut -ne 0 ]]; then
    answer="it did not answer in time"
  elif [[ $status -gt 1 ]]; then
    answer=$(tail -n 1 "$said" | sed 's/^takt: //')
    answer=${answer:-takt bench ended with status $status}
  fi
  [[ $cut -ne 0 || $status -gt 2 ]] || peer_state[$1]=$answer
}

# Those to measure takt against in this stage, in `against`; why not the others, in `without`.
find_peers() {
  local peer answer
  against='' without=''
  for peer in "${peers[@]}"; do
    ask_peer "$peer"
    if [[ $answer == here ]]; then
      against+=${against:+,}$peer
    else
      without+="${without:+; }without $peer: $answer"
    fi
  done
  [[ -z $without ]] || echo "$without"
}

# bench_stage LIST: takt bench over a list of shapes, beside whom it can be measured against.
bench_stage() {
  local list=$root/bench/shapes/$1.txt record=$out/bench-$1.json options=() cases each
  find_peers
  [[ -z $against ]] || options=(--against "$against")
  cases=$(grep -cv '^ *\(#\|$\)' "$list")
  # Half of the time, since each case needs some beside its samples.
  each=$(awk -v left="$(left_ms)" -v cases="$cases" -v words="$against" 'BEGIN {
    each = left / 2000 / cases / (1 + split(words, unused, ","))
    printf "%.3f", (each > 0.5 ? 0.5 : each < 0.001 ? 0.001 : each) }')
  bounded "$out/log/$stage" "$bin/$takt_program" bench --device cuda --shapes "$list" \
    "${options[@]}" --seconds "$each" --no-plot --json "$record"
  conclude_record "takt bench" "$record"
  detail+=${without:+; $without}
}
