#!/bin/bash
# Builds takt and runs its main job, its tests, its mutants, its checks on a GPU: see --help.
set -euo pipefail
cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")"

usage() {
  cat <<'TEXT'
usage: ./run.sh                  build, then takt info, takt validate, the tests against values
                                 from outside, takt bench (a table; figures and a plot in out/),
                                 and a language model that learns a text and goes on with it
       ./run.sh test [PRESET]    build and run all tests; the last line counts them
       ./run.sh gpu ...          everything that needs a GPU, in stages, within ten minutes; on this
                                 machine, or packed for another: see ./run.sh gpu --help
       ./run.sh build [PRESET [TARGET [OPTION...]]]
                                 build only: all or TARGET, with OPTIONs to configure (-DNAME=VALUE)
       ./run.sh mutants ...      apply the patches of tests/mutants one by one: who catches them
       ./run.sh planted          build, and write docs/planted-mistakes.md: what the emulated device
                                 catches (needs CUDA's headers and python3)
       ./run.sh --help           this text
PRESET is one of CMakePresets.json: default (Release), debug, asan, tsan; gpu to build only.
Packages that are missing (cmake/packages.txt) are installed by apt-get where that is allowed.
TEXT
}

refuse() {
  echo "run.sh: $*" >&2
  usage >&2
  exit 2
}

heading() { printf '\n== %s\n' "$*"; }

is_installed() {
  [[ $(dpkg-query -W -f='${Status}' "$1" 2>/dev/null) == "install ok installed" ]]
}

# As root, by sudo where it needs no password. Fails where neither is there.
as_root() {
  if [[ $EUID -eq 0 ]]; then
    env DEBIAN_FRONTEND=noninteractive "$@"
  else
    sudo -n env DEBIAN_FRONTEND=noninteractive "$@"
  fi
}

# Installs what is missing of cmake/packages.txt and of the arguments, or says how to. Goes on
# without what is optional.
install_packages() {
  command -v dpkg-query >/dev/null || return 0
  local package kind missing=() needed=()
  while read -r package kind; do
    is_installed "$package" && continue
    missing+=("$package")
    [[ $kind == optional ]] || needed+=("$package")
  done < <(grep -v '^#' cmake/packages.txt)
  for package in "$@"; do
    is_installed "$package" || { missing+=("$package") && needed+=("$package"); }
  done
  [[ ${#missing[@]} -gt 0 ]] || return 0

  heading "installing ${missing[*]}"
  local install=(apt-get install -y --no-install-recommends)
  if as_root apt-get update && as_root "${install[@]}" "${missing[@]}"; then return 0; fi
  echo "run.sh: could not install; as root: apt-get update && ${install[*]} ${missing[*]}" >&2
  [[ ${#needed[@]} -eq 0 ]] || exit 1
  echo "run.sh: going on without: ${missing[*]}" >&2
}

binary_dir() { [[ $1 == default ]] && echo build || echo "build-$1"; }

# Configures and builds a preset, with further options for the former: all, or `target`.
build() {
  local preset=$1
  shift
  install_packages
  heading "building $(binary_dir "$preset")"
  local cache
  cache=$(binary_dir "$preset")/CMakeCache.txt
  if [[ -f $cache ]] && ! grep -qxF "CMAKE_HOME_DIRECTORY:INTERNAL=$PWD" "$cache"; then
    echo "run.sh: $(dirname "$cache")/ was made for another folder; remove it first" >&2
    exit 1
  fi
  cmake --preset "$preset" -DCMAKE_CXX_COMPILER_LAUNCHER="$(command -v ccache || true)" "$@"
  cmake --build --preset "$preset" --parallel "$(nproc)" --target "${target:-all}"
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

# The tests of a program by its prefix, where there are any: tally_of TITLE PREFIX RESULTS.
tally_of() {
  local those
  those=$(awk -F'\t' -v prefix="$2" 'index($2, prefix) == 1' <<<"$3")
  [[ -z $those ]] || echo "$1: $(tally "$those")"
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

# The options of sanitizers, as the presets have them.
export_sanitizer_options() {
  local option
  while read -r option; do export "${option?}"; done < <(
    sed -n 's/.*"\([A-Z]*SAN_OPTIONS\)": "\(.*\)".*/\1=\2/p' CMakePresets.json)
}

# Whole programs of tests, then by ctest what is not in one.
run_tests() {
  local preset=$1 status=0 build of_scripts
  heading "tests of $(binary_dir "$preset")"
  build=$PWD/$(binary_dir "$preset")
  (export_sanitizer_options && tests/programs/run.sh "$build") || status=1
  run_ctest "$preset" -LE '^program$' || status=1
  of_scripts=$results
  results=$(cat "$build/tests/results.tsv")$'\n'$of_scripts
  echo
  exceptions "$results"
  tally_of "emulated device" simt. "$results"
  tally_of "under the race checker" simt_race. "$results"
  tally "$results"
  return "$status"
}

# The tests against values that takt did not make: one line a suite.
run_outside() {
  local status=0 suite log=build/outside.log
  run_ctest default -R '^[^.]*(Golden|Onnx|OneDnn)' >"$log" 2>&1 || status=1
  while read -r suite; do
    printf '%-48s %s\n' "$suite" "$(tally "$(grep -F $'\t'"$suite." <<<"$results")")"
  done < <(cut -f2 <<<"$results" | sed 's/\..*//' | sort -u)
  [[ $status -eq 0 ]] || cat "$log"
  exceptions "$results"
  return "$status"
}

# The language model's own defaults.
run_language_model() {
  heading "language model: some twenty seconds of training on two cores, then a sample"
  if [[ ! -x build/bin/language_model ]]; then
    echo "skipped: examples/language_model is not built; the configure step says what it needs"
    return 0
  fi
  build/bin/language_model train --out out/language_model --overwrite
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
  run_language_model || status=1
  return "$status"
}

# Mistakes planted in kernels, as the tests of all three programs record them.
write_planted_page() {
  build default
  build asan
  cmake --build build --target planted_plain planted_race
  cmake --build build-asan --target planted_address
  python3 -B tests/simt/planted/page.py plain build/tests/simt/planted_plain.json \
    race build/tests/simt/planted_race.json address build-asan/tests/simt/planted_address.json
}

case ${1-} in
  "") run_main_job ;;
  test)
    [[ $# -le 2 ]] || refuse "test takes one preset"
    preset=${2-default}
    [[ $preset =~ ^(default|debug|asan|tsan)$ ]] || refuse "no preset '$preset'"
    build "$preset"
    run_tests "$preset"
    ;;
  build)
    [[ ${2-default} =~ ^(default|gpu|debug|asan|tsan)$ ]] || refuse "no preset '$2'"
    target=${3-} build "${2-default}" "${@:4}"
    ;;
  gpu)
    main=$PWD/bench/gpu/main.sh
    cd "$OLDPWD"
    exec "$main" "${@:2}"
    ;;
  mutants)
    shift
    programs=()
    for program in python3 patch; do
      command -v "$program" >/dev/null || programs+=("$program")
    done
    install_packages "${programs[@]}"
    exec tests/mutants/run.sh "$@"
    ;;
  planted) write_planted_page ;;
  -h | --help | help) usage ;;
  *) refuse "no command '$1'" ;;
esac
