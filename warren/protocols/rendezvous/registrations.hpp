// Who is registered at a rendezvous point, under which names, and since which answer a client has not heard
// of it. Policy only: the time is an argument, and the peer's identity is known from its connection.
// https://github.com/libp2p/specs/blob/master/rendezvous/README.md#registration-lifetime
#pragma once

#include <array>
#include <map>
#include <set>
#include <string>

#include "warren/base/time.hpp"
#include "warren/core/limit.hpp"
#include "warren/crypto/peer_id.hpp"
#include "warren/protocols/rendezvous/message.hpp"

namespace warren::rendezvous {

inline constexpr auto kTtlDefault = std::chrono::hours(2);
inline constexpr auto kTtlMax = std::chrono::hours(72);
// What all registrations take: 10,000 with the usual records of half a KiB, and some large ones.
inline constexpr std::size_t kRegistrationBytesMax = 16 * 1024 * 1024;
// Records in one answer, so that what other implementations read (1 MiB) is never exceeded.
inline constexpr std::size_t kPageBytesMax = 512 * 1024;

// A cookie is a place in the sequence of registrations, with a mark that this point has made it for this
// namespace. rust-libp2p reads every point's cookies as 8 bytes and the namespace, so these are no different.
//
//   sequence, big-endian (5) | HMAC-SHA256(secret, sequence | namespace), first 3 bytes | namespace
//
// Who guesses a mark has skipped registrations that he might have read; it is there to tell cookies of
// another point, or of an earlier run.
class Registrations {
 public:
  using Secret = std::array<std::uint8_t, 32>;

  // `secret` is random, another one at each start: earlier cookies are invalid then, as they should be. The
  // limits bound all registrations and those of one peer, and outlive this.
  Registrations(const Secret& secret, Limit& total, Limit& per_peer);

  // Replaces what the peer has registered under that name. Refused with kInvalidNamespace,
  // kInvalidSignedPeerRecord, kNotAuthorized (the record is another peer's), kInvalidTtl (over 72 hours) and
  // kUnavailable (a bound is reached). Without a TTL, or with 0, it is 2 hours.
  RegisterResponse add(const PeerId& peer, const Register& request, Instant now);
  void remove(const PeerId& peer, const Unregister& request, Instant now);
  // Those after the cookie, oldest first; the answer's cookie leads to what comes after them. kInvalidCookie
  // when it is not one of ours for this namespace.
  DiscoverResponse discover(const Discover& request, Instant now);

  // Forgets what has expired; each of the above does so first.
  void expire(Instant now);
  std::size_t size() const { return by_sequence_.size(); }

 private:
  struct Entry {
    PeerId peer;
    std::string name_space;
    Bytes record;
    Instant expires;
    std::size_t bytes() const { return record.size() + name_space.size(); }
  };
  using BySequence = std::map<std::uint64_t, Entry>;
  using OfPeer = std::map<std::string, std::uint64_t, std::less<>>;  // namespace to sequence

  Status check(const PeerId& peer, const Register& request) const;
  bool has_room(const PeerId& peer, const Register& request);
  void erase(BySequence::iterator entry);
  void show_use();
  Bytes cookie(std::uint64_t sequence, std::string_view name_space) const;
  std::optional<std::uint64_t> sequence_of(BytesView cookie, std::string_view name_space) const;
  // At most so many, and kPageBytesMax; the sequence of the last one that was looked at.
  template <class Sequences>
  std::uint64_t fill(std::vector<Register>& page, const Sequences& sequences, std::uint64_t after,
                     std::size_t limit, Instant now) const;

  Secret secret_;
  Limit& total_;
  Limit& per_peer_;
  std::uint64_t last_sequence_ = 0;
  std::size_t bytes_ = 0;
  BySequence by_sequence_;
  std::map<std::string, std::set<std::uint64_t>, std::less<>> by_namespace_;
  std::map<PeerId, OfPeer> by_peer_;
  std::set<std::pair<Instant, std::uint64_t>> by_expiry_;
};

}  // namespace warren::rendezvous
