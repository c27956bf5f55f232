#include "app/reachability_service.hpp"

#include "app/grpc_error.hpp"
#include "app/reachability_values.hpp"

namespace warren::app {
namespace {

// Above what the node itself allows, so that its own reason is the one that is told.
constexpr Duration kNetcheckLimit = 30s;

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
    for (const OwnAddressRow& row : node_.reachability().addresses())
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
