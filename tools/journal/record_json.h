// Prints a record of the journal as one JSON object on one line, with every field named:
//
//   {"sequence":3,"type":"step","start":1,"timeNs":..,"position":368,"durable":128,
//    "origin":"session","id":7,"venueCursor":0,"input":{"type":"NewOrder",..},
//    "effects":[{"target":"session","id":7,"seq":1,"message":{"type":"OrderAck",..}},..]}
//
// A message that the schema cannot decode is {"frameType":N,"why":"badRoot","hex":"..."}.
// Thread rule: pure function.
#pragma once

#include <string>

#include "gateway/journal/record.h"

namespace ringway {

// Appends the object and a newline. False if the body does not match the record's type: then the
// object has "damaged":true and the body as "hex".
bool AppendRecordJson(const JournalRecord& record, std::string& out);

}  // namespace ringway
