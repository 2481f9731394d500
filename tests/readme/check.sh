#!/bin/bash
# Compiles the first program of README.md as it stands there and compares what it prints with what
# the README says: the last number to 1e-5, everything else word for word but the device.
# usage: check.sh COMPILER SOURCE_DIR LIBRARY
set -euo pipefail
compiler=$1 source=$2 library=$3
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

block() {  # the first block of this language
  awk -v fence="\`\`\`$1" '$0 == fence && !done {inside = 1; next}
                           inside && $0 == "```" {inside = 0; done = 1}
                           inside' "$source/README.md"
}
block cpp >"$folder/first.cpp"
block text >"$folder/expected"
[[ -s $folder/first.cpp && -s $folder/expected ]] || { echo "README.md has no program"; exit 1; }

"$compiler" -std=c++20 -Wall -Wextra -Wconversion -Wsign-conversion -Werror -I"$source/include" \
  "$folder/first.cpp" "$library" -Wl,-rpath,"$(dirname "$library")" -o "$folder/first"
CUDA_VISIBLE_DEVICES= "$folder/first" >"$folder/printed"  # what it says of the CPU

awk 'function plain(line) {
       sub(/^device .*/, "device", line)
       sub(/scratch [0-9.]+ MiB/, "scratch", line)  # depends on the width of vectors
       return line
     }
     NR == FNR {expected[FNR] = $0; lines = FNR; next}
     /^y\[999\]/ {
       split(expected[FNR], e, " = "); split($0, p, " = ")
       if (e[1] != p[1] || p[2] - e[2] > 1e-5 || e[2] - p[2] > 1e-5) {print "differs: " $0; bad = 1}
       numbers++; next
     }
     plain($0) != plain(expected[FNR]) {print "differs: " $0 "\nREADME:  " expected[FNR]; bad = 1}
     END {
       if (FNR != lines) {print "README has " lines " lines, the program prints " FNR; bad = 1}
       if (numbers != 1) {print "no number was compared"; bad = 1}
       exit bad
     }' "$folder/expected" "$folder/printed"
echo "the README's program prints what the README says"
