// The part of the control API that is for the node's operator: events, limits, metrics, access.
#include <limits>

#include "app/control_service.hpp"
#include "app/event_text.hpp"
#include "app/grpc_error.hpp"

namespace warren::app {
namespace {

// What the node answers at once, as tasks for the loop.
Task<std::vector<LimitUse>> limits_of(const Node& node) {
  co_return node.limits();
}

}  // namespace

// The feed is the queue: a reader that is slow blocks this thread only, and misses what the feed drops
// meanwhile.
grpc::Status ControlService::Events(grpc::ServerContext* context, const v1::EventsRequest* request,
                                    grpc::ServerWriter<v1::Event>* events) {
  std::uint64_t after = 0;
  // Without `follow`, new events must not keep the call going.
  std::size_t left = request->follow() ? std::numeric_limits<std::size_t>::max() : EventFeed::kKept;
  while (left > 0) {
    const auto batch = in_loop<std::vector<EventFeed::Numbered>>(
        *context, [&] { return events_.read(after, request->follow()); }, kNoCallLimit);
    if (!batch) return to_status(*context, batch.error());
    if (batch->empty()) break;
    const std::uint64_t dropped = batch->front().number - after - 1;
    // What was there before this reader came it has not missed.
    if (after > 0 && dropped > 0 && !events->Write(describe_gap(batch->front(), dropped)))
      return grpc::Status::CANCELLED;
    for (const EventFeed::Numbered& event : *batch) {
      if (!events->Write(describe_event(event))) return grpc::Status::CANCELLED;
      after = event.number;
    }
    left -= std::min(left, batch->size());
  }
  return grpc::Status::OK;
}

grpc::Status ControlService::ListLimits(grpc::ServerContext* context, const v1::ListLimitsRequest*,
                                        v1::Limits* reply) {
  const auto rows = in_loop<std::vector<LimitUse>>(*context, [&] { return limits_of(node_); }, kLookupLimit);
  if (!rows) return to_status(*context, rows.error());
  for (const LimitUse& row : *rows) {
    v1::Limit& to = *reply->add_limits();
    to.set_knob(std::string(row.knob));
    to.set_about(std::string(row.about));
    to.set_used(row.used);
    to.set_max(row.max);
    to.set_refused(row.refused);
  }
  return grpc::Status::OK;
}

}  // namespace warren::app
