// The signed records of connected peers, as they came, for handing them on. Bounded by the connections, and
// by what a record is worth.
#pragma once

#include <unordered_map>
#include <vector>

#include "warren/core/host.hpp"
#include "warren/protocols/identify/identify.hpp"

namespace warren {

class SignedRecords {
 public:
  // A record with the addresses of an honest node takes some hundred bytes; larger ones are not kept.
  static constexpr std::size_t kSizeMax = 4096;

  // Both outlive it.
  SignedRecords(Host& host, identify::Identify& identify);

  // The envelope; empty when the peer has told none.
  Bytes of(const PeerId& peer) const;
  std::size_t size() const { return records_.size(); }

 private:
  std::unordered_map<PeerId, Bytes> records_;
  std::vector<Subscription> subscriptions_;
};

}  // namespace warren
