#!/bin/bash
# Tests that the client in README.md is the one that the build compiles.
#
# README.md holds it in a fenced block, alone between two comment lines:
#   <!-- ten-lines -->
#   ```cpp
#   ...
#   ```
#   <!-- /ten-lines -->
#
# usage: readme_snippet_test.sh README.md ten_lines.cc
set -euo pipefail

readme=$(sed -n '/<!-- ten-lines -->/,/<!-- \/ten-lines -->/p' "$1" | grep -v -e '^<!--' -e '^```')
code=$(sed -n '/^\/\/ \[ten-lines\]$/,/^\/\/ \[\/ten-lines\]$/p' "$2" | grep -v '^// \[')
if [[ -z "$code" || "$readme" != "$code" ]]; then
  echo "the client in $1 is not the one in $2:" >&2
  diff <(echo "$readme") <(echo "$code") >&2
  exit 1
fi
