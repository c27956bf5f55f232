#include "warren/protocols/perf/server.hpp"

namespace warren::perf {

// One of the runs that are served at once.
class Server::Place {
 public:
  // Throws kLimitReached.
  Place(Server& server, PeerId peer) : server_(server), peer_(std::move(peer)) {
    const auto found = server.runs_of_.find(peer_);
    const std::size_t of_peer = found == server.runs_of_.end() ? 0 : found->second;
    if (server.runs_ >= server.limits_.runs_max || of_peer >= server.limits_.runs_per_peer_max)
      throw_error(Errc::kLimitReached, "perf");
    ++server.runs_;
    ++server.runs_of_[peer_];
  }
  Place(const Place&) = delete;
  Place& operator=(const Place&) = delete;
  ~Place() {
    --server_.runs_;
    const auto found = server_.runs_of_.find(peer_);
    if (--found->second == 0) server_.runs_of_.erase(found);
  }

 private:
  Server& server_;
  PeerId peer_;
};

Server::Server(Host& host, Admit admit, ServerLimits limits)
    : host_(host), admit_(std::move(admit)), limits_(limits) {
  host_.handle(ProtocolId(kProtocol), [this](ConnectionPtr connection, StreamPtr stream) {
    return serve(std::move(connection), std::move(stream));
  });
}

Server::~Server() {
  host_.unhandle(ProtocolId(kProtocol));
}

Task<void> Server::serve(ConnectionPtr connection, StreamPtr stream) {
  if (!admit_(*connection)) throw_error(Errc::kDenied, "perf");
  const Place place(*this, connection->remote_peer());
  Clock& clock = host_.env().clock;
  co_await with_timeout(clock, limits_.run_time_max, answer(clock, std::move(stream)));
}

}  // namespace warren::perf
