#include "warren/node/signed_records.hpp"

namespace warren {

SignedRecords::SignedRecords(Host& host, identify::Identify& identify) {
  subscriptions_.push_back(identify.recorded().subscribe([this, &host](const PeerId& peer, BytesView record) {
    if (record.size() > kSizeMax || host.connections(peer).empty()) return;
    records_[peer] = to_bytes(record);
  }));
  subscriptions_.push_back(
      host.events().disconnected.subscribe([this, &host](const ConnectionPtr& connection) {
        if (host.connections(connection->remote_peer()).empty()) records_.erase(connection->remote_peer());
      }));
}

Bytes SignedRecords::of(const PeerId& peer) const {
  const auto found = records_.find(peer);
  return found == records_.end() ? Bytes() : found->second;
}

}  // namespace warren
