// How peers are named in answers: encoded once for all who ask within some seconds, because looking up and
// filtering twenty peers' addresses is most of the work of an answer.
#pragma once

#include <array>
#include <unordered_map>

#include "warren/core/address_scope.hpp"
#include "warren/core/host.hpp"
#include "warren/protocols/kad/kad.hpp"

namespace warren::kad {

class ToldPeers {
 public:
  // Both outlive it.
  ToldPeers(Host& host, const Config& config) : host_(host), config_(config) {}

  // The peer with the addresses that may be told to those so far away; without any when there are none.
  PeerInfo info(const PeerId& peer, AddressScope scope) const;
  // The same as the field of an answer that names a closer peer; empty when there are no addresses. Until the
  // next call.
  const Bytes& closer_field(const PeerId& peer, AddressScope scope, Instant now);
  // Frees what is kept, when its time is up.
  void sweep(Instant now);

 private:
  using ByScope = std::array<std::optional<Bytes>, 3>;  // loopback, private, public

  Host& host_;
  const Config& config_;
  Instant until_{};
  std::unordered_map<PeerId, ByScope> fields_;
};

}  // namespace warren::kad
