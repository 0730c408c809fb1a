// Implements journal_contents.h: turns records into orders.
#include "tests/softroce/disk/journal_contents.h"

#include <memory>
#include <set>
#include <span>

#include "gateway/journal/file_source.h"
#include "gateway/journal/record.h"
#include "schema/codec.h"
#include "schema/messages.h"

namespace ringway::disk {
namespace {

class Collector {
 public:
  Collector(JournalContents& contents, uint32_t session) : contents_(contents), session_(session) {}

  void Take(const JournalRecord& record) {
    if (contents_.records++ == 0) contents_.first_ns = record.header.time_ns;
    if (record.header.time_ns < contents_.last_ns) ++contents_.steps_back;
    contents_.last_ns = record.header.time_ns;
    contents_.starts += record.header.type == RecordType::kGatewayStart;
    JournaledStep step;
    if (record.header.type != RecordType::kStep) return;
    if (!ReadStep(record.body, step)) {
      contents_.status = absl::DataLossError("a step's record that holds no step");
      return;
    }
    NewOrder order;
    if (IsRequest(step.input.origin) && step.input.id == session_ &&
        step.input.type == FrameType::kNewOrder &&
        Decode(step.input.payload, order) == DecodeStatus::kOk) {
      const bool fresh =
          contents_.orders.emplace(order.cl_ord_id, JournaledOrder{order.price, order.qty, 0})
              .second;
      contents_.orders_twice += !fresh;
    }
    std::span<const std::byte> rest = step.effects;
    for (EffectView effect; NextEffect(rest, effect);) {
      if (effect.target == Target::kSession && effect.id == session_) TakeReport(effect);
    }
  }

 private:
  void TakeReport(const EffectView& effect) {
    OrderAck ack;
    ExecutionReport report;
    if (effect.type == FrameType::kOrderAck && Decode(effect.payload, ack) == DecodeStatus::kOk &&
        ack.request_type == RequestType::kNewOrder) {
      contents_.orders[ack.cl_ord_id].order_id = ack.order_id;
      contents_.order_ids_twice += !order_ids_.insert(ack.order_id).second;
    } else if (effect.type == FrameType::kExecutionReport &&
               Decode(effect.payload, report) == DecodeStatus::kOk && report.exec_id != 0) {
      contents_.executions_twice += !executions_.insert(report.exec_id).second;
    }
  }

  JournalContents& contents_;
  const uint32_t session_;
  std::set<uint64_t> order_ids_;
  std::set<uint64_t> executions_;
};

}  // namespace

JournalContents ReadJournal(const std::string& directory, uint32_t session) {
  JournalContents contents;
  const auto source = FileSource::Open(directory, "/dev/shm");
  contents.status = source.status();
  if (!source.ok()) return contents;
  JournalReader reader(**source);
  contents.status = reader.Open();
  Collector collector(contents, session);
  JournalRecord record;
  while (contents.status.ok()) {
    switch (reader.Next(record)) {
      case JournalReader::Result::kRecord:
        collector.Take(record);
        break;
      case JournalReader::Result::kFailed:
        contents.status = reader.status();
        break;
      case JournalReader::Result::kEnd:
        contents.tear = reader.end().tear;
        return contents;
    }
  }
  return contents;
}

}  // namespace ringway::disk
