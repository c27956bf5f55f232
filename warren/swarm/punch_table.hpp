// The endpoints that punches over TCP are under way towards. A listener may take a pipe from there that is
// the peer's half of a punch: what it is for, the table knows.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "warren/async/event.hpp"
#include "warren/core/punch.hpp"
#include "warren/env/endpoint.hpp"

namespace warren {

// Who is expected at an endpoint, and as what we meet them.
struct ExpectedPeer {
  PeerId peer;
  PunchRole role;
};

// A remote endpoint that is punched towards. The kernel has one pipe between two endpoints, so whoever wants
// to dial waits until there is none.
struct PunchedEndpoint {
  std::vector<ExpectedPeer> expected;  // when a pipe comes, the first of them is meant
  std::size_t pipes = 0;
  Event freed;

  Task<void> wait_until_free() {
    while (pipes > 0) co_await freed.wait();
  }
};
using PunchedEndpointPtr = std::shared_ptr<PunchedEndpoint>;

// A pipe with that endpoint: one that is being dialed, or in its handshake.
class PunchPipe {
 public:
  explicit PunchPipe(PunchedEndpointPtr endpoint) : endpoint_(std::move(endpoint)) { ++endpoint_->pipes; }
  PunchPipe(PunchPipe&&) noexcept = default;
  ~PunchPipe() {
    if (!endpoint_) return;
    --endpoint_->pipes;
    endpoint_->freed.notify_all();
  }

 private:
  PunchedEndpointPtr endpoint_;
};

class PunchTable {
 public:
  // An entry, removed when destroyed. The table outlives it.
  class Place {
   public:
    Place(PunchTable& table, const Endpoint& from, const PeerId& peer, PunchRole role);
    Place(const Place&) = delete;
    Place& operator=(const Place&) = delete;
    ~Place();
    const PunchedEndpointPtr& endpoint() const { return endpoint_; }

   private:
    PunchTable& table_;
    Endpoint from_;
    PeerId peer_;
    PunchRole role_;
    PunchedEndpointPtr endpoint_;
  };

  // Null when nobody punches towards it.
  PunchedEndpointPtr find(const Endpoint& from) const;

 private:
  std::map<Endpoint, PunchedEndpointPtr> endpoints_;
};

}  // namespace warren
