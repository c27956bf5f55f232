// The words of gossipsub that every part of it uses.
// https://github.com/libp2p/specs/blob/master/pubsub/gossipsub/gossipsub-v1.1.md
#pragma once

#include <memory>
#include <string>

#include "warren/base/bytes.hpp"
#include "warren/core/stream.hpp"

namespace warren::pubsub {

inline constexpr std::string_view kFloodsub = "/floodsub/1.0.0";
inline constexpr std::string_view kMeshsub10 = "/meshsub/1.0.0";
inline constexpr std::string_view kMeshsub11 = "/meshsub/1.1.0";
inline constexpr std::string_view kMeshsub12 = "/meshsub/1.2.0";
inline constexpr std::string_view kMeshsub13 = "/meshsub/1.3.0";

// What the stream to a peer was negotiated as, oldest first: each can all that the one before can.
//   kV11: PRUNE with back-off and peer exchange.  kV12: IDONTWANT.  kV13: extensions.
enum class Version { kFloodsub, kV10, kV11, kV12, kV13 };

std::string_view protocol_of(Version version);

// A topic as it is on the wire; any bytes.
using Topic = std::string;

// What names a message in IHAVE, IWANT and IDONTWANT; bytes, made by the topic's MessageIdFunction.
using MessageId = std::string;

// One RPC behind its varint length, ready to be written; shared by all whom it is sent to.
using Frame = std::shared_ptr<const Bytes>;

}  // namespace warren::pubsub
