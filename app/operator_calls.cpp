// The part of the control API that is for the node's operator: events, limits, metrics, access.
#include <algorithm>
#include <limits>

#include "app/access_file.hpp"
#include "app/control_service.hpp"
#include "app/event_text.hpp"
#include "app/grpc_error.hpp"

namespace warren::app {
namespace {

struct AccessChange {
  bool changed = false;
  std::size_t closed = 0;                  // connections
  std::vector<AccessList::Entry> entries;  // the whole list after it
};

Task<AccessChange> change_access(Node* node, AccessSubject subject, Access access, bool remove) {
  const auto entries = node->access_entries();
  const auto entry = std::ranges::find(entries, subject, &AccessList::Entry::subject);
  const bool listed_so = entry != entries.end() && entry->access == access;
  if (listed_so != remove) co_return AccessChange{};
  const std::size_t before = node->peers().size();
  co_await node->set_access(std::move(subject), remove ? Access::kNormal : access);
  const std::size_t after = node->peers().size();
  co_return AccessChange{true, before - std::min(before, after), node->access_entries()};
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
    auto batch = calls_.in_loop<std::vector<EventFeed::Numbered>>(
        *context, [&] { return events_.read(after, request->follow()); }, kNoCallLimit);
    if (!batch) return to_status(*context, batch.error());
    if (batch->empty()) break;
    if (batch->size() > left) batch->resize(left);
    const std::uint64_t dropped = batch->front().number - after - 1;
    // What was there before this reader came it has not missed.
    if (after > 0 && dropped > 0 && !events->Write(describe_gap(batch->front(), dropped)))
      return grpc::Status::CANCELLED;
    for (const EventFeed::Numbered& event : *batch) {
      if (!events->Write(describe_event(event))) return grpc::Status::CANCELLED;
      after = event.number;
    }
    left -= batch->size();
  }
  return grpc::Status::OK;
}

grpc::Status ControlService::ListLimits(grpc::ServerContext* context, const v1::ListLimitsRequest*,
                                        v1::Limits* reply) {
  const auto rows = calls_.ask(*context, [&] { return node_.limits(); });
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

grpc::Status ControlService::GetMetrics(grpc::ServerContext* context, const v1::GetMetricsRequest*,
                                        v1::Metrics* reply) {
  auto text = calls_.in_loop<std::string>(*context, [&] { return metrics_.text(); }, kOwnLimit);
  if (!text) return to_status(*context, text.error());
  reply->set_text(std::move(*text));
  return grpc::Status::OK;
}

grpc::Status ControlService::SetAccess(grpc::ServerContext* context, const v1::SetAccessRequest* request,
                                       v1::SetAccessReply* reply) {
  const auto subject = parse_access_subject(request->subject());
  if (!subject) {
    const std::string sentence = "\"" + request->subject() + "\" is no NodeID, PeerID, IP address or subnet";
    return to_status(*context, CallError{make_error_code(Errc::kBadEncoding), sentence});
  }
  if (request->access() != v1::ACCESS_ALLOWED && request->access() != v1::ACCESS_DENIED) {
    return {grpc::StatusCode::INVALID_ARGUMENT, "`access` is neither allowed nor denied"};
  }
  const Access access = request->access() == v1::ACCESS_ALLOWED ? Access::kAllowed : Access::kDenied;
  const std::lock_guard lock(changing_access_);
  const auto change = calls_.in_loop<AccessChange>(
      *context, [&] { return change_access(&node_, *subject, access, request->remove()); }, kOwnLimit);
  if (!change) return to_status(*context, change.error());
  const Result<> written = change->changed ? write_access_file(access_file_, change->entries) : Result<>();
  if (!written) {
    const std::string sentence =
        access_file_.string() + " cannot be written, so the change ends with the daemon";
    return to_status(*context, CallError{written.error(), sentence});
  }
  reply->set_subject(to_string(*subject));
  reply->set_changed(change->changed);
  reply->set_closed(static_cast<std::uint32_t>(change->closed));
  return grpc::Status::OK;
}

grpc::Status ControlService::ListAccess(grpc::ServerContext* context, const v1::ListAccessRequest*,
                                        v1::AccessList* reply) {
  const auto entries = calls_.ask(*context, [&] { return node_.access_entries(); });
  if (!entries) return to_status(*context, entries.error());
  for (const auto& [subject, access] : *entries) {
    v1::AccessList::Entry& to = *reply->add_entries();
    to.set_subject(to_string(subject));
    to.set_access(access == Access::kAllowed ? v1::ACCESS_ALLOWED : v1::ACCESS_DENIED);
  }
  return grpc::Status::OK;
}

}  // namespace warren::app
