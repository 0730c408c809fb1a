#!/bin/bash
# Tests that schema/WIRE.md still draws the bytes that the schema gives.
#
# usage: wire_doc_test.sh WIRE.md GENERATED_TABLES
set -euo pipefail

readonly doc=$1 tables=$2
readonly marker='<!-- Generated from here on'

if ! grep -qF -- "$marker" "$doc"; then
  echo "FAIL: $doc has no line '$marker ...'" >&2
  exit 1
fi
if ! diff -u --label "$doc" --label "as generated" <(sed "1,/^$marker/d" "$doc") "$tables"; then
  echo "FAIL: $doc is stale. Remedy: bazel build //schema:wire_tables, then replace all behind its marker line" \
    "by bazel-bin/schema/wire_tables.md" >&2
  exit 1
fi
