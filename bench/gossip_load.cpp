// One who publishes and many who receive, around a gossipsub relay, for gossip_bench.py:
//
//   gossip_load ADDRESS TOPIC signed|unsigned|warren VERSION RECEIVERS BYTES WINDOW
//
// "warren": BYTES in an envelope, as Warren's own topics have them; the publisher is one node.
//
// All are peers of the relay at ADDRESS that say /meshsub/VERSION ("1.1.0") and nothing but what the work
// needs: the receivers subscribe and graft, and count what comes; the publisher only sends. Says "ready" when
// the relay forwards to all of them. Then it answers every second line of stdin: the first is how many
// messages shall be made, and answered when they are; at the second they are sent, at most WINDOW of them on
// their way at any time, and answered with the nanoseconds until all receivers had all of them.

#include <deque>

#include "bench/gossip_node.hpp"
#include "warren/async/cancellation.hpp"
#include "warren/async/event.hpp"
#include "warren/async/task_group.hpp"
#include "warren/base/protobuf_wire.hpp"
#include "warren/base/varint.hpp"
#include "warren/broadcast/topic.hpp"
#include "warren/broadcast/topic_sealer.hpp"
#include "warren/core/peer_address.hpp"
#include "warren/protocols/pubsub/wire/message.hpp"
#include "warren/protocols/pubsub/wire/rpc.hpp"

namespace warren::bench {
namespace {

constexpr std::size_t kReadSize = 128 * 1024;
constexpr std::size_t kWriteSize = 64 * 1024;
constexpr std::string_view kNetwork = "bench";
constexpr Duration kTrialPause = 100ms;

struct Options {
  PeerInfo relay;
  std::string topic;
  std::string policy;
  ProtocolId protocol;
  std::size_t receivers = 0;
  std::size_t size = 0;
  std::size_t window = 0;
};

// Counts the messages in a stream of RPCs.
class MessageCounter {
 public:
  std::size_t take(BytesView piece) {
    pending_.insert(pending_.end(), piece.begin(), piece.end());
    std::size_t at = 0;
    std::size_t count = 0;
    while (true) {
      const BytesView rest = BytesView(pending_).subspan(at);
      const auto length = decode_varint(rest);
      if (!length || rest.size() - length->size < length->value) break;
      count += messages_in(rest.subspan(length->size, length->value));
      at += length->size + length->value;
    }
    pending_.erase(pending_.begin(), pending_.begin() + static_cast<std::ptrdiff_t>(at));
    return count;
  }

 private:
  static std::size_t messages_in(BytesView rpc) {
    std::size_t count = 0;
    ProtobufReader reader(rpc, ProtobufForm::kLenient);
    while (reader.next()) count += reader.field() == 2;
    return count;
  }

  Bytes pending_;
};

class Load {
 public:
  Load(Env& env, Options options)
      : env_(env),
        options_(std::move(options)),
        tasks_(env.executor, "load"),
        publisher_(nodes_.emplace_back(env)),
        key_(Sm2PrivateKey::generate([&env](MutableBytes to) { env.random.fill(to); })),
        sealer_(env, key_, std::string(kNetwork)),
        wire_topic_(options_.policy == "warren" ? wire_topic(TopicKind::kWarren, kNetwork, options_.topic)
                                                : options_.topic) {}

  Task<void> open() {
    pubsub::Rpc hello;
    hello.subscriptions.push_back({.subscribe = true, .topic = wire_topic_});
    hello.control.graft.push_back(wire_topic_);
    const pubsub::Frame frame = pubsub::write_rpc(hello);
    for (std::size_t i = 0; i < options_.receivers; ++i) {
      StreamPtr& stream = streams_.emplace_back(co_await connect(nodes_.emplace_back(env_)));
      co_await stream->write(*frame);
    }
    stream_ = co_await connect(publisher_);
    // The relay forwards to all when each of them has one and the same message.
    while (true) {
      const std::size_t expected = received_ + options_.receivers;
      co_await make(1);
      co_await stream_->write(*frames_.front());
      co_await env_.clock.sleep_for(kTrialPause);
      if (received_ == expected) co_return;
    }
  }

