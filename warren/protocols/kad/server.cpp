#include "warren/protocols/kad/server.hpp"

#include <algorithm>

#include "warren/async/as_result.hpp"
#include "warren/protocols/kad/frame_reader.hpp"
#include "warren/protocols/kad/stream_end.hpp"

namespace warren::kad {

namespace {

// Answers to messages that came together go out together, up to this size.
constexpr std::size_t kOneWriteMax = 64 * 1024;

}  // namespace

class Server::Place {
 public:
  Place(Server& server, const PeerId& peer, ByteStream& stream) : server_(server) {
    place_ = server_.served_.insert(server_.served_.end(), Served{peer, &stream, Instant::max()});
    if (!std::exchange(server_.sweeping_, true)) server_.sweeper_.spawn(server_.sweep());
  }
  ~Place() {
    server_.served_.erase(place_);
    if (server_.config_.accounts.streams != nullptr) server_.config_.accounts.streams->give();
    server_.ended_.notify_all();
  }
  Place(const Place&) = delete;
  Place& operator=(const Place&) = delete;

  void end_by(Instant deadline) { place_->deadline = deadline; }

 private:
  Server& server_;
  std::list<Served>::iterator place_;
};

Server::Server(Host& host, const Config& config, Members& members, Answers& answers)
    : host_(host),
      config_(config),
      members_(members),
      answers_(answers),
      sweeper_(host.env().executor, "kad.server") {}

void Server::start() {
  serving_ = true;
  host_.handle(config_.protocol, [this](ConnectionPtr connection, StreamPtr stream) {
    return serve(std::move(connection), std::move(stream));
  });
}

void Server::stop() {
  if (serving_) host_.unhandle(config_.protocol);
  serving_ = false;
  for (const Served& served : served_) served.stream->reset();
}

Task<void> Server::close() {
  co_await sweeper_.close();
  while (!served_.empty()) co_await ended_.wait();
}

Task<void> Server::serve(ConnectionPtr connection, StreamPtr stream) {
  if (!serving_) throw_error(Errc::kClosed);
  const PeerId& peer = connection->remote_peer();
  const auto of_peer = static_cast<std::size_t>(std::ranges::count(served_, peer, &Served::peer));
  Limit* account = config_.accounts.streams;
  const bool full = account == nullptr ? served_.size() >= kStreamsServedMax : !account->take();
  if (full || of_peer >= kStreamsServedPerPeerMax) {
    if (!full && account != nullptr) account->give();
    ++counters_.refused;
    throw_error(Errc::kLimitReached, "streams of the DHT");
  }
  Place place(*this, peer, *stream);
  members_.consider(peer);
  const auto ended = co_await as_result(converse(std::move(connection), std::move(stream), place));
  if (ended) co_return;
  if (!is_over(ended.error())) ++counters_.refused;
  throw_error(ended.error());
}

Task<void> Server::converse(ConnectionPtr connection, StreamPtr stream, Place& place) {
  FrameReader reader(*stream, kRequestSizeMax);
  const Clock& clock = host_.env().clock;
  std::optional<Instant> message_end;  // of one that came in part: each drop of it gives it no more time
  while (serving_) {
    if (!reader.in_message()) message_end.reset();
    if (reader.in_message() && !message_end) message_end = clock.now() + kMessageTimeMax;
    place.end_by(message_end.value_or(clock.now() + kServedIdleMax));
    const bool filled = co_await reader.fill();
    if (!filled) break;
    const bool answered = co_await answer_all(connection, *stream, reader, place);
    if (answered) message_end.reset();
  }
  co_await stream->close_write();
}

Task<bool> Server::answer_all(const ConnectionPtr& connection, ByteStream& stream, FrameReader& reader,
                              Place& place) {
  bool any = false;
  Bytes answers;
  while (const auto request = reader.take()) {
    if (!any) place.end_by(host_.env().clock.now() + kMessageTimeMax);
    any = true;
    Message message = value_or_throw(Message::decode(*request));
    if (!answers_.append_if_find_node(*connection, message, answers)) {
      co_await answers_.append_answer(connection, std::move(message), answers);
    }
    ++counters_.served;
    if (answers.size() > kOneWriteMax) {
      co_await stream.write(answers);
      answers.clear();
    }
  }
  if (!answers.empty()) co_await stream.write(answers);
  co_return any;
}

Task<void> Server::sweep() {
  Clock& clock = host_.env().clock;
  while (!served_.empty()) {
    co_await clock.sleep_for(kSweepInterval);
    const Instant now = clock.now();
    for (const Served& served : served_) {
      if (served.deadline <= now) served.stream->reset();
    }
    answers_.sweep(now);
  }
  answers_.sweep(Instant::max());
  sweeping_ = false;
}

}  // namespace warren::kad
