// What the message and the request protocol share. Messaging owns it all and wires it (messaging.cpp).
#pragma once

#include "warren/messaging/binding_exchange.hpp"
#include "warren/messaging/counters.hpp"
#include "warren/messaging/envelope_receiver.hpp"
#include "warren/messaging/outbound_slots.hpp"
#include "warren/messaging/path_signs.hpp"
#include "warren/messaging/path_use.hpp"
#include "warren/messaging/peer_quota.hpp"
#include "warren/messaging/refusal.hpp"
#include "warren/messaging/sealer.hpp"

namespace warren {

struct MessagingParts {
  Host& host;
  const MessagingConfig& config;
  ReceiveRules& rules;
  BindingExchange& bindings;
  EnvelopeReceiver& receiver;
  Sealer& sealer;
  PeerQuota& streams;  // inbound conversations
  PeerQuota& bytes;    // bodies that are being received
  OutboundSlots& slots;
  PathUse& paths;
  PathSigns& signs;
  TaskGroup& tasks;
  Signal<const MessageRefusal&>& refused;
  MessagingCounters& counters;

  Env& env() const { return host.env(); }
};

}  // namespace warren
