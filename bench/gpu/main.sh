#!/bin/bash
# Everything that needs a GPU, in stages, most telling first, within a time: ./run.sh gpu --help.
set -euo pipefail
root=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/../.." && pwd)
readonly root
# All tests are meant, whatever part of others' the caller is.
unset "${!GTEST_@}"
# shellcheck source=bench/gpu/record.sh
source "$root/bench/gpu/record.sh"
# shellcheck source=bench/gpu/bounded.sh
source "$root/bench/gpu/bounded.sh"
# shellcheck source=bench/gpu/stages.sh
source "$root/bench/gpu/stages.sh"
# shellcheck source=bench/gpu/prepare.sh
source "$root/bench/gpu/prepare.sh"

# Lists of shapes, in the order in which they tell: the first is what there must be time for.
shape_lists=(gpu persistent sequence-length flashrnn deepbench-inference deepbench-training
  small-hidden streaming structure grid)
# What takt is measured against, where it is there.
readonly peers=(cudnn two-kernel-loop)

usage() {
  cat <<'TEXT'
usage: ./run.sh gpu [OPTIONS]     build for this machine's GPU, then: the wrappers of PTX, the tests
                                  that need a GPU, some of them under compute-sanitizer, those of
                                  the language model, micro benchmarks, takt bench beside its
                                  peers, all other tests
       ./run.sh gpu --prepare DIR [--prebuilt DIR]
                                  put into DIR what another machine needs: ./run.sh gpu there builds
                                  nothing
  --out DIR       where run.json, microbench.json, bench-LIST.json and log/ go [out/gpu-DATE]; it
                  must be empty or not there yet
  --seconds N     for all stages together, 1 to 86400 [600, of a dry run 50]; what a stage
                  leaves goes to those behind it, and one that needs more is cut
  --prebuilt DIR  programs that were built elsewhere (build/bin there); nothing is built
  --dry-run       on the emulated device, with tiny shapes: does this script work?
  --help          this text
The GPU is the first of CUDA_VISIBLE_DEVICES, else the first that nvidia-smi lists. The variable
TAKT_CUDA_ARCHITECTURES (80;90a) says what to compile for: without it that GPU, with --prepare 90a.
Exit codes: 0 no stage failed, 1 one did, or there was no time for all wrappers, tests that need the
GPU or sanitizers, or there is no GPU; 2 wrong options; 129, 130, 141, 143 ended by a signal. What
was seen until then is in DIR. To record it: copy DIR to bench/results/NAME, then takt report, which
refuses what was built from an unknown commit (without git) or from a changed tree.
TEXT
}

misuse() {
  printf 'gpu: %s\n\n' "$*" >&2
  usage >&2
  exit 2
}

give_up() {
  printf 'gpu: %s\n' "$*" >&2
  exit 1
}

