// Writes the heads of both pages; base/config/config_pages.h writes the rest.
#include "gateway/config/gateway_pages.h"

#include "base/check.h"
#include "base/config/config_pages.h"
#include "base/config/config_table.h"
#include "gateway/config/config.h"
#include "gateway/connector/fix/fix_dialect.h"
#include "schema/messages.h"

namespace ringway {
namespace {

constexpr std::string_view kExampleHead =
    R"(# An example configuration of ringway-gateway: every key, what it means, its unit and its default.
#
# Copy it to /etc/ringway/gateway.toml and check it with `ringway-gateway --check-config /etc/ringway/gateway.toml`, which
# prints the effective configuration or every error with its line. Nothing starts with a file that has an error. A key
# that is commented out shows its default. [1 to 64] at the end of a comment is what a key may be.
#
# How values are written:
#   price, money   a decimal number with at most 9 decimal places, exact: 0.01 or "0.01"
#   duration       a number and its unit, in quotes: "250us", "20ms", "3s" (ns, us, ms, s, min, h)
#   size           a number and its unit, in quotes: "256KiB" (B, KiB, MiB, GiB)
#   limit          a whole number; "off", where it may be that, turns it off
#
# Written by `bazel run //gateway/config:write_pages` from the keys in gateway/config/config_fields.h. Change them there.

)";

constexpr std::string_view kReferenceHead =
    R"(# Configuration

Every key of a gateway's configuration, a file in TOML. deploy/gateway.toml is an example to start from;
`ringway-gateway --check-config FILE` prints the effective configuration or every error with its line. A key that is not in
the file has its default. [[name]] is a table of which there can be several. `ringway-exchange --config` reads the
[[instrument]] tables of the same file.

| type | how it is written |
|---|---|
| any number | `"off"`, where the range names it, turns off what the key limits or times |
| decimal number | at most 9 decimal places, exact: `0.01` or `"0.01"` |
| duration | a number and its unit, in quotes: `"250us"`, `"20ms"`, `"3s"` (ns, us, ms, s, min, h) |
| size | a number and its unit, in quotes: `"256KiB"` (B, KiB, MiB, GiB) |
| whole number | `100` or `100_000` |

This page is written by `bazel run //gateway/config:write_pages` from the keys in gateway/config/config_fields.h.

## Links and files
)";

constexpr std::string_view kDialectHead =
    R"(# Dialects of FIX

How a venue speaks FIX is in a file of its own, in TOML, that `dialect_file` of a [[venue]] with connector = "fix" names
(docs/configuration.md). deploy/dialects has some to start from; they are installed in /etc/ringway/dialects.
`ringway-gateway --check-config FILE` checks the dialects of its venues too and prints every error with its line.

What an order asks for and the dialect has no word for is refused here (unsupportedOrderCharacteristic), never left out.

This page is written by `bazel run //gateway/config:write_pages` from the keys in gateway/connector/fix/fix_dialect.h.

## An example
In the gateway's configuration:

```toml
[[venue]]
id = 1
name = "the venue"
connector = "fix"
instructions = ["expire-date", "replace-display"]
[venue.fix]
dialect_file = "/etc/ringway/dialects/the-venue.toml"
sender_comp_id = "GATE"
target_comp_id = "VENUE"
id_prefix = "R-"
accounts_named = true
[[venue.fix.account]]
account = 1
name = "ACC-1"
[venue.stream]
addresses = ["fix.example:5001"]
```

And /etc/ringway/dialects/the-venue.toml:

```toml
version = "4.4"
id_format = "base36"
price_decimals = 2
capacity_tag = 528
profile_trader_tag = 9701

[[static]]              # orders and replaces carry 207=XVEN
messages = "DG"
tag = 207
value = "XVEN"

[[time_in_force]]       # others are refused
name = "day"
code = "0"
[[time_in_force]]
name = "goodTillDate"
code = "6"

[[reason]]
code = "99"
text = "halted"
reason = "exchangeClosed"
```

## What is written
Behind the header, in this order. What is in brackets depends on the order, the dialect or [venue.fix].

