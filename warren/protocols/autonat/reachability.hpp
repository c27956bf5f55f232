// Which of our addresses others can reach, by what they say: pure policy. An address is offered by who has
// seen it (an interface, identify, STUN, a port mapping, the configuration); peers check it by dialing back;
// the verdict of several of them, from different networks, is believed, with a confidence that decays, and
// flips only against clear evidence (hysteresis). What the configuration says always wins.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string_view>
#include <vector>

#include "warren/base/time.hpp"
#include "warren/crypto/peer_id.hpp"
#include "warren/env/endpoint.hpp"
#include "warren/multiformats/multiaddr.hpp"
#include "warren/protocols/autonat/address_facts.hpp"
#include "warren/protocols/autonat/opinion.hpp"

namespace warren::autonat {

// Where we have an address from, the most certain last.
enum class OwnSource { kObserved, kStun, kInterface, kPortMapping, kConfigured };
std::string_view to_string(
    OwnSource source);  // "observed", "stun", "interface", "port-mapping", "configured"

// One of our own addresses.
struct OwnAddress {
  Multiaddr address;
  OwnSource source = OwnSource::kInterface;
  Verdict verdict = Verdict::kUnknown;
  double confidence = 0;                 // of the verdict, 0 to 1
  std::vector<PeerId> verified_by = {};  // who said so last, the newest first; few
  std::optional<Instant> verified_at = {};
  std::optional<Instant> expires = {};  // of the verdict: it is unknown again then, unless checked anew
};

// When an address of which nothing is known is checked: at once, and then so long after the time before;
// the last one again and again.
inline constexpr std::array<Duration, 4> kCheckIntervals = {5s, 15s, 60s, 300s};
// A peer that would not dial an address is not asked about it again for so long.
inline constexpr Duration kRefusalLife = 10min;
// An answer that does not come by then will not.
inline constexpr Duration kAnswerAwaited = 60s;
// Bounds: addresses come from peers, too (observed ones). The least certain are not taken, or make room.
inline constexpr std::size_t kSocketsMax = 32;
inline constexpr std::size_t kAddressesPerSocketMax = 8;
inline constexpr std::size_t kUndecidedMax = 8;

// What came of one question.
enum class Finding {
  kReachable,
  kUnreachable,  // the peer has tried, and says that it failed
  kFailed,       // it did not get that far, or contradicts itself: a time-out, a stream that ended. Hardly
                 // evidence against the address
  kRefused,      // it will not try this one
  kNothing,      // it was too busy, or has gone
};

// Who could be asked.
struct Candidate {
  PeerId peer;
  IpAddress network;  // network_of() its address
  // Whether we have sent it anything over UDP, or TCP, lately: a NAT in front of us lets its answers in.
  bool contacted_udp = false;
  bool contacted_tcp = false;
  bool proves = true;  // its word comes with a nonce (v2)
};

// What a peer has said.
struct Report {
  Finding finding = Finding::kFailed;
  PeerId by;
  IpAddress network;
  // It dialed back from an IP that we had not contacted over that transport.
  bool from_stranger = false;
  bool proven = true;  // with a nonce
};

// Whom to ask about which address.
struct Question {
  Multiaddr address;
  PeerId peer;
};

class ReachabilityBook {
 public:
  // `private_networks`: private addresses are checked like public ones. Else they are listed only.
  explicit ReachabilityBook(bool private_networks = false) : private_networks_(private_networks) {}

  // An address of ours, without /p2p. False when it was not taken: it is relayed, or there are too many.
  // The same from several sources counts as the most certain of them.
  bool offer(const Multiaddr& address, OwnSource source, Instant now);
  // That source knows it no more. An address without a source is forgotten, with what was said of it.
  void retire(const Multiaddr& address, OwnSource source);
  // `addresses` are all that this source knows from now on. Whether anything changed.
  bool set(OwnSource source, const std::vector<Multiaddr>& addresses, Instant now);
  // What the owner says holds for all addresses; nothing is asked then.
  void set_configured(std::optional<Verdict> verdict) { configured_ = verdict; }
  // What the NAT of that family lets in from those whom we have not contacted over UDP, as STUN found out:
  // everything (open), nothing, or it is not known. It decides what the word of those is worth whom we have.
  void set_udp_filtering(bool ip4, std::optional<bool> open, Instant now);
  // The network has changed: nothing is known, all is to be checked at once.
  void forget_verdicts(Instant now);

