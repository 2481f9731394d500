#!/bin/bash
# Every public header must compile alone and twice: check.sh COMPILER INCLUDE_DIR
set -euo pipefail
compiler=$1
include_dir=$2
flags=(-std=c++20 -fsyntax-only -Wall -Wextra -Wconversion -Wsign-conversion -Werror)

headers=$(cd "$include_dir" && find takt -name '*.hpp' | sort)
[[ -n $headers ]] || { echo "no headers under $include_dir/takt"; exit 1; }

failed=()
while read -r header; do
  printf '#include <%s>\n#include <%s>\n' "$header" "$header" |
    "$compiler" "${flags[@]}" -I"$include_dir" -x c++ - || failed+=("$header")
done <<<"$headers"

echo "$(wc -l <<<"$headers") headers with $compiler, ${#failed[@]} refused: ${failed[*]-}"
[[ ${#failed[@]} -eq 0 ]]