| message | fields |
|---|---|
| NewOrderSingle (D) | 11 [static] [account] [account_field] 55 [48 22] 54 [profile] [114, locate] 38 40 [44] [99] 59 [432 or 126] [display] [18] [capacity] 60 |
| OrderCancelRequest (F) | 41 11 [37] [static] [account] [account_field] 55 [48 22] 54 [profile] 38 60 |
| OrderCancelReplaceRequest (G) | 41 11 [37], then as D from [static] on |
| OrderStatusRequest (H) | 11 [37] [790, not in 4.2] [static] [account] [account_field] 55 [48 22] 54 |

## What is read
Other fields and repeating groups are passed over.

| message | fields |
|---|---|
| ExecutionReport (8) | 11 14 17 19 20 31 32 37 38 39 41 44 54 55 58 60 103 150 151 790 851 and the account |
| OrderCancelReject (9) | 11 37 39 41 58 60 102 434 |
| BusinessMessageReject (j) | 45 58 60 372 379 380 |
| Reject (3) | 45 58 60 372 373 |
)";

template <class E>
std::string NamesOf(uint32_t first) {
  std::string names;
  for (uint32_t value = first; value != 256 && IsKnown(static_cast<E>(value)); ++value) {
    names += (names.empty() ? "`" : ", `") + std::string(Name(static_cast<E>(value))) + "`";
  }
  return names;
}

// The names that keys of a dialect take.
std::string DialectNames() {
  return "\n## Names\n\n| of | names |\n|---|---|\n| [[time_in_force]] | " +
         NamesOf<TimeInForce>(0) + " |\n| [[order_type]] | " + NamesOf<OrdType>(1) +
         " |\n| [[capacity]] | " + NamesOf<Capacity>(0) + " |\n| [[reason]] | " +
         NamesOf<RejectReason>(1) + " |\n| [[reason]] with tag 102 | " +
         NamesOf<CancelRejectReason>(1) + " |\n\n## Keys\n";
}

constexpr std::string_view kExampleValues = R"(
listen = ["shm:/run/ringway/gateway.sock"]

[journal]
directory = "/var/lib/ringway/journal"
memory_directory = "/run/ringway"

[routing]
default_venue = 1

[[route]]
instrument = 2
venue = 1

[[instrument]]
id = 1
symbol = "AAPL"
price_max = 10000
reference_price = 585.30
[[instrument]]
id = 2
symbol = "MSFT"
price_max = 10000
reference_price = 30.95

[[desk]]
id = 1
name = "equities"
limits = {gross_notional_max = 80_000_000}

[[account]]
id = 1
name = "market making"
desk = 1
short_sale = true
[account.limits]
quantity_max = 10_000
notional_max = 5_000_000
position_max = 100_000
gross_notional_max = 50_000_000
[[account]]
id = 2
name = "execution"
limits = {notional_max = 2_000_000}

[[instrument_limit]]
instrument = 1
account = 2
quantity_max = 5_000

[[profile]]
id = 1
name = "market making"
algo = "mm"

[[session]]
id = 1
name = "mm-1"
key_file = "/etc/ringway/keys/mm-1.key"
accounts = [1]
cancel_on_disconnect = "link-loss"
limits = {messages_per_second = 50_000, message_burst = 5_000}
[[session]]
id = 2
name = "exec-1"
key_file = "/etc/ringway/keys/exec-1.key"
accounts = [2]
instruments = [1]
venues = [1]

[[venue]]
id = 1
name = "simulated"
connector = "exchange"
exchange = {self_trade = "cancel-resting"}
)";

}  // namespace

std::string_view ExampleValues() noexcept { return kExampleValues; }

std::string ExamplePage() {
  const LoadedConfig example = LoadConfig(kExampleValues);
  RINGWAY_CHECK(example.ok(), "the example's values are a configuration");
  return WriteExample(kExampleHead, DescribeGateway({}), DescribeGateway(example.config));
}

std::string ReferencePage() { return WriteReference(kReferenceHead, DescribeGateway({})); }

std::string DialectPage() {
  FixDialect dialect;
  return WriteReference(std::string(kDialectHead) + DialectNames(), DescribeConfig(dialect));
}

}  // namespace ringway
