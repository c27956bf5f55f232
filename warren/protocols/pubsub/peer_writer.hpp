// The stream on which a peer hears of us: opened in the newest version that it speaks, fed from its queue in
// batches, and opened anew, or on a better path, without the router seeing the peer go.
// https://github.com/libp2p/specs/blob/master/pubsub/README.md#stream-management
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "warren/async/event.hpp"
#include "warren/async/task_group.hpp"
#include "warren/core/host.hpp"
#include "warren/protocols/pubsub/config.hpp"
#include "warren/protocols/pubsub/router/router.hpp"
#include "warren/protocols/pubsub/send_queue.hpp"

namespace warren::pubsub {

// What all writers share.
struct WriterShared {
  Host& host;
  const GossipConfig& config;
  Limit* queue_bytes = nullptr;
  TaskGroup& tasks;
  // The peer has a stream; on each new one it is to be told again what we are subscribed to, since it may
  // have forgotten us with the one before.
  std::function<void(const PeerId&, PeerFacts)> up;
  // It has none any more.
  std::function<void(const PeerId&)> down;
};

class PeerWriter {
 public:
  // `shared` outlives it.
  PeerWriter(const WriterShared& shared, const PeerId& peer);

  // From the first attempt to the end of the last stream. `self` keeps the writer. Throws why it ended:
  // kProtocolNotSupported: the peer speaks no pubsub; kClosed: it is not connected.
  Task<void> run(std::shared_ptr<PeerWriter> self);

  void push(Send&& send);
  void withdraw(const std::vector<MessageId>& messages) { queue_.withdraw(messages); }
  // What the peer speaks, or how it is connected, may be known better by now.
  void review();
  // The peer has opened a stream of this version. If it is not its first one, the peer may have forgotten
  // what we are subscribed to.
  void note_inbound(Version version);
  // Gives up a peer that takes nothing, and says what is to be said again. Each second or so.
  void tick(Instant now);

  bool is_up() const { return up_; }
  const SendQueue& queue() const { return queue_; }

 private:
  using SharedStream = std::shared_ptr<ByteStream>;

  ConnectionPtr best() const;
  bool is_better(const Connection& other) const;
  // Nothing: it has not told. Empty: none.
  std::optional<std::vector<Version>> told() const;
  Task<std::vector<Version>> versions();
  Task<void> stay(std::shared_ptr<PeerWriter> self, Version version);
  // Returns when a better connection was found.
  Task<void> speak(std::shared_ptr<PeerWriter> self, ConnectionPtr connection, Version version);
  Task<void> write_queue(SharedStream stream);
  Task<void> write(ByteStream& stream, BytesView bytes);
  Task<void> watch(std::shared_ptr<PeerWriter> self, SharedStream stream);
  void give_up(std::error_code reason);
  void say_hello();

  const WriterShared& shared_;
  PeerId peer_;
  SendQueue queue_;
  ConnectionPtr connection_;  // of the stream
  SharedStream stream_;
  Version version_ = Version::kV12;  // of the stream
  std::error_code error_;            // why the stream is of no use any more
  std::optional<Instant> writing_since_;
  std::optional<Version> inbound_;
  bool up_ = false;
  bool moving_ = false;
  bool idle_ = false;
  bool greet_ = false;
  Event changed_;
};

}  // namespace warren::pubsub
