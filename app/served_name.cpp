#include "app/served_name.hpp"

namespace warren::app {

// A call's entry among those that wait; it goes when its requester does, answered or not.
class ServedName::Place {
 public:
  Place(ServedName& served, std::uint64_t id, ServiceCall call)
      : served_(served), id_(id), bytes_(call.payload.size()) {
    served_.bytes_ += bytes_;
    served_.entries_.emplace(id_, Entry{std::move(call)});
  }
  ~Place() {
    served_.entries_.erase(id_);
    served_.bytes_ -= bytes_;
  }
  Place(const Place&) = delete;
  Place& operator=(const Place&) = delete;

  Entry& entry() { return served_.entries_.at(id_); }

 private:
  ServedName& served_;
  std::uint64_t id_;
  std::size_t bytes_;
};

Task<Bytes> ServedName::answer(std::shared_ptr<ServedName> served, ServiceCall call) {
  if (served->closed_) throw_error(Errc::kServiceFailed, "the service has just ended");
  const bool full = served->entries_.size() >= kCallsMax || served->bytes_ + call.payload.size() > kBytesMax;
  const std::uint64_t id = served->next_id_++;
  if (full || !served->queue_.try_send(id)) {
    throw_error(Errc::kLimitReached, "too many requests wait for this service");
  }
  Place place(*served, id, std::move(call));
  while (!place.entry().ended) co_await served->answered_.wait();
  if (!place.entry().failure.empty()) throw_error(Errc::kServiceFailed, place.entry().failure);
  co_return std::move(place.entry().answer);
}

Task<std::optional<WaitingCall>> ServedName::next(std::shared_ptr<ServedName> served) {
  while (true) {
    const std::optional<std::uint64_t> id = co_await served->queue_.receive();
    if (!id) co_return std::nullopt;
    const auto found = served->entries_.find(*id);
    if (found == served->entries_.end()) continue;  // its requester has left
    co_return WaitingCall{*id, std::move(found->second.call)};
  }
}

void ServedName::complete(std::uint64_t id, Bytes payload, std::string failure) {
  const auto found = entries_.find(id);
  if (found == entries_.end() || found->second.ended) return;
  found->second.ended = true;
  found->second.answer = std::move(payload);
  found->second.failure = std::move(failure);
  answered_.notify_all();
}

void ServedName::close() {
  closed_ = true;
  queue_.close();
  for (auto& [id, entry] : entries_) {
    if (entry.ended) continue;
    entry.ended = true;
    entry.failure = "the service ended before it answered";
  }
  answered_.notify_all();
}

}  // namespace warren::app
