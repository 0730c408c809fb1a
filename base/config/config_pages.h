// The pages for people that are made from the description of a configuration: an example file with
// a comment for every key, and a reference page.
//
// Both show every key once. Thread rule: pure functions.
#pragma once

#include <string>
#include <string_view>

#include "base/config/config_table.h"

namespace ringway {

// A configuration in TOML that shows every key with what it means. A key that has its default in
// the example is commented out. Of the tables [[key]] the first shows everything, the others what
// is different in them; where the example has none, one with the defaults is commented out. A text
// that was there before is not repeated. `head` comes first, as it is. Both tables describe the
// same struct.
std::string WriteExample(std::string_view head, const ConfigTable& defaults,
                         const ConfigTable& example);

// A page in Markdown with a table for each table of the configuration.
std::string WriteReference(std::string_view head, const ConfigTable& defaults);

}  // namespace ringway
