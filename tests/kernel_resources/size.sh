#!/bin/sh
# size.sh MEBIBYTES OBJECT...: refuses objects that are larger together.
most=$1
shift
bytes=$(cat "$@" | wc -c)
echo "$# objects, $bytes bytes; at most $most MiB"
[ "$bytes" -gt 0 ] && [ "$bytes" -le $((most << 20)) ]
