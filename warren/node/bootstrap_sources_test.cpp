// Whom a node dials when, of those it was told of.
#include "warren/node/bootstrap_sources.hpp"

#include <doctest/doctest.h>

#include <algorithm>

#include "warren/base/writer.hpp"
#include "warren/core/test_values.hpp"
#include "warren/sim/random.hpp"

using namespace warren;
using testing::keyless_peer;

namespace {

PeerInfo peer_at(std::uint32_t number, std::uint16_t port = 1) {
  const auto address = Multiaddr::parse("/ip4/192.0.2.1/tcp/" + std::to_string(port));
  return {keyless_peer(number), {value_or_throw(address)}};
}

const std::error_code kTimedOut = Errc::kTimedOut;

struct Sources {
  std::vector<PeerId> due(std::size_t connected = 0) {
    std::vector<PeerId> ids;
    for (const PeerInfo& info : sources.take_due(now, connected)) ids.push_back(info.id);
    return ids;
  }
  // How long until the next dial of a peer that fails all the time.
  Duration pause(std::uint32_t number, std::size_t connected = 0) {
    sources.dialed(keyless_peer(number), kTimedOut, now);
    const auto next = sources.next_due(now, connected);
    REQUIRE(next.has_value());
    const Duration waited = *next - now;
    now = *next;
    CHECK(due(connected) == std::vector{keyless_peer(number)});
    return waited;
  }

  sim::SeededRandom random{1};
  BootstrapLimits limits;
  BootstrapSources sources{random, limits};
  Instant now{100s};
};

}  // namespace

TEST_CASE_FIXTURE(Sources, "a kept peer is dialed at once, and again and again with longer pauses") {
  CHECK_FALSE(sources.next_due(now, 0).has_value());
  CHECK(sources.add(peer_at(1), "config", true, now));
  CHECK(sources.next_due(now, 0) == now);
  CHECK(due() == std::vector{keyless_peer(1)});
  CHECK(due().empty());
  CHECK_FALSE(sources.next_due(now, 0).has_value());  // it is being dialed
  Duration longest{};
  for (const Duration whole : {1s, 2s, 4s, 8s, 16s, 32s, 60s, 60s}) {
    const Duration waited = pause(1, 50);  // however many are connected
    CHECK(waited >= whole / 2);
    CHECK(waited <= whole);
    longest = std::max(longest, waited);
  }
  CHECK(longest > 30s);
}

TEST_CASE_FIXTURE(Sources, "a lost connection is dialed again soon, unless it never held") {
  sources.add(peer_at(1), "config", true, now);
  due();
  for (int i = 0; i < 6; ++i) pause(1);
  const auto until_next = [&] { return *sources.next_due(now, 0) - now; };
  const auto connect_for = [&](Duration duration) {
    sources.connected(keyless_peer(1), now);
    sources.dialed(keyless_peer(1), {}, now);
    CHECK(due().empty());
    now += duration;
    sources.disconnected(keyless_peer(1), now);
  };
  connect_for(1s);
  CHECK(until_next() >= 30s);
  now += until_next();
  CHECK(due().size() == 1);
  connect_for(20s);
  CHECK(until_next() <= 1s);
}

TEST_CASE_FIXTURE(Sources, "offered peers are dialed once, some at a time, while few are connected") {
  for (std::uint32_t i = 0; i < 20; ++i) sources.add(peer_at(i), "known", false, now);
  CHECK(due(limits.connected_enough).empty());
  CHECK_FALSE(sources.next_due(now, limits.connected_enough).has_value());
  CHECK(due().size() == limits.offers_at_once_max);
  CHECK(due().empty());
  for (std::uint32_t i = 0; i < 3; ++i) sources.dialed(keyless_peer(i), kTimedOut, now);
  CHECK(due(1) == std::vector{keyless_peer(8), keyless_peer(9), keyless_peer(10)});
  for (std::uint32_t i = 3; i < 20; ++i) {
    sources.dialed(keyless_peer(i), kTimedOut, now);
    due(1);
  }
  now += 24h;
  CHECK(due(1).empty());  // each has had its chance
  CHECK_FALSE(sources.next_due(now, 1).has_value());
}

TEST_CASE_FIXTURE(Sources, "who is alone asks again those who were offered, after longer and longer pauses") {
  sources.add(peer_at(1), "known", false, now);
  due();
  CHECK(pause(1) >= 30s);
  CHECK(pause(1) >= 60s);
  CHECK(pause(1) >= 120s);
  CHECK(pause(1) <= 480s);
  sources.dialed(keyless_peer(1), kTimedOut, now);
  CHECK_FALSE(sources.next_due(now, 1).has_value());
}

TEST_CASE_FIXTURE(Sources, "offered peers that do not answer make room for others after a moment") {
  for (std::uint32_t i = 0; i < 100; ++i) sources.add(peer_at(i), "known", false, now);
  std::size_t dialing = due().size();
  while (const auto next = sources.next_due(now, 0)) {
    CHECK(*next == now + limits.slow);
    now = *next;
    dialing += due().size();
  }
  CHECK(dialing == limits.offers_slow_max);
}

