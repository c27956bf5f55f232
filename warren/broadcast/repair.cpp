#include "warren/broadcast/repair.hpp"

#include <map>
#include <optional>

#include "warren/base/token_bucket.hpp"
#include "warren/base/writer.hpp"
#include "warren/broadcast/repair_answer.hpp"
#include "warren/core/farewell.hpp"
#include "warren/env/clock.hpp"

namespace warren {
namespace {

using repair::Frame;
using repair::OriginKey;
using repair::OriginRanges;
using repair::Request;

// Exchanges that are served at the same time: each may hold repair_bytes_max and an envelope, for
// repair_timeout.
constexpr std::size_t kServedMax = 8;
constexpr std::size_t kServedOfPeerMax = 2;
// Peers whose exchanges are counted; more that have asked lately are refused.
constexpr std::size_t kPeersCountedMax = 4096;
// Origins of an answer that were not in the question: to see that each is a key takes some 50 us.
constexpr std::size_t kNewOriginsMax = 1024;

Errc error_of(repair::Status status) {
  switch (status) {
    case repair::Status::kUnknownTopic: return Errc::kNotSubscribed;
    case repair::Status::kRateLimited: return Errc::kRateLimited;
    case repair::Status::kBusy: return Errc::kLimitReached;
    default: return Errc::kRejectedByPeer;
  }
}

bool is_good(repair::Status status) {
  return status <= repair::Status::kMore;
}

// Two frames in a row have more than kFrameSizeWanted together.
std::size_t frame_count_max(const BroadcastLimits& limits) {
  const std::size_t bytes = limits.repair_bytes_max + limits.payload_max + 2 * limits.repair_request_max;
  return 2 * bytes / repair::kFrameSizeWanted + 4;
}

using Origins = std::map<OriginKey, BroadcastOrigin>;

std::vector<BroadcastRange> to_broadcast_ranges(const std::vector<OriginRanges>& all, Origins& origins,
                                                std::size_t& room) {
  std::vector<BroadcastRange> ranges;
  for (const auto& [key, numbers] : all) {
    auto found = origins.find(key);
    if (found == origins.end()) {
      if (room == 0) continue;
      --room;
      const auto node = NodeId::from_key_bytes(key.node);
      if (!node) continue;
      found = origins.emplace(key, BroadcastOrigin{*node, key.epoch}).first;
    }
    for (const auto& [first, last] : numbers) ranges.push_back({found->second, first, last});
  }
  return ranges;
}

// A question in the making, and its answer.
struct Question {
  Env* env;
  ConnectionPtr connection;
  std::string topic;
  WallTime since;
  std::vector<BroadcastRange> held;
  BroadcastLimits limits;
  std::vector<OriginRanges> known, gone;
  RepairAnswer answer;
};

Bytes to_request(const Question& question) {
  return encode(repair::make_request(
      question.topic, question.since, question.held,
      question.limits.repair_request_max -
          std::min<std::size_t>(question.limits.repair_request_max, repair::kTopicSizeMax + 32)));
}

void name_origins(Question& question) {
  Origins origins;
  for (const BroadcastRange& range : question.held)
    origins.try_emplace(OriginKey::of(range.origin), range.origin);
  std::size_t room = kNewOriginsMax;
  question.answer.known = to_broadcast_ranges(question.known, origins, room);
  question.answer.gone = to_broadcast_ranges(question.gone, origins, room);
}

// Adds what a frame brings; throws kTooLarge when the whole is more than was asked for.
void take_frame(Question& question, Frame frame, std::size_t& range_count, std::size_t& bytes) {
  for (auto [from, to] : {std::pair(&frame.known, &question.known), std::pair(&frame.gone, &question.gone)}) {
    for (OriginRanges& each : *from) {
      range_count += each.ranges.size();
      to->push_back(std::move(each));
    }
  }
  for (Bytes& envelope : frame.envelopes) {
    bytes += envelope.size();
    question.answer.envelopes.push_back(std::move(envelope));
  }
  const std::size_t bytes_max =
      std::max(question.limits.repair_bytes_max, question.limits.payload_max + 2048);
  if (range_count > repair::kRangesMax || bytes > bytes_max) throw_error(Errc::kTooLarge, "repair");
}

Task<void> exchange(Question* question) {
  Env& env = *question->env;
  auto make = [question] { return to_request(*question); };
  const Bytes request = co_await env.offload.run(std::move(make));
  StreamPtr stream = co_await question->connection->open_stream(ProtocolId(kRepairProtocol));
  co_await write_delimited(*stream, request);
  co_await stream->close_write();
  const std::size_t frame_max = repair::frame_size_max(question->limits);
  std::size_t range_count = 0, bytes = 0, frames_left = frame_count_max(question->limits);
  auto status = repair::Status::kGoesOn;
  while (status == repair::Status::kGoesOn) {
    if (frames_left-- == 0) throw_error(Errc::kTooLarge, "repair");
    const Bytes encoded = co_await read_delimited(*stream, frame_max);
    Frame frame = value_or_throw(repair::decode_frame(encoded), "repair");
    status = frame.status;
    if (!is_good(status)) throw_error(error_of(status), "repair");
    take_frame(*question, std::move(frame), range_count, bytes);
  }
  question->answer.more = status == repair::Status::kMore;
  auto name = [question] { name_origins(*question); };
  co_await env.offload.run(std::move(name));
}

}  // namespace

Task<RepairAnswer> ask_repair(Host& host, ConnectionPtr connection, std::string topic, WallTime since,
                              std::vector<BroadcastRange> held, BroadcastLimits limits) {
  Question question{.env = &host.env(),
                    .connection = std::move(connection),
                    .topic = std::move(topic),
                    .since = since,
                    .held = std::move(held),
                    .limits = limits,
                    .known = {},
                    .gone = {},
                    .answer = {}};
  co_await with_timeout(host.env().clock, limits.repair_timeout, exchange(&question));
  co_return std::move(question.answer);
}

struct RepairServer::State {
  Host& host;
  BroadcastStore& store;
  BroadcastLimits limits;
  std::function<bool(const std::string& topic)> serves;
  bool closed = false;
  std::map<PeerId, TokenBucket> budgets{};    // those that are not full
  std::map<PeerId, std::size_t> served_of{};  // exchanges that go on
  std::size_t served = 0;

