// The numbers of an RPC's fields, for who reads and who writes them.
#pragma once

#include <cstdint>

namespace warren::pubsub::fields {

// Fields of RPC.
inline constexpr std::uint32_t kSubscriptions = 1;
inline constexpr std::uint32_t kPublish = 2;
inline constexpr std::uint32_t kControl = 3;
// Of SubOpts.
inline constexpr std::uint32_t kSubscribe = 1;
inline constexpr std::uint32_t kSubscribeTopic = 2;
// Of Message.
inline constexpr std::uint32_t kMessageFrom = 1;
inline constexpr std::uint32_t kMessageData = 2;
inline constexpr std::uint32_t kMessageSeqno = 3;
inline constexpr std::uint32_t kMessageTopic = 4;
inline constexpr std::uint32_t kMessageSignature = 5;
inline constexpr std::uint32_t kMessageKey = 6;
// Of ControlMessage.
inline constexpr std::uint32_t kIHave = 1;
inline constexpr std::uint32_t kIWant = 2;
inline constexpr std::uint32_t kGraft = 3;
inline constexpr std::uint32_t kPrune = 4;
inline constexpr std::uint32_t kIDontWant = 5;
inline constexpr std::uint32_t kExtensions = 6;
// Of its parts: IHAVE, GRAFT and PRUNE begin with the topic, IWANT and IDONTWANT have nothing but ids.
inline constexpr std::uint32_t kTopic = 1;
inline constexpr std::uint32_t kIHaveIds = 2;
inline constexpr std::uint32_t kIds = 1;
inline constexpr std::uint32_t kPrunePeers = 2;
inline constexpr std::uint32_t kPruneBackoff = 3;
// Of PeerInfo.
inline constexpr std::uint32_t kPeerId = 1;
inline constexpr std::uint32_t kPeerRecord = 2;

}  // namespace warren::pubsub::fields
