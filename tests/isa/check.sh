#!/bin/bash
# The linker keeps one copy of a function that several objects define. A function of another
# namespace in the object of an instruction-set level could so become everybody's, with
# instructions that not every machine has: check.sh LEVEL OBJECT... refuses it.
set -euo pipefail
level=$1
shift

# Text symbols that other objects can see: T strong, W weak, u unique, i indirect.
symbols=$(nm -C --defined-only "$@" | sed -nE 's/^[0-9a-f]+ ([TWui]) (.*)$/\2/p')
own=$(grep -F "takt::cpu::$level::" <<<"$symbols" || true)
foreign=$(grep -vF "takt::cpu::$level::" <<<"$symbols" || true)

[[ -n $own ]] || { echo "no function of takt::cpu::$level in: $*"; exit 1; }
if [[ -n $foreign ]]; then
  while read -r symbol; do echo "not in takt::cpu::$level: $symbol"; done <<<"$foreign"
  exit 1
fi
echo "$(wc -l <<<"$own") functions, all of takt::cpu::$level"
