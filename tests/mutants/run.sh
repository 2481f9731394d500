#!/bin/bash
# Applies the patches of this folder one by one: see --help.
set -euo pipefail
command -v python3 >/dev/null || { echo "mutants: python3 is needed (no modules)" >&2; exit 1; }
exec python3 -B "$(dirname "${BASH_SOURCE[0]}")/run.py" "$@"
