// What bounds a DHT's conversations, each with its reason.
#pragma once

#include <cstddef>

#include "warren/base/time.hpp"

namespace warren::kad {

// --- questions to others ---

// A peer that takes longer to be reached, or to answer, is as good as dead; lookups go on beside it much
// earlier (LookupLimits::slow_after).
inline constexpr Duration kDialTimeout = 5s;
inline constexpr Duration kAnswerTimeout = 5s;
// A stream that somebody answered on is kept for the next question so long: a lookup is followed by a PUT to
// the same peers within a second. Servers end streams that are idle for a minute.
inline constexpr Duration kIdleStreamLife = 10s;
inline constexpr std::size_t kIdleStreamsMax = 64;  // the peers of three lookups

// --- serving ---

inline constexpr std::size_t kStreamsServedMax = 512;
// The largest honest one brings a record of 64 KiB.
inline constexpr std::size_t kRequestSizeMax = 80 * 1024;
// A client that asks with concurrency 10, and has three lookups under way.
inline constexpr std::size_t kStreamsServedPerPeerMax = 32;
inline constexpr Duration kServedIdleMax = 60s;   // between messages, as go has it
inline constexpr Duration kMessageTimeMax = 10s;  // from its first byte to its last, and for the answer to it
inline constexpr Duration kSweepInterval = 5s;    // how late either may be noticed
// PUT_VALUE and ADD_PROVIDER cost a signature's verification or a disk write: so many of one peer. The burst
// is a node that republishes what it has in a small network, where everybody gets everything.
inline constexpr double kWritesPerSecond = 10;
inline constexpr double kWritesBurst = 200;
inline constexpr std::size_t kWritersMax = 4096;        // peers of whom that is counted
inline constexpr std::size_t kProviderKeySizeMax = 80;  // as go has it; a multihash takes 36 to 70 bytes

inline constexpr std::size_t kPeersToldMax = 20;  // k of the specification
// A node announces 5 to 20 addresses; the best of them lead to it.
inline constexpr std::size_t kAddressesToldMax = 16;
inline constexpr std::size_t kProvidersToldMax = 20;  // a requester rarely wants more, and a message has room
inline constexpr std::size_t kProvidersReadMax = 200;  // of which these are chosen by lot
// Addresses of peers that are told are looked up again after this time.
inline constexpr Duration kToldAddressesLife = 5s;

// --- records ---

inline constexpr Duration kProviderLife = std::chrono::hours(48);  // of the specification
inline constexpr Duration kExpireInterval = std::chrono::hours(1);

// A value that so many tell alike, and nobody a better one, is believed to be the newest: who publishes a
// value stores it at 20 peers.
inline constexpr std::size_t kQuorum = 16;
inline constexpr std::size_t kCorrectedMax = 10;  // who told an older value is given the newer one
inline constexpr std::size_t kProvidersFoundMax = 1000;
inline constexpr std::size_t kProvideEnough = 15;  // of 20, as go has it: the slow tail is not waited for

// Of the region around a crowded key: 40 sybils and some 60 honest peers are in it.
inline constexpr std::size_t kRegionPeersMax = 200;
inline constexpr std::size_t kRegionLookupsMax = 4;  // at a time

// --- the routing table's upkeep ---

inline constexpr Duration kProbePause = 1s;  // between probes: the traffic that an idle node causes
// In a network so small, all are in everybody's table, and whoever dies is missed at once. In a larger one,
// lookups find out who is dead, and to probe everybody as often would cost each a connection a second: there
// is one probe in this time.
inline constexpr std::size_t kProbedOftenMax = 40;
inline constexpr Duration kProbeShare = 4s;
inline constexpr std::size_t kProbesMax = 8;     // at a time: dead ones take kDialTimeout each
inline constexpr std::size_t kSuspectsMax = 64;  // probed at once after their connections broke
inline constexpr std::size_t kGoneMax = 1024;    // peers that are remembered as gone
inline constexpr Duration kGoneLife = std::chrono::minutes(30);
inline constexpr std::size_t kSavedPeersMax = 200;  // asked first after a restart
inline constexpr Duration kSaveInterval = std::chrono::minutes(5);
// A node whose table is empty asks the peers that it once had this often; kept streams are looked after, too.
inline constexpr Duration kRejoinInterval = 15s;

}  // namespace warren::kad