# A path as it is from everywhere.
absolute() { [[ $1 == /* ]] && echo "$1" || echo "$PWD/$1"; }

parse() {
  while [[ $# -gt 0 ]]; do
    case $1 in
      --out | --seconds | --prebuilt | --prepare)
        [[ $# -ge 2 && -n $2 ]] || misuse "$1 needs a value"
        case $1 in
          --out) out=$(absolute "$2") ;;
          --seconds) seconds=$2 ;;
          --prebuilt) prebuilt=$(absolute "$2") ;;
          --prepare) package=$(absolute "$2") ;;
        esac
        shift
        ;;
      --dry-run) dry_run=1 ;;
      -h | --help)
        usage
        exit 0
        ;;
      *) misuse "'$1' is no option of ./run.sh gpu" ;;
    esac
    shift
  done
  # A dry run is part of takt's own tests.
  [[ -n $seconds ]] || seconds=$((dry_run ? 50 : 600))
  [[ $seconds =~ ^[1-9][0-9]{0,4}$ && $seconds -le 86400 ]] ||
    misuse "--seconds is '$seconds'; it must be a whole number between 1 and 86400"
  [[ -z $package || $dry_run -eq 0 ]] || misuse "--prepare and --dry-run do not go together"
}

# Which programs there are, and which of their tests.
choose_programs() {
  if [[ $dry_run -eq 1 ]]; then
    takt_program=takt_emulated_tool tests_program=takt_simt_tests
    conformance_program=takt_emulated_conformance microbench_program=takt_microbench_emulated
    language_model_program=language_model_emulated_tests
    language_model_filter='Cells/LanguageModelTwin.*/gru_emulated_fifo'
    shape_lists=(dry-run)
    gpu_filter='*/CudaContract.*:*/DeviceBits.AgainIsTheSame/*_fifo'
    other_filter='RuntimeStreams.*'
    sanitizer_filter=
  else
    takt_program=takt tests_program=takt_tests
    conformance_program=takt_conformance microbench_program=takt_microbench
    language_model_program=language_model_tests language_model_filter='*_cuda'
    gpu_filter='*_cuda:*_cuda_block:*_cuda_cluster:*_cuda_grid:*/CudaContract.*'
    other_filter="*-$gpu_filter"
    # Those that read the tree or run the tool that they were built with.
    [[ -z $prebuilt ]] || other_filter+=':Tool*:GoldenGradients.*:IncludeRule.*:KernelFamilies.*'
    [[ -z $prebuilt ]] || other_filter+=':FrozenConstants.*:Limit*:MachineLimits.*:Microbench.*'
    [[ -z $prebuilt ]] || other_filter+=':MeasuredModels.*:PersistentCode.*'
    [[ -z $prebuilt ]] || other_filter+=':PersistentShapes.*:PlannerPage.*:Prediction.*'
    [[ -z $prebuilt ]] || other_filter+=':Readme.*:Roofline.*'
    # Each takes some seconds there.
    sanitizer_filter='*/CudaContract.Nothing*/lstm:*/CudaContract.Nothing*/gru'
    sanitizer_filter+=':*/DeviceBits.AgainIsTheSame/lstm_*_cuda'
    sanitizer_filter+=':*/DeviceBits.AgainIsTheSame/gru_*_cuda_cluster'
    sanitizer_filter+=':*/DeviceBits.AgainIsTheSame/gru_*_cuda_grid'
    sanitizer_filter+=':*/DeviceBits.GradientsDoNotDependOnWhatElseIsAsked/gru_*_cuda'
  fi
  needed_programs=("$takt_program" "$tests_program" "$conformance_program")
}

# check_folder OPTION DIR: that a new folder can be there.
check_folder() {
  local above=$2
  if [[ -e $2 ]]; then
    [[ -d $2 && -w $2 ]] || misuse "$1 is '$2', which is no folder that can be written to"
    [[ -z $(ls -A "$2") ]] || misuse "$1 is '$2', which is not empty; it must be empty or not exist"
    return
  fi
  while [[ ! -e $above ]]; do above=$(dirname "$above"); done
  [[ -d $above && -w $above ]] || misuse "$1 is '$2'; '$above' is no folder that can be written to"
}

# check_programs DIR: that the programs are there.
check_programs() {
  local program
  [[ -d $1 ]] || misuse "--prebuilt is '$1', which is no folder"
  for program in "${needed_programs[@]}"; do
    [[ -f $1/$program && -x $1/$program ]] ||
      misuse "--prebuilt is '$1', which has no program $program"
  done
}

check_lists() {
  local list
  for list in "${shape_lists[@]}"; do
    [[ -r $root/bench/shapes/$list.txt ]] || give_up "there is no list bench/shapes/$list.txt"
  done
}

# The GPU's architecture as nvcc names it: 80, 90a.
architecture() {
  local capability first=${CUDA_VISIBLE_DEVICES-0}
  capability=$(nvidia-smi -i "${first%%,*}" --query-gpu=compute_cap --format=csv,noheader \
    2>/dev/null) || return 1
  [[ $capability =~ ^([0-9]+)\.([0-9])$ ]] || return 1
  [[ $capability == 9.0 ]] && echo 90a || echo "${BASH_REMATCH[1]}${BASH_REMATCH[2]}"
}

# Builds the programs; leaves in `bin` where they are.
build() {
  local architectures=${TAKT_CUDA_ARCHITECTURES-} found=90a
  if [[ $dry_run -eq 1 ]]; then
    "$root/run.sh" build default takt_emulated_programs || give_up "building failed"
    bin=$root/build/bin
    return
  fi
  if [[ -z $package ]]; then
    found=$(architecture) || give_up "there is no GPU on this machine that nvidia-smi knows" \
      "(CUDA_VISIBLE_DEVICES is ${CUDA_VISIBLE_DEVICES-not set})"
  fi
  "$root/run.sh" build gpu takt_gpu_programs \
    -DTAKT_CUDA_ARCHITECTURES="${architectures:-$found}" || give_up "building failed"
  bin=$root/build-gpu/bin
}

# What the programs' libraries may be beside: themselves, or CUDA.
extend_library_path() {
  local folder
  for folder in "$bin" "$bin/.." "$bin/../lib" "${CUDA_PATH:-/usr/local/cuda}"/lib64 \
    /usr/local/cuda/lib64 /usr/local/cuda/lib; do
    [[ -d $folder ]] && LD_LIBRARY_PATH+=${LD_LIBRARY_PATH:+:}$folder
  done
  export LD_LIBRARY_PATH
}

# Asks takt for the device; leaves what a record says of it.
find_device() {
  local said
  said=$(timeout -k 5 60 "$bin/$takt_program" explain --device cuda --json - 2>&1) ||
    give_up "there is no GPU that $takt_program can use: $(tail -n 1 <<<"$said")"
  device=$(sed -n '/^ "device": {/,/^ }/p' <<<"$said" |
    sed -e '1s/.*/{/' -e '$s/.*/}/' -e '2,$s/^/ /')
  commit=$(sed -n 's/^ "commit": "\(.*\)",$/\1/p' <<<"$said")
  capability=$(sed -n 's/^  "compute_capability": "\(.*\)",$/\1/p' <<<"$said")
  [[ -n $capability ]] || give_up "$takt_program explain --json says nothing of the device"
  emulated=false
  [[ $device != *'"name": "'*'(emulated)"'* ]] || emulated=true
  [[ $dry_run -eq 0 || $emulated == true ]] ||
    give_up "$takt_program does not run on an emulated device"
}

# All that is run: lines "WEIGHT|NAME|FUNCTION ARGUMENTS".
make_plan() {
  local list weight
  plan=("5|conformance|conformance_stage"
    "25|gpu-tests|tests_stage $gpu_filter"
    "8|memcheck|sanitizer_stage memcheck"
    "8|racecheck|sanitizer_stage racecheck"
    "4|language-model|language_model_stage"
    "10|microbench|microbench_stage")
  for list in "${shape_lists[@]}"; do
    case $list in
      gpu | dry-run) weight=14 ;;
      persistent) weight=18 ;;
      *) weight=2 ;;
    esac
    plan+=("$weight|bench-$list|bench_stage $list")
  done
  plan+=("4|other-tests|tests_stage $other_filter")
}

