# What a run leaves behind: run.json, written anew after each stage. Sourced by main.sh.
# shellcheck shell=bash disable=SC2154

# Text as a JSON string; what is not printable ASCII becomes a space or '?'.
json_text() {
  printf '%s' "$1" | LC_ALL=C awk '
    { gsub(/\t/, " "); gsub(/[^ -~]/, "?"); gsub(/["\\]/, "\\\\&")
      text = text (NR > 1 ? " " : "") $0 }
    END { printf "\"%s\"", text }'
}

# Milliseconds as seconds: 1.234.
seconds_of() { printf '%d.%03d' $(($1 / 1000)) $(($1 % 1000)); }

# Lines "VERDICT NAME" (a tab between) on stdin as the elements of a JSON array.
json_verdicts() {
  LC_ALL=C awk -F'\t' '
    { gsub(/[^ -~]/, "?", $2); gsub(/["\\]/, "\\\\&", $2)
      printf "%s\n    {\"name\": \"%s\", \"verdict\": \"%s\"}", (NR > 1 ? "," : ""), $2, $1 }
    END { if (NR) printf "\n  " }'
}

# What GoogleTest's output in these files says of each test that has ended: lines "VERDICT NAME".
# Where the first failure ends a process, what it says of the tests behind that one is nothing.
verdicts_of_tests() {
  local log
  for log; do
    [[ -f $log ]] && awk '
      function name_of(line) {
        sub(/^\[[^]]*\] /, "", line)
        sub(/ \([0-9]+ ms\)$/, "", line)
        sub(/, where .*/, "", line)
        return line
      }
      /^takt: a process of tests/ { one_failure = / that ends with the first failure$/; over = 0 }
      over || !/ \([0-9]+ ms\)$/ { next }
      /^\[       OK \] / { print "passed\t" name_of($0) }
      /^\[  SKIPPED \] / { print "skipped\t" name_of($0) }
      /^\[  FAILED  \] / { print "failed\t" name_of($0); over = one_failure }' "$log"
  done
  return 0
}

# The same of takt_conformance, whose lines are "NAME: ok" or "NAME: WHAT DIFFERS".
verdicts_of_conformance() {
  [[ -f $1 ]] || return 0
  awk '/^[A-Za-z][^:]*: / {
    name = $0; sub(/: .*/, "", name)
    if (name !~ /^(failed|skipped)$/)
      print (/: ok$/ ? "passed" : "failed") "\tConformance." name }' "$1"
}

# Lines of stages: "NAME VERDICT MILLISECONDS DETAIL", tabs between.
stages=()

json_stages() {
  local name verdict ms detail line between=
  for line in "${stages[@]}"; do
    IFS=$'\t' read -r name verdict ms detail <<<"$line"
    printf '%s\n    {"name": %s, "verdict": "%s", "seconds": %s, "detail": %s}' "$between" \
      "$(json_text "$name")" "$verdict" "$(seconds_of "$ms")" "$(json_text "$detail")"
    between=,
  done
  [[ -z $between ]] || printf '\n  '
}

# The commit that the programs were built from, without the mark of a changed tree, or null.
json_commit() { [[ -n $commit ]] && json_text "${commit%-dirty}" || printf null; }

json_record() {
  local dirty=false
  [[ $commit != *-dirty ]] || dirty=true
  printf '{\n  "record": "gpu run",\n  "device": %s,\n' "$device"
  printf '  "commit": %s,\n  "dirty": %s,\n  "date": "%s",\n' "$(json_commit)" "$dirty" "$date"
  printf '  "emulated": %s,\n  "complete": %s,\n' "$emulated" "$1"
  printf '  "seconds_allowed": %s,\n' "$seconds"
  printf '  "stages": [%s],\n' "$(json_stages)"
  printf '  "tests": [%s],\n' "$({
    verdicts_of_conformance "$out/log/conformance"
    verdicts_of_tests "$out/log/gpu-tests" "$out/log/language-model" "$out/log/other-tests"
  } | json_verdicts)"
  printf '  "sanitizer": {\n  "memcheck": [%s],\n' "$(json_verdicts <"$work/memcheck")"
  printf '  "racecheck": [%s]\n  }\n}\n' "$(json_verdicts <"$work/racecheck")"
}

# write_record COMPLETE: true once every stage has had its turn. A reader never finds half of it.
write_record() {
  local text
  if text=$(json_record "$1"); then
    printf '%s\n' "$text" >"$out/run.json.new" && mv "$out/run.json.new" "$out/run.json"
  fi
}
