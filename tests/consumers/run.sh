#!/bin/bash
# One step of the consumer tests: run.sh STEP, in a folder that the steps share, with
# TAKT_SOURCE, TAKT_BUILD, CXX, GENERATOR and LEVEL (of the CPU path) in the environment.
set -euo pipefail
step=$1
work=$PWD
prefix=$work/prefix
jobs=$(nproc)
unset LD_LIBRARY_PATH DESTDIR
fail() { echo "$*"; exit 1; }

# A project of its own, configured and built from nothing: build NAME FOLDER OPTIONS...
build() {
  local name=$1 folder=$2
  shift 2
  rm -rf "${work:?}/$name"
  cmake -S "$TAKT_SOURCE/tests/consumers/$folder" -B "$work/$name" -G "$GENERATOR" \
    -DCMAKE_CXX_COMPILER="$CXX" "$@"
  cmake --build "$work/$name" --parallel "$jobs"
}

loads() { ldd "$1" | grep -F libtakt.so || true; }

must_load() {
  [[ $(loads "$1") == *"=> $2/"* ]] || fail "$1 does not load libtakt from $2: $(loads "$1")"
}

must_not_load() { [[ -z $(loads "$1") ]] || fail "$1 loads a shared takt: $(loads "$1")"; }

case $step in
  install)
    rm -rf "$prefix" "$work/first"
    cmake --install "$TAKT_BUILD" --prefix "$work/first"
    # Moved after the fact: nothing in it may know where it was installed or built.
    mv "$work/first" "$prefix"
    if grep -rIlF -e "$TAKT_BUILD/" -e "$TAKT_SOURCE/" -e "$work/first" "$prefix"; then
      fail "the files above name a folder of this build"
    fi
    ;;
  tool)
    must_load "$prefix/bin/takt" "$prefix"
    "$prefix/bin/takt" info
    ;;
  find_package)
    build find_package find_package -DCMAKE_PREFIX_PATH="$prefix"
    must_load find_package/consumer "$prefix"
    find_package/consumer
    ;;
  find_package_static)
    build find_package_static find_package -DCMAKE_PREFIX_PATH="$prefix" -DSTATIC_TAKT=ON
    must_not_load find_package_static/consumer
    find_package_static/consumer
    shown=$(nm -DC --defined-only find_package_static/libplugin.so | awk '$3 ~ /^takt::/')
    [[ -z $shown ]] || fail "a plugin with a static takt shows: $shown"
    ;;
  pkg_config)
    PKG_CONFIG_PATH=$(dirname "$(find "$prefix" -name takt.pc)")
    export PKG_CONFIG_PATH
    build pkg_config pkg_config
    must_load pkg_config/consumer "$prefix"
    pkg_config/consumer
    ;;
  pkg_config_static)
    PKG_CONFIG_PATH=$(dirname "$(find "$prefix" -name takt.pc)")
    export PKG_CONFIG_PATH
    build pkg_config_static pkg_config -DSTATIC_TAKT=ON
    must_not_load pkg_config_static/consumer
    pkg_config_static/consumer
    ;;
  add_subdirectory)
    build add_subdirectory add_subdirectory -DTAKT_FOLDER="$TAKT_SOURCE" -DTAKT_CPU_LEVELS="$LEVEL"
    must_load add_subdirectory/consumer "$work/add_subdirectory"
    must_not_load add_subdirectory/consumer_static
    add_subdirectory/consumer
    add_subdirectory/consumer_static
    cmake --install add_subdirectory --prefix "$work/nothing"
    [[ ! -e $work/nothing ]] || fail "takt installs itself with a project that did not ask for it"
    ;;
  language_model)
    rm -rf language_model
    cmake -S "$TAKT_SOURCE/examples/language_model" -B language_model -G "$GENERATOR" \
      -DCMAKE_CXX_COMPILER="$CXX" -DCMAKE_PREFIX_PATH="$prefix" -DCMAKE_BUILD_TYPE=Debug
    cmake --build language_model --parallel "$jobs"
    must_load language_model/language_model "$prefix"
    language_model/language_model train "$TAKT_SOURCE/LICENSE" --out language_model/run --hidden 16 \
      --steps 50 --every 25
    ;;
  fetch_content)
    rm -rf fetch_content
    cmake -S "$TAKT_SOURCE/tests/consumers/add_subdirectory" -B fetch_content -G "$GENERATOR" \
      -DCMAKE_CXX_COMPILER="$CXX" -DTAKT_FOLDER="$TAKT_SOURCE" -DFETCH=ON
    ;;
  *) fail "no step '$step'" ;;
esac