# How takt report gets this run, or why it would refuse it.
record_advice() {
  if [[ $emulated == true ]]; then
    echo "not to be recorded: the device is emulated"
  elif [[ -z $commit ]]; then
    echo "not to be recorded: it is unknown from which commit the programs were built"
  elif [[ $commit == *-dirty ]]; then
    echo "not to be recorded: the programs were built from $commit, which is no clean commit"
  else
    echo "to record: cp -r $(printf %q "$out") bench/results/NAME, then takt report"
  fi
}

# The last lines: one a stage, and what to do with them.
summary() {
  local name verdict ms detail line
  printf '\nwrote %s\n' "$out"
  for line in "${stages[@]}"; do
    IFS=$'\t' read -r name verdict ms detail <<<"$line"
    printf '%-8s %-14s %8s s  %s\n' "$verdict" "$name" "$(seconds_of "$ms")" "$detail"
  done
  record_advice
}

# 0 where no stage failed, and none was cut that must be seen whole: measurements and the tests that
# need no GPU go as far as there is time.
exit_code() {
  local name verdict rest line
  for line in "${stages[@]}"; do
    IFS=$'\t' read -r name verdict rest <<<"$line"
    case $verdict:$name in
      passed:* | skipped:* | cut:microbench | cut:bench-* | cut:other-tests) ;;
      *) return 1 ;;
    esac
  done
}

prepare_package() {
  check_folder --prepare "$package"
  bin=$prebuilt
  if [[ -n $prebuilt ]]; then
    check_programs "$prebuilt"
  else
    build
  fi
  prepare "$bin" "$package"
}

main() {
  date=$(date -u +%FT%TZ)
  seconds='' dry_run=0 prebuilt='' package=''
  out=$root/out/gpu-$(date -u +%F-%H%M%S)
  parse "$@"
  # What --prepare made has no sources.
  [[ -n $prebuilt || -e $root/CMakeLists.txt ]] || prebuilt=$root/bin
  choose_programs
  check_lists
  if [[ -n $package ]]; then
    prepare_package
    return
  fi
  check_folder --out "$out"
  # As nvidia-smi counts.
  export CUDA_DEVICE_ORDER=PCI_BUS_ID TAKT_REQUIRE_GPU=1
  if [[ -n $prebuilt ]]; then
    check_programs "$prebuilt"
    bin=$prebuilt
  else
    build
  fi
  extend_library_path
  find_device
  mkdir -p "$out/log" || misuse "--out is '$out', which cannot be made"
  work=$(mktemp -d)
  : >"$work/memcheck"
  : >"$work/racecheck"
  trap on_exit EXIT
  trap 'exit 129' HUP
  trap 'exit 130' INT
  trap 'exit 141' PIPE
  trap 'exit 143' TERM
  make_plan
  run_plan
  write_record true
  finished=1
  summary
  exit_code
}

main "$@"