  Task<void> make(std::size_t count) {
    frames_.clear();
    while (frames_.size() < count) {
      const Bytes encoded = co_await message();
      frames_.push_back(pubsub::message_frame(encoded));
    }
  }

  // All that were made.
  Task<void> send() {
    const std::size_t before = received_;
    Bytes batch;
    for (std::size_t sent = 0; sent < frames_.size();) {
      const std::size_t arrived = (received_ - before) / options_.receivers;
      if (sent - arrived >= options_.window) {
        co_await changed_.wait();
        continue;
      }
      batch.clear();
      while (sent < frames_.size() && sent - arrived < options_.window && batch.size() < kWriteSize) {
        append(batch, *frames_[sent++]);
      }
      co_await stream_->write(batch);
    }
    while (received_ - before < frames_.size() * options_.receivers) co_await changed_.wait();
  }

  Task<void> close() {
    streams_.clear();
    stream_.reset();
    for (GossipNode& node : nodes_) co_await node.close();
    co_await tasks_.close();
  }

 private:
  Task<StreamPtr> connect(GossipNode& node) {
    node.host.handle(options_.protocol,
                     [this](ConnectionPtr, StreamPtr stream) { return count(std::move(stream)); });
    const ConnectionPtr connection = co_await node.host.connect(options_.relay);
    co_return co_await connection->open_stream(options_.protocol);
  }

  Task<void> count(StreamPtr stream) {
    MessageCounter counter;
    Bytes buffer(kReadSize);
    while (true) {
      const std::size_t size = co_await stream->read_some(buffer);
      if (size == 0) co_return;
      received_ += counter.take(BytesView(buffer).first(size));
      changed_.notify_all();
    }
  }

  Task<Bytes> message() {
    Bytes data(options_.size);
    env_.random.fill(data);
    if (options_.policy == "unsigned") co_return pubsub::unsigned_message(wire_topic_, data);
    if (options_.policy == "warren") {
      TopicSealer::Draft draft{options_.topic, env_.clock.wall_now(), {}, std::move(data)};
      TopicSealer::Sealed sealed = co_await sealer_.seal(std::move(draft));
      sealer_.use(options_.topic);
      data = std::move(sealed.wire);
    }
    co_return pubsub::sign_message(publisher_.key, ++seqno_, wire_topic_, data);
  }

  Env& env_;
  Options options_;
  std::deque<GossipNode> nodes_;
  TaskGroup tasks_;
  GossipNode& publisher_;
  Sm2PrivateKey key_;
  TopicSealer sealer_;
  std::string wire_topic_;
  StreamPtr stream_;                // the publisher's
  std::vector<StreamPtr> streams_;  // the receivers'
  std::vector<pubsub::Frame> frames_;
  std::uint64_t seqno_ = 0;
  std::size_t received_ = 0;  // by all receivers together
  Event changed_;
};

Task<void> answer_lines(Env& env, Load& load) {
  co_await load.open();
  say("ready");
  interop::LineReader lines(env.executor, STDIN_FILENO);
  while (true) {
    const auto count = co_await lines.next();
    if (!count) co_return;
    co_await load.make(number(*count));
    say("made");
    const auto go = co_await lines.next();
    if (!go) co_return;
    const Instant began = env.clock.now();
    co_await load.send();
    say(fmt::format("{}", (env.clock.now() - began).count()));
  }
}

Task<void> carry(Env& env, Options options) {
  Load load(env, std::move(options));
  co_await finally(answer_lines(env, load), load.close());
}

}  // namespace
}  // namespace warren::bench

int main(int argc, char** argv) {
  using namespace warren;
  const auto choose = [&](Env& env) -> std::optional<Task<void>> {
    if (argc != 8) return std::nullopt;
    bench::Options options{.relay = value_or_throw(peer_at(argv[1])),
                           .topic = argv[2],
                           .policy = argv[3],
                           .protocol = ProtocolId(std::string("/meshsub/") + argv[4]),
                           .receivers = bench::number(argv[5]),
                           .size = bench::number(argv[6]),
                           .window = bench::number(argv[7])};
    return bench::carry(env, std::move(options));
  };
  return bench::run("gossip_load", "ADDRESS TOPIC signed|unsigned|warren VERSION RECEIVERS BYTES WINDOW",
                    choose);
}
