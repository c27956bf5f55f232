#include "app/reachability_service.hpp"

#include <algorithm>

#include "app/grpc_error.hpp"
#include "app/reachability_values.hpp"

namespace warren::app {
namespace {

// Above what the node itself allows, so that its own reason is the one that is told.
constexpr Duration kNetcheckLimit = 30s;

// Nobody is asked whether loopback can be reached; but who is told of it can.
std::vector<OwnAddressRow> all_addresses(Node& node) {
  std::vector<OwnAddressRow> rows = node.reachability().addresses();
  for (const Multiaddr& address : node.addresses()) {
    const auto has = [&](const OwnAddressRow& row) { return row.own.address == address; };
    if (std::ranges::none_of(rows, has))
      rows.push_back({.own = {.address = address}, .relayed = is_circuit(address), .announced = true});
  }
  return rows;
}

grpc::Status end_of(grpc::ServerContext& context, const CallResult<>& result) {
  return result ? grpc::Status::OK : to_status(context, result.error());
}

}  // namespace

grpc::Status ReachabilityService::GetReachability(grpc::ServerContext* context,
                                                  const v1::GetReachabilityRequest*,
                                                  v1::ReachabilityReply* reply) {
  return end_of(*context, calls_.ask(*context, [&] { describe_reachability(node_, *reply); }));
}

grpc::Status ReachabilityService::ListOwnAddresses(grpc::ServerContext* context,
                                                   const v1::ListOwnAddressesRequest*,
                                                   v1::OwnAddresses* reply) {
  return end_of(*context, calls_.ask(*context, [&] {
    for (const OwnAddressRow& row : all_addresses(node_))
      describe_own_address(node_, row, *reply->add_addresses());
  }));
}

grpc::Status ReachabilityService::Netcheck(grpc::ServerContext* context, const v1::NetcheckRequest* request,
                                           v1::NetcheckReply* reply) {
  const auto check = calls_.in_loop<warren::Netcheck>(
      *context, [&] { return node_.reachability().netcheck(request->afresh()); }, kNetcheckLimit);
  if (!check) return to_status(*context, check.error());
  return end_of(*context, calls_.ask(*context, [&] { describe_netcheck(node_, *check, *reply); }));
}

grpc::Status ReachabilityService::ListRelays(grpc::ServerContext* context, const v1::ListRelaysRequest*,
                                             v1::Relays* reply) {
  return end_of(*context, calls_.ask(*context, [&] {
    describe_relays(node_, node_.reachability().relays(), *reply->mutable_relays());
  }));
}

}  // namespace warren::app