  bool within_rate(const PeerId& peer);
  bool has_seat(const PeerId& peer) const;
};

namespace {

// Of an exchange that goes on.
template <class State>
class Seat {
 public:
  Seat(std::shared_ptr<State> state, const PeerId& peer) : state_(std::move(state)), peer_(peer) {
    ++state_->served;
    ++state_->served_of[peer_];
  }
  ~Seat() {
    --state_->served;
    if (--state_->served_of[peer_] == 0) state_->served_of.erase(peer_);
  }
  Seat(const Seat&) = delete;
  Seat& operator=(const Seat&) = delete;

 private:
  std::shared_ptr<State> state_;
  PeerId peer_;
};

Task<void> write_frames(ByteStream* stream, const std::vector<Bytes>* frames) {
  for (const Bytes& frame : *frames) co_await write_delimited(*stream, frame);
}

std::vector<Bytes> answer_frames(BroadcastStore& store, const Request& request, WallTime now,
                                 const BroadcastLimits& limits) {
  auto answer = repair::collect_answer(store, request, now, limits);
  if (!answer)
    return {encode(Frame{.status = repair::Status::kFailed, .known = {}, .gone = {}, .envelopes = {}})};
  return repair::to_frames(std::move(*answer));
}

Bytes refusal(repair::Status status) {
  return encode(Frame{.status = status, .known = {}, .gone = {}, .envelopes = {}});
}

template <class State>
Task<void> answer(std::shared_ptr<State> state, ByteStream* stream) {
  Env& env = state->host.env();
  const Bytes bytes = co_await read_delimited(*stream, state->limits.repair_request_max);
  auto decode = [&bytes] { return repair::decode_request(bytes); };
  auto decoded = co_await env.offload.run(std::move(decode));
  const Request request = value_or_throw(std::move(decoded), "repair");
  std::vector<Bytes> frames;
  if (state->closed || !state->serves(request.topic)) {
    frames.push_back(refusal(repair::Status::kUnknownTopic));
  } else {
    const WallTime now = env.clock.wall_now();
    auto work = [&state, &request, now] { return answer_frames(state->store, request, now, state->limits); };
    frames = co_await env.offload.run(std::move(work));
  }
  co_await write_frames(stream, &frames);
}

template <class State>
Task<void> serve(std::shared_ptr<State> state, PeerId peer, StreamPtr stream) {
  Clock& clock = state->host.env().clock;
  std::optional<repair::Status> refused;
  if (!state->within_rate(peer)) {
    refused = repair::Status::kRateLimited;
  } else if (!state->has_seat(peer)) {
    refused = repair::Status::kBusy;
  }
  if (refused) {
    const Bytes words = refusal(*refused);
    co_await with_timeout(clock, state->limits.repair_timeout, write_delimited(*stream, words));
    co_await say_farewell(clock, *stream);
    co_return;
  }
  const Seat<State> seat(state, peer);
  co_await with_timeout(clock, state->limits.repair_timeout, answer(state, stream.get()));
  co_await stream->close_write();
}

}  // namespace

bool RepairServer::State::has_seat(const PeerId& peer) const {
  if (served >= kServedMax) return false;
  const auto found = served_of.find(peer);
  return found == served_of.end() || found->second < kServedOfPeerMax;
}

bool RepairServer::State::within_rate(const PeerId& peer) {
  const Instant now = host.env().clock.now();
  auto found = budgets.find(peer);
  if (found == budgets.end()) {
    if (budgets.size() >= kPeersCountedMax) {
      std::erase_if(budgets, [now](const auto& entry) { return entry.second.is_full(now); });
      if (budgets.size() >= kPeersCountedMax) return false;
    }
    found = budgets.emplace(peer, TokenBucket(limits.repairs_per_second, limits.repairs_burst, now)).first;
  }
  return found->second.take(now);
}

RepairServer::RepairServer(Host& host, BroadcastStore& store, const BroadcastLimits& limits,
                           std::function<bool(const std::string& topic)> serves)
    : state_(std::make_shared<State>(State{host, store, limits, std::move(serves)})) {
  host.handle(ProtocolId(kRepairProtocol), [state = state_](ConnectionPtr connection, StreamPtr stream) {
    return serve(state, connection->remote_peer(), std::move(stream));
  });
}

RepairServer::~RepairServer() {
  state_->closed = true;
  state_->host.unhandle(ProtocolId(kRepairProtocol));
}

}  // namespace warren
