#!/bin/bash
# Gate kernels of several units a thread move 16 bytes at a time: wide.sh PTX UNITS. Lengths (4 bytes)
# and resets (1 byte) are read by row.
set -euo pipefail
ptx=$1 units=$2

awk -v mark="Li${units}E" '
  /\.entry/ { name = index($0, mark) && $0 ~ /step_(forward|backward)_kernel/ ? $3 : "" }
  name && /[ \t](ld|st)\.global/ {
    match($0, /(ld|st)\.global[a-z0-9_.:]*/)
    operation = substr($0, RSTART, RLENGTH)
    if (operation ~ /\.v4\.[a-z]32$|\.v2\.[a-z]64$/) ++wide[name]
    else if (operation !~ /^ld\..*(\.s32|\.u8)$/) { ++narrow; print "narrow: " operation " in " name }
  }
  name { seen[name] }
  END {
    for (name in seen) { ++kernels; if (!wide[name]) { ++narrow; print "none wide: " name } }
    print kernels + 0 " kernels of " substr(mark, 3, length(mark) - 3) " units, " \
          narrow + 0 " accesses below 16 bytes"
    exit kernels == 0 || narrow > 0
  }' "$ptx" | { command -v c++filt >/dev/null && c++filt || cat; }
