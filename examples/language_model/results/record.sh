#!/bin/bash
# Trains the recorded runs again, one after the other, from a clean commit of a branch that is kept,
# and leaves their records here and their table in the README: record.sh BUILD-FOLDER [BRANCH]
set -euo pipefail
[[ $# -eq 1 || $# -eq 2 ]] || { echo "usage: record.sh BUILD-FOLDER [BRANCH]" >&2 && exit 2; }
build=$(readlink -f "$1")
branch=${2-main}
cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")"
if [[ -n $(git status --porcelain) ]]; then
  echo "record.sh: the tree has changes that are not committed; a record names its commit" >&2
  exit 1
fi
commit=$(git rev-parse --short=12 HEAD)
if ! git merge-base --is-ancestor "$commit" "refs/heads/$branch"; then
  echo "record.sh: $commit is not in branch $branch; a commit that is rewritten before it lands" \
    "leaves a record that names nothing" >&2
  exit 1
fi
cmake --build "$build" --target language_model >&2
program=$build/bin/language_model
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

names=()
# run NAME OPTIONS...: one record.
run() {
  local name=$1
  shift
  "$program" train --out "$work/$name" --threads "${THREADS-0}" --sample 0 \
    --commit "$commit" "$@" >&2
  mv "$work/$name/run.json" "$work/$name.json"
  names+=("$name")
}

# The defaults, and a cell that without R knows one byte and no more.
for cell in gru rnn_tanh; do
  for seed in 1 2 3; do run "$cell-$seed" --cell "$cell" --seed "$seed"; done
  for seed in 1 2 3; do
    run "$cell-$seed-without-r" --cell "$cell" --seed "$seed" --without-recurrence
  done
done

# What was tried beside.
run rnn_tanh-no-dropout-without-r --cell rnn_tanh --dropout 0 --without-recurrence
run lstm --cell lstm
run lstm-without-r --cell lstm --without-recurrence
run gru-little-dropout --dropout 0.2
run gru-little-dropout-without-r --dropout 0.2 --without-recurrence
run gru-wide --hidden 192
run gru-two-layers --layers 2

rm -f -- *.json
cp "$work"/*.json .
cp "$work/gru-1/curve.svg" gru-1.svg
"$program" compare "${names[@]/%/.json}" >table.md
awk '/<!-- end of results\/table.md -->/ { inside = 0 }
  !inside
  /<!-- results\/table.md -->/ {
    inside = 1
    print ""
    while ((getline line < "table.md") > 0) print line
    print ""
  }' ../README.md >"$work/README.md"
cp "$work/README.md" ../README.md
