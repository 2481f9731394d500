#!/bin/bash
# check.sh REPORT...: what ptxas reported of each kernel, as a table. Refuses a spill, a stack, and a
# report of no kernel.
set -euo pipefail
[[ $# -gt 0 ]] || { echo "no reports"; exit 1; }

demangled() { if command -v c++filt >/dev/null; then c++filt -p; else cat; fi; }

rows() {
  awk -v file="$1" '
    /^ptxas info .*: Compiling entry function / {
      split($0, quoted, "\047"); name = quoted[2]; kernel = name; architecture = quoted[4]
    }
    /^ptxas info .*: Function properties for / { name = $NF }
    / bytes stack frame, / {
      row = architecture " " name
      order[++count] = row; stack[row] = $1; stores[row] = $5; loads[row] = $9
    }
    /^ptxas info .*: Used [0-9]+ registers/ {
      row = architecture " " kernel
      for (k = 1; k < NF; ++k) if ($k == "Used") registers[row] = $(k + 1)
      for (k = 1; k < NF; ++k)
        if ($k == "bytes" && $(k + 1) == "cumulative" && $(k - 1) > stack[row] + 0)
          stack[row] = $(k - 1)
      ++kernels
    }
    END {
      for (k = 1; k <= count; ++k) {
        row = order[k]; used = (row in registers) ? registers[row] : "-"
        printf "%9s %12d %11d %6d %s\n", used, stores[row], loads[row], stack[row], row
      }
      if (!kernels) print "no kernel in " file
    }' "$1"
}

table=$(for report in "$@"; do rows "$report"; done | demangled)
echo "registers spill stores spill loads  stack kernel"
echo "$table"
bad=$(grep -E '^no kernel in ' <<<"$table" || true)
bad+=$(awk '/^ *[0-9-]/ && $2 + $3 + $4 > 0 { print "a spill or a stack: " $0 }' <<<"$table")
[[ -z $bad ]] || { printf '%s\n' "" "$bad"; exit 1; }
awk '$1 > most { most = $1 } $1 != "-" { ++count }
  END { print count " kernels, at most " most + 0 " registers, no spill and no stack" }' <<<"$table"
