// Answers other peers' questions.
// https://github.com/libp2p/specs/blob/master/kad-dht/README.md#rpc-messages
#pragma once

#include <list>

#include "warren/async/event.hpp"
#include "warren/async/task_group.hpp"
#include "warren/protocols/kad/answers.hpp"
#include "warren/protocols/kad/frame_reader.hpp"
#include "warren/protocols/kad/limits.hpp"
#include "warren/protocols/kad/members.hpp"

namespace warren::kad {

struct ServerCounters {
  std::uint64_t served = 0;
  std::uint64_t refused = 0;  // messages that were not answered, and streams that were not taken
};

class Server {
 public:
  // All outlive it.
  Server(Host& host, const Config& config, Members& members, Answers& answers);

  // Registers the protocol, or ends that and resets what is being served.
  void start();
  void stop();
  // After stop(): waits until nothing is served.
  Task<void> close();

  const ServerCounters& counters() const { return counters_; }

 private:
  struct Served {
    PeerId peer;
    ByteStream* stream;
    Instant deadline;
  };
  class Place;  // of a stream among those that are served

  Task<void> serve(ConnectionPtr connection, StreamPtr stream);
  Task<void> converse(ConnectionPtr connection, StreamPtr stream, Place& place);
  // Answers what is here of messages, all in one write. Whether there was any.
  Task<bool> answer_all(const ConnectionPtr& connection, ByteStream& stream, FrameReader& reader,
                        Place& place);
  Task<void> sweep();

  Host& host_;
  const Config& config_;
  Members& members_;
  Answers& answers_;
  ServerCounters counters_;
  bool serving_ = false;
  bool sweeping_ = false;
  std::list<Served> served_;
  Event ended_;
  TaskGroup sweeper_;
};

}  // namespace warren::kad
