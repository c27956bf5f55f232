// What is believed of our own addresses, whatever peers say in whatever order: bounded, never of two minds,
// and every question is about an address that may be asked about. Each two bytes are a step.

#include <algorithm>

#include "warren/base/assert.hpp"
#include "warren/core/address_scope.hpp"
#include "warren/protocols/autonat/reachability.hpp"

namespace warren {
namespace {

using namespace autonat;

PeerId peer_of(std::uint8_t number) {
  Bytes multihash = {0x00, 0x04, 1, 2, 3, number};
  return value_or_throw(PeerId::from_bytes(multihash));
}

IpAddress ip_of(std::uint8_t number) {
  return IpAddress::v4({static_cast<std::uint8_t>(number % 4 == 0 ? 10 : 198), number, 100, 7});
}

Multiaddr address_of(std::uint8_t number) {
  Multiaddr address = Multiaddr().with(Protocol::kIp4, ip_of(number).bytes());
  if (number % 2 == 0) return address.with_port(Protocol::kTcp, 4001);
  return address.with_port(Protocol::kUdp, 4001).with(Protocol::kQuicV1);
}

class Steps {
 public:
  void step(std::uint8_t kind, std::uint8_t value) {
    const Multiaddr address = address_of(value % 48);
    switch (kind % 8) {
      case 0: book_.offer(address, static_cast<OwnSource>(value % 5), now_); break;
      case 1: book_.retire(address, static_cast<OwnSource>(value % 5)); break;
      case 2: now_ += Duration(1s) * value; break;
      case 3: ask(value); break;
      case 4: book_.forget_verdicts(now_); break;
      default: note(address, kind, value);
    }
    check();
  }

 private:
  void ask(std::uint8_t value) {
    std::vector<Candidate> candidates;
    for (std::uint8_t i = 0; i < value % 8; ++i) {
      candidates.push_back({.peer = peer_of(i),
                            .network = network_of(ip_of(static_cast<std::uint8_t>(i * 3))),
                            .contacted_udp = value % 3 == 0,
                            .contacted_tcp = value % 5 == 0,
                            .proves = i % 2 == 0});
    }
    const auto question = book_.next_question(candidates, now_);
    if (!question) return;
    WARREN_ASSERT(scope_of(question->address) == AddressScope::kPublic);
    WARREN_ASSERT(std::ranges::count(candidates, question->peer, &Candidate::peer) == 1);
  }
  void note(const Multiaddr& address, std::uint8_t kind, std::uint8_t value) {
    book_.note(address,
               {.finding = static_cast<Finding>(kind / 8 % 5),
                .by = peer_of(kind),
                .network = network_of(ip_of(kind)),
                .from_stranger = value >= 128,
                .proven = kind >= 128},
               now_);
  }
  void check() const {
    const auto rows = book_.addresses(now_);
    WARREN_ASSERT(rows.size() <= kSocketsMax * kAddressesPerSocketMax);
    for (const OwnAddress& row : rows) {
      WARREN_ASSERT(row.confidence >= 0 && row.confidence <= 1);
      WARREN_ASSERT(row.verified_by.size() <= kVoicesMax);
      if (row.expires) WARREN_ASSERT(*row.expires > now_ && row.verdict != Verdict::kUnknown);
    }
    const bool reachable =
        std::ranges::any_of(rows, [](const OwnAddress& row) { return row.verdict == Verdict::kReachable; });
    WARREN_ASSERT((book_.overall(now_) == Verdict::kReachable) == reachable);
  }

  ReachabilityBook book_;
  Instant now_{};
};

}  // namespace
}  // namespace warren

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  warren::Steps steps;
  for (std::size_t i = 0; i + 1 < std::min<std::size_t>(size, 512); i += 2) steps.step(data[i], data[i + 1]);
  return 0;
}
