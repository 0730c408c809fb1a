# Writes the schema as an older or a newer peer would have it.
#
# Reads ringway.capnp and writes the same enums and structs under another file id (-v id=0x...), without
# annotations. With -v version=older each struct keeps the first half of its fields, by ordinal; with
# -v version=newer it has fields that ours does not know, in its holes and behind its end.

function end_of_struct(    kept, i) {
  kept = version == "older" ? int(count / 2) : count
  for (i = 0; i < kept; ++i) print field[i]
  if (version == "newer") {
    printf "  future0 @%d :UInt8;\n", count
    printf "  future1 @%d :UInt64;\n", count + 1
    printf "  future2 @%d :Int32;\n", count + 2
    printf "  future3 @%d :UInt64;\n", count + 3
  }
}

/^@0x/ { print "@" id ";"; next }
/^annotation / || /^using / || /^\$/ { next }
{ sub(/ *#.*/, ""); gsub(/ *\$[A-Za-z]+\([^)]*\)/, "") }
/^struct / { in_struct = 1; count = 0; print; next }
in_struct && /^}/ { end_of_struct(); in_struct = 0 }
in_struct && match($0, /@[0-9]+ :/) { field[substr($0, RSTART + 1, RLENGTH - 3) + 0] = $0; ++count; next }
{ print }
