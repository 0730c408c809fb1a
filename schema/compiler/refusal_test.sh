#!/bin/bash
# Tests that the compiler plugin refuses, with a reason, every schema that would break the flat layout.
#
# usage: refusal_test.sh CAPNP PLUGIN

# A dollar sign in single quotes begins a Cap'n Proto annotation.
# shellcheck disable=SC2016
set -euo pipefail

readonly capnp=$1 plugin=$2
readonly work=${TEST_TMPDIR:?}
failed=0

# Compiles a schema with the body $1; the plugin's messages land in $work/errors.
compile() {
  cat >"$work/bad.capnp" <<HEADER
@0xd1c5a5f0b7e24a62;
annotation frame @0xe3c1d9a0c4b8f713 (struct) :UInt8;
annotation enumType @0xa9d37f1c5be20845 (field) :Text;
annotation fix @0xc0f4e8b6a1d35973 (enumerant) :UInt16;
enum Side { unset @0; buy @1; }
$1
HEADER
  "$capnp" compile --no-standard-import -o- "$work/bad.capnp" >"$work/request" || return 2
  "$plugin" cpp <"$work/request" >"$work/out.h" 2>"$work/errors"
}

# refuses WHY PART_OF_THE_MESSAGE SCHEMA
refuses() {
  local status=0
  compile "$3" || status=$?
  if [[ $status -ne 1 ]] || ! grep -qF -- "$2" "$work/errors" || [[ -s $work/out.h ]]; then
    echo "FAIL: $1: status $status, expected 1 and '$2', got:" >&2
    cat "$work/errors" >&2
    failed=1
  fi
}

many_fields() {
  local i
  for ((i = 0; i < $1; ++i)); do echo "f$i @$i :UInt64;"; done
}

many_enumerants() {
  local i
  for ((i = 0; i < $1; ++i)); do echo "e$i @$i;"; done
}

if ! compile 'struct M $frame(1) { a @0 :UInt64; b @1 :UInt8 $enumType("Side"); }'; then
  echo "FAIL: a good schema is refused:" >&2
  cat "$work/errors" >&2
  failed=1
fi
compile "struct M \$frame(1) { $(many_fields 13) }" || { echo "FAIL: 13 words are refused" >&2 && failed=1; }
compile "enum E { $(many_enumerants 256) }" || { echo "FAIL: 256 enumerants are refused" >&2 && failed=1; }

refuses "text" "M: pointer fields are not allowed" 'struct M $frame(1) { a @0 :Text; }'
refuses "list" "M: pointer fields are not allowed" 'struct M $frame(1) { a @0 :List(UInt8); }'
refuses "struct field" "M: pointer fields are not allowed" \
  'struct N $frame(2) { a @0 :UInt8; } struct M $frame(1) { a @0 :N; }'
refuses "bool" "M.a: only fields of type" 'struct M $frame(1) { a @0 :Bool; }'
refuses "float" "M.a: only fields of type" 'struct M $frame(1) { a @0 :Float64; }'
refuses "void" "M.a: only fields of type" 'struct M $frame(1) { a @0 :Void; b @1 :UInt8; }'
refuses "16-bit enum" "M.a: an enum takes 16 bits" 'struct M $frame(1) { a @0 :Side; }'
refuses "union" "M: unions are not allowed" 'struct M $frame(1) { union { a @0 :UInt8; b @1 :UInt8; } }'
refuses "group" "M.g: groups are not allowed" 'struct M $frame(1) { g :group { a @0 :UInt8; } }'
refuses "default" "M.a: defaults other than zero" 'struct M $frame(1) { a @0 :Int32 = -5; }'
refuses "no frame" "M: has no \$frame" 'struct M { a @0 :UInt8; }'
refuses "frame 0" "M: \$frame(0) is outside 1..239" 'struct M $frame(0) { a @0 :UInt8; }'
refuses "transport's frame" "M: \$frame(240) is outside" 'struct M $frame(240) { a @0 :UInt8; }'
refuses "same frame" "N: has the same \$frame(7) as M" \
  'struct M $frame(7) { a @0 :UInt8; } struct N $frame(7) { a @0 :UInt8; }'
refuses "unknown enum" "M.a: \$enumType(\"Sied\") names no enum" 'struct M $frame(1) { a @0 :UInt8 $enumType("Sied"); }'
refuses "wide enum field" "M.a: \$enumType stands on a UInt8" \
  'struct M $frame(1) { a @0 :UInt16 $enumType("Side"); }'
refuses "nothing in it" "M: a message needs at least one field" 'struct M $frame(1) {}'
refuses "nested" "M: nested declarations" 'struct M $frame(1) { a @0 :UInt8; enum E { x @0; } }'
refuses "constant" "c: only enums, structs and annotations" 'const c :UInt8 = 1;'
refuses "reserved FIX value" "E.x: \$fix(65535)" 'enum E { x @0 $fix(65535); }'
refuses "14 words" "M: has 14 data words; 13 fill two granules" "struct M \$frame(1) { $(many_fields 14) }"
refuses "257 enumerants" "E: more than 256" "enum E { $(many_enumerants 257) }"

if "$plugin" nonsense </dev/null 2>/dev/null || "$plugin" cpp </dev/null 2>/dev/null; then
  echo "FAIL: nonsense on the command line or on the input is taken" >&2
  failed=1
fi
exit $failed
