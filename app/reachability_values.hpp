// What the network sees of the node, in the words of the control API. All of it in the loop.
#pragma once

#include "app/proto/reachability.pb.h"
#include "warren/node/node.hpp"

namespace warren::app {

void describe_relays(Node& node, const std::vector<relay::ReservationStatus>& relays,
                     google::protobuf::RepeatedPtrField<control::v1::Relay>& to);

void describe_reachability(Node& node, control::v1::ReachabilityReply& to);

void describe_own_address(Node& node, const OwnAddressRow& row, control::v1::OwnAddress& to);

void describe_netcheck(Node& node, const Netcheck& check, control::v1::NetcheckReply& to);

}  // namespace warren::app
