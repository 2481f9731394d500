#!/bin/bash
# Speaks as a program of two googletest tests does that ends as its name says: fine, failed, leaks
# (seen in the end), crashed (in the second test).
way=$(basename "$0")
if [[ $* == *--gtest_list_tests* ]]; then
  printf 'Suite.\n  A\n  B\n'
  exit 0
fi
if [[ $GTEST_SHARD_INDEX == 0 ]]; then
  echo "[ RUN      ] Suite.A"
  echo -n "said without an end of line"
  echo "[       OK ] Suite.A (1 ms)"
else
  echo "[ RUN      ] Suite.B"
  [[ $way != crashed ]] || exit 139
  if [[ $way == failed ]]; then
    echo "said by what failed"
    echo "[  FAILED  ] Suite.B (2 ms)"
  else
    echo "here: Skipped"
    echo "for a reason"
    echo "[  SKIPPED ] Suite.B (2 ms)"
  fi
fi
echo "[==========] 1 test from 1 test suite ran. (1 ms total)"
[[ $way == fine || $GTEST_SHARD_INDEX == 0 ]]
