#!/bin/bash
# What run.sh makes of programs that end in each way: check.sh FOLDER, which is emptied.
set -euo pipefail
here=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
folder=$1
rm -rf "$folder"
mkdir -p "$folder/tests"
for way in fine failed leaks crashed; do
  ln -s "$here/sample.sh" "$folder/$way"
  echo "$folder/$way * $way."
done >"$folder/tests/programs.txt"
echo "$folder/absent * absent." >>"$folder/tests/programs.txt"

expect() {
  diff <(sort) <(sort "$folder/tests/results.tsv")
}
status=0
"$here/run.sh" "$folder" >"$folder/said" || status=$?
[[ $status -eq 1 ]]
grep -q "said by what failed" "$folder/said"
expect <<RESULTS
passed	fine.Suite.A	
skipped	fine.Suite.B	for a reason
passed	failed.Suite.A	
failed	failed.Suite.B	
passed	leaks.Suite.A	
skipped	leaks.Suite.B	for a reason
failed	leaks.leaks, part 2	ended with 1
passed	crashed.Suite.A	
failed	crashed.Suite.B	not run to its end
failed	crashed.crashed, part 2	ended with 139
failed	absent.absent, part 1	ended with 127
failed	absent.absent, part 2	ended with 127
RESULTS

# What is fine alone is fine; nothing is not.
sed -i '/fine/!d' "$folder/tests/programs.txt"
"$here/run.sh" "$folder" >/dev/null
: >"$folder/tests/programs.txt"
! "$here/run.sh" "$folder" >/dev/null 2>&1
