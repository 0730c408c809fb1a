#!/bin/bash
# Tests that the program knows every command that the documents name.
#
# usage: commands_test.sh RINGWAY DOCUMENT...
set -euo pipefail

readonly ringway=$1
shift
missing=0
mapfile -t verbs < <(grep -ohE '`ringway [a-z-]+' "$@" | cut -d' ' -f2 | sort -u)
for verb in "${verbs[@]}"; do
  if ! "$ringway" "$verb" --help | grep -qF "usage: ringway $verb"; then
    echo "FAIL: the documents name 'ringway $verb', which the program does not know" >&2
    missing=$((missing + 1))
  fi
done
[[ ${#verbs[@]} -ge 10 ]] || {
  echo "FAIL: only ${#verbs[@]} commands found in $*" >&2
  exit 1
}
[[ $missing -eq 0 ]]