TEST_CASE_FIXTURE(Sources, "kept peers wait for no place") {
  for (std::uint32_t i = 0; i < 20; ++i) sources.add(peer_at(i), "known", false, now);
  due();
  for (std::uint32_t i = 100; i < 140; ++i) sources.add(peer_at(i), "config", true, now);
  CHECK(due(50).size() == 40);
}

TEST_CASE_FIXTURE(Sources, "several sources may tell of one peer, and each forgets for itself") {
  sources.add(peer_at(1, 1), "config", true, now);
  sources.add(peer_at(1, 2), "known", false, now);
  CHECK_FALSE(sources.add(peer_at(1, 2), "known", false, now));
  const auto dialed = sources.take_due(now, 0);
  REQUIRE(dialed.size() == 1);
  CHECK(dialed[0].addresses.size() == 2);
  sources.dialed(keyless_peer(1), kTimedOut, now);
  const auto list = sources.list();
  REQUIRE(list.size() == 2);
  CHECK(list[0].source == "config");
  CHECK(list[0].address.to_string() == "/ip4/192.0.2.1/tcp/1/p2p/" + keyless_peer(1).to_string());
  CHECK(list[0].error == kTimedOut.message());
  CHECK(list[1].source == "known");

  CHECK_FALSE(sources.remove(keyless_peer(1), "config", peer_at(1, 2).addresses[0]));
  CHECK(sources.remove(keyless_peer(1), "config", peer_at(1, 1).addresses[0]));
  CHECK_FALSE(sources.keeps(keyless_peer(1)));
  CHECK(sources.contains(keyless_peer(1)));
  CHECK(sources.remove(keyless_peer(1), "known", std::nullopt));
  CHECK_FALSE(sources.contains(keyless_peer(1)));
  sources.dialed(keyless_peer(1), {}, now);  // too late: of no effect
  CHECK(sources.list().empty());
}

TEST_CASE_FIXTURE(Sources, "what a source tells as a whole replaces what it told before") {
  CHECK(sources.replace("dns a.example", {peer_at(1), peer_at(2)}, true, now));
  sources.add(peer_at(2), "config", true, now);
  CHECK_FALSE(sources.replace("dns a.example", {peer_at(1), peer_at(2)}, true, now));
  due();
  CHECK(sources.replace("dns a.example", {peer_at(3)}, true, now));
  CHECK_FALSE(sources.contains(keyless_peer(1)));
  CHECK(sources.contains(keyless_peer(2)));
  CHECK(due() == std::vector{keyless_peer(3)});
  CHECK(sources.replace("dns a.example", {peer_at(3, 7)}, true, now));
  CHECK(sources.addresses(keyless_peer(3), "dns a.example") == peer_at(3, 7).addresses);
}

TEST_CASE_FIXTURE(Sources, "another address of a peer that cannot be reached is tried at once") {
  sources.add(peer_at(1), "config", true, now);
  due();
  sources.dialed(keyless_peer(1), kTimedOut, now);
  CHECK(due().empty());
  sources.add(peer_at(1, 2), "mdns", false, now);
  CHECK(due().size() == 1);
}

TEST_CASE_FIXTURE(Sources, "another network is another chance for all") {
  sources.add(peer_at(1), "config", true, now);
  sources.add(peer_at(2), "known", false, now);
  due();
  for (std::uint32_t i : {1, 2}) sources.dialed(keyless_peer(i), kTimedOut, now);
  CHECK(due(1).empty());
  sources.network_changed(now);
  CHECK(due(1).size() == 2);
}

TEST_CASE_FIXTURE(Sources, "peers and addresses are bounded, and kept ones drive out others") {
  for (std::uint32_t i = 0; i < limits.peers_max; ++i) CHECK(sources.add(peer_at(i), "mdns", false, now));
  CHECK_FALSE(sources.add(peer_at(1000), "mdns", false, now));
  CHECK(sources.add(peer_at(1001), "config", true, now));
  CHECK_FALSE(sources.contains(keyless_peer(0)));
  due();
  sources.dialed(keyless_peer(1), kTimedOut, now);  // it has had its chance
  CHECK(sources.add(peer_at(1000), "mdns", false, now));
  CHECK_FALSE(sources.contains(keyless_peer(1)));

  PeerInfo wide = peer_at(2);
  for (std::uint16_t port = 2; port < 100; ++port) wide.addresses.push_back(peer_at(2, port).addresses[0]);
  sources.add(wide, "mdns", false, now);
  CHECK(sources.addresses(keyless_peer(2), "mdns").size() == limits.addresses_max);
  CHECK_FALSE(sources.add({keyless_peer(3), {}}, "mdns", false, now));

  BootstrapSources full(random, {.peers_max = 2});
  full.add(peer_at(1), "config", true, now);
  full.add(peer_at(2), "config", true, now);
  CHECK_FALSE(full.add(peer_at(3), "config", true, now));
}
