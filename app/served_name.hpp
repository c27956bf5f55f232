// A service of this node that a client of the control API answers. Calls wait here until the client takes
// them, and their requesters wait here for the answers. Lives in the loop.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "warren/async/channel.hpp"
#include "warren/async/event.hpp"
#include "warren/messaging/messaging.hpp"

namespace warren::app {

struct WaitingCall {
  std::uint64_t id = 0;
  ServiceCall call;
};

class ServedName {
 public:
  // For Node::serve. Throws kLimitReached when too much waits already, kServiceFailed with the client's
  // reason, or when the client goes away. Cancelable.
  static Task<Bytes> answer(std::shared_ptr<ServedName> served, ServiceCall call);

  // The next call for the client; std::nullopt after close(). Cancelable.
  static Task<std::optional<WaitingCall>> next(std::shared_ptr<ServedName> served);

  // The client's answer, or the reason why there is none. Unknown ids are ignored: their requesters have
  // left.
  void complete(std::uint64_t id, Bytes payload, std::string failure);

  // The client went away: who waits for it is told.
  void close();

 private:
  // A client that does not read holds this much of the daemon's memory at most.
  static constexpr std::size_t kCallsMax = 256;
  static constexpr std::size_t kBytesMax = 64 * 1024 * 1024;

  struct Entry {
    ServiceCall call;  // its payload moves to the client
    bool ended = false;
    Bytes answer;
    std::string failure;
  };
  class Place;

  Channel<std::uint64_t> queue_{2 * kCallsMax};  // ids, also of calls whose requesters have left
  std::map<std::uint64_t, Entry> entries_;       // the calls that wait for an answer
  Event answered_;
  std::size_t bytes_ = 0;  // of entries_
  std::uint64_t next_id_ = 1;
  bool closed_ = false;
};

}  // namespace warren::app