  // The most urgent question that one of the candidates can answer, if one is due. It counts as asked until
  // its note(), or kAnswerAwaited. The candidates are those who can be asked now: the caller leaves out who
  // is busy.
  std::optional<Question> next_question(std::span<const Candidate> candidates, Instant now);
  // When the next question is due, whoever can answer it; it may be past. Nothing: there is none.
  std::optional<Instant> next_due(Instant now) const;
  // The answer. Success counts for an address behind a NAT (no interface has its IP) only when it came from a
  // stranger, because a restricted cone lets in those we have contacted; failure always counts. Whether a
  // verdict has changed.
  bool note(const Multiaddr& address, const Report& report, Instant now);

  // All of them, the best verdict first, of equals the most certain source.
  std::vector<OwnAddress> addresses(Instant now) const;
  // Reachable when one address is. Unreachable when one that can be checked is not, and no other is still
  // waiting for its first answer. Private addresses say nothing, unless they are checked.
  Verdict overall(Instant now) const;
  // Whether an address that others see is not one of this machine's.
  bool behind_nat() const;

 private:
  struct Own {
    Multiaddr address;
    std::set<OwnSource> sources;
  };
  struct Pending {
    PeerId peer;
    IpAddress network;
    Instant until;
  };
  struct Socket {
    std::vector<Own> own = {};
    Opinion opinion = {};
    Instant offered{};
    std::size_t answers = 0;   // since it was offered
    std::size_t attempts = 0;  // questions since the opinion was last settled
    Instant check_at{};
    std::vector<Pending> pending = {};
    std::vector<Report> undecided = {};    // successes that a restricted cone would have let in
    std::map<PeerId, Instant> avoid = {};  // who would not, until when
    std::map<PeerId, Instant> asked = {};  // when last
  };

  static OwnSource source_of(const Own& own) { return *own.sources.rbegin(); }
  static OwnSource source_of(const Socket& socket);
  bool has_interface(const IpAddress& ip) const;
  bool is_mapped(const SocketKey& key) const { return !has_interface(key.endpoint.address); }
  bool can_be_checked(const SocketKey& key, const Socket& socket) const;
  bool make_room(OwnSource source);
  bool offer_name(const Multiaddr& address, OwnSource source);
  void schedule(Socket& socket, bool contradicted, Instant now) const;
  static Instant due_at(const Socket& socket, Instant now);
  const Candidate* choose(const SocketKey& key, const Socket& socket, std::span<const Candidate> candidates,
                          Instant now) const;
  // Of the candidates those who could tell what the ones before could not.
  std::vector<Candidate> strangers(const SocketKey& key, const Socket& socket,
                                   std::span<const Candidate> candidates, Instant now) const;
  std::optional<Question> put(const SocketKey& key, Socket& socket, std::span<const Candidate> candidates,
                              Instant now) const;
  static void forget_old(Socket& socket, Instant now);
  Verdict verdict_of(const SocketKey& key, const Socket& socket, Instant now) const;
  OwnAddress describe(const SocketKey& key, const Own& own, const Socket& socket, Instant now) const;

  bool private_networks_;
  std::optional<bool> is_open(const SocketKey& key, const Socket& socket) const;

  std::optional<Verdict> configured_;
  std::optional<bool> udp4_open_;
  std::optional<bool> udp6_open_;
  std::map<SocketKey, Socket> sockets_;
  std::vector<Multiaddr> names_;  // configured ones that do not begin with an IP address
  Credits credits_;
};

}  // namespace warren::autonat
