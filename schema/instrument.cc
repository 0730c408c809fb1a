// Checks instruments against each other, and the values of each.
#include "schema/instrument.h"

#include <cstddef>
#include <map>
#include <string_view>

#include "base/config/config_value.h"

namespace ringway {
namespace {

class Checker {
 public:
  Checker(const std::vector<InstrumentConfig>& instruments, ConfigFindings& findings)
      : instruments_(instruments), findings_(findings) {}

  void Run() {
    if (instruments_.empty()) {
      findings_.AddAt("instrument", "there is none", "add at least one [[instrument]]");
    }
    for (std::size_t i = 0; i < instruments_.size(); ++i) Check(i);
  }

 private:
  static std::string At(std::size_t index) { return "instrument[" + std::to_string(index) + "]"; }

  void Check(std::size_t index) {
    const InstrumentConfig& i = instruments_[index];
    const std::string at = At(index) + ".";
    // An id of 0, or no symbol, is missing or wrong: reported already.
    if (const auto [first, is_new] = ids_.emplace(i.id, index); !is_new && i.id != 0) {
      findings_.AddAt(at + "id",
                      "number " + std::to_string(i.id) + " is taken by " + At(first->second),
                      "give every instrument its own");
    }
    if (const auto [first, is_new] = symbols_.emplace(i.symbol, index);
        !is_new && !i.symbol.empty()) {
      findings_.AddAt(at + "symbol", "\"" + i.symbol + "\" is taken by " + At(first->second),
                      "give every instrument its own");
    }
    OnTick(i, at + "price_max", i.price_max);
    if (i.price_min != InstrumentConfig{}.price_min) OnTick(i, at + "price_min", i.price_min);
    if (i.price_min > i.price_max) {
      findings_.AddAt(at + "price_min", "it is above price_max, " + FormatPrice(i.price_max),
                      "no price would be left");
    }
    if (i.quantity_max % i.lot != 0) {
      findings_.AddAt(
          at + "quantity_max",
          std::to_string(i.quantity_max) + " is not a multiple of the lot " + std::to_string(i.lot),
          i.quantity_max < i.lot
              ? "write at least one lot"
              : "write " + std::to_string(i.quantity_max - i.quantity_max % i.lot));
    }
    if (i.reference_price != 0 &&
        (i.reference_price < i.price_min || i.reference_price > i.price_max)) {
      findings_.AddAt(at + "reference_price", "it is not between price_min and price_max",
                      "correct one of them");
    }
  }

  void OnTick(const InstrumentConfig& i, const std::string& key, int64_t price) {
    if (price % i.tick == 0) return;
    findings_.AddAt(key,
                    FormatPrice(price) + " is not a multiple of the tick " + FormatPrice(i.tick),
                    "write " + FormatPrice(price - price % i.tick));
  }

  const std::vector<InstrumentConfig>& instruments_;
  ConfigFindings& findings_;
  std::map<uint32_t, std::size_t> ids_;
  std::map<std::string, std::size_t> symbols_;
};

}  // namespace

void CheckInstruments(const std::vector<InstrumentConfig>& instruments, ConfigFindings& findings) {
  Checker(instruments, findings).Run();
}

}  // namespace ringway
