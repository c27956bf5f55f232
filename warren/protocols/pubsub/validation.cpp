#include "warren/protocols/pubsub/validation.hpp"

#include "warren/async/as_result.hpp"

namespace warren::pubsub {

namespace {

// A network that agreed on messages without authors takes none with one (StrictNoSign).
bool is_unsigned(const MessageView& message) {
  return message.from.data() == nullptr && message.seqno.data() == nullptr &&
         message.signature.data() == nullptr && message.key.data() == nullptr;
}

std::uint64_t seqno_of(BytesView bytes) {
  std::uint64_t seqno = 0;
  for (const std::uint8_t byte : bytes) seqno = seqno << 8 | byte;
  return seqno;
}

}  // namespace

std::shared_ptr<const Message> make_message(const MessageView& view, MessageId id, const PeerId& from) {
  return std::make_shared<const Message>(Message{.topic = Topic(view.topic),
                                                 .id = std::move(id),
                                                 .author = PeerId::from_bytes(view.from).value_or(PeerId()),
                                                 .from = from,
                                                 .seqno = seqno_of(view.seqno),
                                                 .data = to_bytes(view.data)});
}

Validation::Validation(Host& host, const GossipConfig& config, const TopicTable& topics, TaskGroup& tasks,
                       Callbacks callbacks)
    : host_(host),
      config_(config),
      topics_(topics),
      tasks_(tasks),
      callbacks_(std::move(callbacks)),
      checks_(host.env(), tasks,
              [this](std::vector<SignatureChecks::Checked> batch) { take_checked(std::move(batch)); }) {}

bool Validation::has_room(const PeerId& peer) const {
  if (waiting_in_all_ >= config_.validations_max) return false;
  const auto found = waiting_.find(peer);
  return found == waiting_.end() || found->second < config_.validations_per_peer_max;
}

void Validation::submit(std::vector<Arrival> arrivals) {
  const Instant now = host_.env().clock.now();
  for (Arrival& arrival : arrivals) {
    ++waiting_[arrival.from];
    ++waiting_in_all_;
    if (!config_.unsigned_messages) {
      checks_.add(std::move(arrival), now);
      continue;
    }
    const auto view = read_message(arrival.message);
    if (view && is_unsigned(*view)) {
      go_on(std::move(arrival), now);
    } else {
      finish(arrival, Verdict::kReject, nullptr);
    }
  }
  start_validators();
}

void Validation::take_checked(std::vector<SignatureChecks::Checked> batch) {
  for (auto& [arrival, arrived, outcome] : batch) {
    if (outcome) {
      go_on(std::move(arrival), arrived);
    } else {
      // A kind of key that we do not know says nothing about who brought it.
      const bool unknown = outcome.error() == Errc::kUnknownKeyType;
      finish(arrival, unknown ? Verdict::kIgnore : Verdict::kForged, nullptr);
    }
  }
  start_validators();
  callbacks_.judged();
}

void Validation::go_on(Arrival arrival, Instant arrived) {
  const auto entry = entry_of(topics_, arrival.topic);
  if (entry == nullptr || !entry->joined) return finish(arrival, Verdict::kIgnore, nullptr);
  if (!entry->config.validator && !entry->handler) return finish(arrival, Verdict::kAccept, nullptr);
  const auto view = read_message(arrival.message);
  if (!view) return finish(arrival, Verdict::kReject, nullptr);
  auto message = make_message(*view, arrival.id, arrival.from);
  // One of our own, of a time before the last start: who brings it is not to blame.
  if (message->author == host_.peer_id()) return finish(arrival, Verdict::kIgnore, nullptr);
  if (!entry->config.validator) return finish(arrival, Verdict::kAccept, message);
  ready_.push_back({std::move(arrival), arrived, std::move(message), entry->config.validator});
}

void Validation::start_validators() {
  while (!ready_.empty() && validating_ < config_.validations_max) {
    Ready next = std::move(ready_.front());
    ready_.pop_front();
    if (is_stale(next.arrived)) {
      finish(next.arrival, Verdict::kIgnore, nullptr);
      continue;
    }
    ++validating_;
    tasks_.spawn(validate(std::move(next)));
  }
}

Task<void> Validation::validate(Ready ready) {
  const auto verdict = co_await as_result(
      with_timeout(host_.env().clock, config_.validation_timeout, ready.validator(ready.message)));
  --validating_;
  finish(ready.arrival, verdict.value_or(Verdict::kIgnore), ready.message);
  start_validators();
  callbacks_.judged();
}

void Validation::finish(const Arrival& arrival, Verdict verdict,
                        const std::shared_ptr<const Message>& message) {
  const auto found = waiting_.find(arrival.from);
  if (--found->second == 0) waiting_.erase(found);
  --waiting_in_all_;
  callbacks_.judge(arrival, verdict, message);
}

bool Validation::is_stale(Instant arrived) const {
  return host_.env().clock.now() - arrived > config_.validation_timeout;
}

}  // namespace warren::pubsub
