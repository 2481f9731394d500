#!/bin/bash
# Builds takt and runs its main job, its tests or its mutants: see ./run.sh --help.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

usage() {
  cat <<'TEXT'
usage: ./run.sh                  build, then takt info, takt validate, the tests against values
                                 from outside, takt bench (a table; figures and a plot in out/)
       ./run.sh test [PRESET]    build and run all tests; the last line counts them
       ./run.sh mutants ...      apply the patches of tests/mutants one by one: who catches them
       ./run.sh --help           this text
PRESET is one of CMakePresets.json: default (Release), debug, asan, tsan.
Packages that are missing (cmake/packages.txt) are installed by apt-get where that is allowed.
TEXT
}

refuse() {
  echo "run.sh: $*" >&2
  usage >&2
  exit 2
}

heading() { printf '\n== %s\n' "$*"; }

# Installs what is missing, or says how to.
install_packages() {
  command -v dpkg-query >/dev/null || return 0
  local package missing=() as_root=()
  while read -r package; do
    [[ $(dpkg-query -W -f='${Status}' "$package" 2>/dev/null) == "install ok installed" ]] ||
      missing+=("$package")
  done < <(grep -v '^#' cmake/packages.txt)
  [[ ${#missing[@]} -gt 0 ]] || return 0

  local install=(apt-get install -y --no-install-recommends "${missing[@]}")
  if [[ $EUID -ne 0 ]]; then
    as_root=(sudo -n)
    if ! sudo -n true 2>/dev/null; then
      echo "run.sh: packages are missing; as root: apt-get update && ${install[*]}" >&2
      exit 1
    fi
  fi
  heading "installing ${missing[*]}"
  export DEBIAN_FRONTEND=noninteractive
  if ! { "${as_root[@]}" apt-get update && "${as_root[@]}" "${install[@]}"; }; then
    echo "run.sh: could not install; as root: apt-get update && ${install[*]}" >&2
    exit 1
  fi
}

binary_dir() { [[ $1 == default ]] && echo build || echo "build-$1"; }

build() {
  local preset=$1
  install_packages
  heading "building $(binary_dir "$preset")"
  cmake --preset "$preset" -DCMAKE_CXX_COMPILER_LAUNCHER="$(command -v ccache || true)"
  cmake --build --preset "$preset" --parallel "$(nproc)"
}

# Reads ctest's JUnit file: one line "STATE NAME REASON" a test, tabs between; STATE is passed,
# failed or skipped. A test that could not be started has failed.
read_results() {
  awk '
    function text(s) {
      gsub(/&lt;/, "<", s); gsub(/&gt;/, ">", s); gsub(/&quot;/, "\"", s); gsub(/&amp;/, "\\&", s)
      return s
    }
    /^\t<testcase / {
      name = $0; sub(/^\t<testcase name="/, "", name); sub(/" classname=.*/, "", name)
      state = $0; sub(/.* status="/, "", state); sub(/".*/, "", state)
      skip = 0; reason = ""; expect_reason = 0
    }
    /<skipped message="SKIP_/ { skip = 1 }
    expect_reason && NF { reason = $0; expect_reason = 0 }
    /: Skipped$/ && reason == "" { expect_reason = 1 }
    /^\[  SKIPPED \]/ { expect_reason = 0 }
    /skipped: / && reason == "" { reason = $0; sub(/.*skipped: /, "", reason) }
    /^\t<\/testcase>/ {
      if (state == "run") verdict = "passed"
      else if (state == "notrun" && skip) verdict = "skipped"
      else if (state == "disabled") { verdict = "skipped"; reason = "disabled" }
      else verdict = "failed"
      if (reason ~ /^\[/ || reason == "") reason = "no reason given"
      printf "%s\t%s\t%s\n", verdict, text(name), text(reason)
    }' "$1"
}

count() { grep -c "^$1"$'\t' <<<"$2" || true; }

tally() {
  echo "$(count passed "$1") passed, $(count failed "$1") failed, $(count skipped "$1") skipped"
}

# Names each test that did not pass, and why it was skipped.
exceptions() {
  awk -F'\t' '$1 == "skipped" {print "skipped: " $2 ": " $3}' <<<"$1"
  awk -F'\t' '$1 == "failed" {print "failed: " $2}' <<<"$1"
}

# Runs ctest of a preset, with further arguments; leaves what happened in `results`.
# Returns nonzero where a test failed or none ran.
run_ctest() {
  local preset=$1 status=0 junit
  shift
  junit=$PWD/$(binary_dir "$preset")/tests.xml
  rm -f "$junit"
  ctest --preset "$preset" -j2 --output-junit "$junit" "$@" || status=$?
  results=
  [[ -f $junit ]] && results=$(read_results "$junit")
  [[ $status -eq 0 && $(count failed "$results") -eq 0 && $(count passed "$results") -gt 0 ]]
}

run_tests() {
  local preset=$1 status=0
  build "$preset"
  heading "tests of $(binary_dir "$preset")"
  run_ctest "$preset" || status=1
  echo
  exceptions "$results"
  tally "$results"
  return "$status"
}

# The tests against values that takt did not make: one line a suite.
run_outside() {
  local status=0 suite log=build/outside.log
  run_ctest default -R '^[^.]*(Outside|Golden|Onnx|OneDnn)' >"$log" 2>&1 || status=1
  while read -r suite; do
    printf '%-48s %s\n' "$suite" "$(tally "$(grep -F $'\t'"$suite." <<<"$results")")"
  done < <(cut -f2 <<<"$results" | sed 's/\..*//' | sort -u)
  [[ $status -eq 0 ]] || cat "$log"
  exceptions "$results"
  return "$status"
}

run_main_job() {
  local status=0
  build default
  heading "takt info"
  build/bin/takt info || status=1
  heading "takt validate"
  build/bin/takt validate --summary || status=1
  heading "values from outside"
  run_outside || status=1
  heading "takt bench"
  mkdir -p out
  build/bin/takt bench --out out || status=1
  return "$status"
}

case ${1-} in
  "") run_main_job ;;
  test)
    [[ $# -le 2 ]] || refuse "test takes one preset"
    preset=${2-default}
    [[ $preset =~ ^(default|debug|asan|tsan)$ ]] || refuse "no preset '$preset'"
    run_tests "$preset"
    ;;
  mutants)
    shift
    install_packages
    exec tests/mutants/run.sh "$@"
    ;;
  -h | --help | help) usage ;;
  *) refuse "no command '$1'" ;;
esac
