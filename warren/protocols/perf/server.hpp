// Serves perf runs to those who may have them, and no more at once than a node bears: whoever is served has
// it read and send without end, so this is never offered to all of the world unasked.
// https://github.com/libp2p/specs/blob/master/perf/perf.md#security-considerations
#pragma once

#include <functional>
#include <map>

#include "warren/protocols/perf/perf.hpp"

namespace warren::perf {

struct ServerLimits {
  // A run holds a chunk, and what the stream below has unread.
  std::size_t runs_max = 256;
  // Somewhat over what a measurement uses (kStreamsMax): its last streams may end after its next ones begin.
  std::size_t runs_per_peer_max = 128;
  // Over what one measurement may ask for in one direction.
  Duration run_time_max = std::chrono::minutes(15);
};

class Server {
 public:
  // Whether the peer at the other end of this connection is served.
  using Admit = std::function<bool(const Connection& connection)>;

  // Serves from now on. The host outlives the server, and has been closed before the server's end.
  Server(Host& host, Admit admit, ServerLimits limits = {});
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  std::size_t runs() const { return runs_; }

 private:
  class Place;

  Task<void> serve(ConnectionPtr connection, StreamPtr stream);

  Host& host_;
  Admit admit_;
  ServerLimits limits_;
  std::map<PeerId, std::size_t> runs_of_;
  std::size_t runs_ = 0;
};

}  // namespace warren::perf
