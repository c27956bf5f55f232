#include "warren/protocols/rendezvous/registrations.hpp"

#include <doctest/doctest.h>

#include "warren/crypto/peer_record.hpp"

using namespace warren;
using namespace warren::rendezvous;

namespace {

constexpr Instant kNow = Instant{} + 1h;

struct Someone {
  explicit Someone(std::uint16_t number)
      : key(PrivateKey::generate(KeyType::kEd25519,
                                 [number](MutableBytes to) {
                                   std::ranges::fill(to, 0);
                                   to[0] = static_cast<std::uint8_t>(number);
                                   to[1] = static_cast<std::uint8_t>(number >> 8);
                                 })),
        id(PeerId::from_public_key(key.public_key())) {}

  Register at(std::string name_space, std::optional<std::uint64_t> ttl = {}) const {
    const auto address = value_or_throw(Multiaddr::parse("/ip4/192.0.2.1/tcp/1"));
    return {std::move(name_space), PeerRecord{id, 1, {address}}.seal(key), ttl};
  }

  PrivateKey key;
  PeerId id;
};

struct Point {
  explicit Point(std::uint64_t total = 1000, std::uint64_t per_peer = 10, std::uint8_t secret = 7)
      : total("total", "", total),
        per_peer("per_peer", "", per_peer),
        registrations(fill(secret), this->total, this->per_peer) {}
  static Registrations::Secret fill(std::uint8_t byte) {
    Registrations::Secret secret;
    secret.fill(byte);
    return secret;
  }
  Status add(const Someone& who, const std::string& name_space, std::optional<std::uint64_t> ttl = {},
             Instant now = kNow) {
    return registrations.add(who.id, who.at(name_space, ttl), now).status;
  }
  std::vector<PeerId> found(const DiscoverResponse& response) {
    std::vector<PeerId> peers;
    for (const Register& each : response.registrations)
      peers.push_back(value_or_throw(PeerRecord::open(each.signed_peer_record)).peer_id);
    return peers;
  }
  DiscoverResponse discover(const std::string& name_space, Bytes cookie = {}, std::uint64_t limit = 0,
                            Instant now = kNow) {
    return registrations.discover({name_space, limit, std::move(cookie)}, now);
  }

  Limit total, per_peer;
  Registrations registrations;
};

const Someone alice(1), bob(2), carol(3);

}  // namespace

TEST_CASE("who registered is found under that name, and under all") {
  Point point;
  CHECK(point.add(alice, "room") == Status::kOk);
  CHECK(point.add(bob, "room") == Status::kOk);
  CHECK(point.add(alice, "hall") == Status::kOk);
  CHECK(point.found(point.discover("room")) == std::vector{alice.id, bob.id});
  CHECK(point.found(point.discover("hall")) == std::vector{alice.id});
  CHECK(point.discover("cellar").registrations.empty());
  CHECK(point.found(point.discover("")) == std::vector{alice.id, bob.id, alice.id});
  CHECK(point.discover("hall").registrations.front().ttl == 7200);

  point.registrations.remove(alice.id, {"room"}, kNow);
  point.registrations.remove(carol.id, {"room"}, kNow);
  CHECK(point.found(point.discover("room")) == std::vector{bob.id});
  CHECK(point.total.used() == 2);
}

TEST_CASE("a cookie leads to what came since, page by page") {
  Point point;
  for (const Someone* who : {&alice, &bob, &carol}) point.add(*who, "room");
  auto page = point.discover("room", {}, 2);
  CHECK(point.found(page) == std::vector{alice.id, bob.id});
  page = point.discover("room", page.cookie, 2);
  CHECK(point.found(page) == std::vector{carol.id});
  page = point.discover("room", page.cookie, 2);
  CHECK(page.registrations.empty());
  CHECK(page.status == Status::kOk);
  point.add(alice, "room");  // refreshed: worth telling again, once
  page = point.discover("room", page.cookie);
  CHECK(point.found(page) == std::vector{alice.id});
  CHECK(point.registrations.size() == 3);

  const Bytes empty = point.discover("new").cookie;
  point.add(bob, "new");
  CHECK(point.found(point.discover("new", empty)) == std::vector{bob.id});
}

TEST_CASE("a cookie that this point did not make for this name is invalid") {
  Point point;
  Point restarted(1000, 10, 8);
  point.add(alice, "room");
  const Bytes cookie = point.discover("room").cookie;
  CHECK(point.discover("room", cookie).status == Status::kOk);
  CHECK(point.discover("hall", cookie).status == Status::kInvalidCookie);
  CHECK(point.discover("", cookie).status == Status::kInvalidCookie);
  CHECK(restarted.discover("room", cookie).status == Status::kInvalidCookie);
  for (std::size_t i = 0; i < cookie.size(); ++i) {
    Bytes forged = cookie;
    forged[i] ^= 1;
    CHECK(point.discover("room", forged).status == Status::kInvalidCookie);
  }
  // 8 bytes and the namespace, which is all that rust-libp2p can carry.
  CHECK(cookie.size() == 8 + 4);
  CHECK(to_text(BytesView(cookie).subspan(8)) == "room");
  CHECK(point.discover("").cookie.size() == 8);
  CHECK(point.discover("room", {1}).status == Status::kInvalidCookie);
  CHECK(point.discover("room", Bytes(1000)).status == Status::kInvalidCookie);
}

TEST_CASE("registrations end when their time is over") {
  Point point;
  CHECK(point.registrations.add(alice.id, alice.at("room", 60), kNow).ttl == 60);
  CHECK(point.registrations.add(bob.id, bob.at("room", 0), kNow).ttl == 7200);
  CHECK(point.discover("room", {}, 0, kNow + 30s).registrations.front().ttl == 30);
  CHECK(point.found(point.discover("room", {}, 0, kNow + 60s)) == std::vector{bob.id});
  CHECK(point.add(bob, "room", 100, kNow + 7199s) == Status::kOk);  // a newer one supersedes
  CHECK(point.discover("room", {}, 0, kNow + 7201s).registrations.size() == 1);
  CHECK(point.discover("room", {}, 0, kNow + 7299s).registrations.empty());
  CHECK(point.registrations.size() == 0);
  CHECK(point.total.used() == 0);
  CHECK(point.add(alice, "room", 72 * 3600) == Status::kOk);
  CHECK(point.add(alice, "room", 72 * 3600 + 1) == Status::kInvalidTtl);
  CHECK(point.add(alice, "room", UINT64_MAX) == Status::kInvalidTtl);
}

TEST_CASE("only one's own valid record is taken, under a proper name") {
  Point point;
  const auto status = [&](const Register& request) {
    return point.registrations.add(alice.id, request, kNow).status;
  };
  CHECK(status(bob.at("room")) == Status::kNotAuthorized);
  Register forged = alice.at("room");
  forged.signed_peer_record.back() ^= 1;
  CHECK(status(forged) == Status::kInvalidSignedPeerRecord);
  CHECK(status({"room", {}, {}}) == Status::kInvalidSignedPeerRecord);
  CHECK(status(alice.at("")) == Status::kInvalidNamespace);
  CHECK(status(alice.at(std::string(256, 'x'))) == Status::kInvalidNamespace);
  CHECK(status(alice.at("\xff")) == Status::kInvalidNamespace);
  CHECK(point.discover(std::string(256, 'x')).status == Status::kInvalidNamespace);
  CHECK(point.registrations.size() == 0);
}

TEST_CASE("neither one peer nor many fill the point, and pages stay small") {
  Point point(2000, 5);
  for (int i = 0; i < 20; ++i) {
    const Status status = point.add(alice, "room" + std::to_string(i));
    CHECK(status == (i < 5 ? Status::kOk : Status::kUnavailable));
  }
  CHECK(point.add(alice, "room0") == Status::kOk);  // in its own place
  CHECK(point.per_peer.use().refused == 15);
  CHECK(point.per_peer.used() == 5);
  for (std::uint16_t number = 10; number < 2100; ++number) {
    const Someone who(number);
    point.registrations.add(who.id, who.at("crowd"), kNow);
  }
  CHECK(point.registrations.size() == 2000);
  CHECK(point.total.used() == 2000);
  CHECK(point.total.use().refused == 2090 - 1995);
  CHECK(point.discover("crowd").registrations.size() == kRegistrationsMax);
  CHECK(point.discover("crowd", {}, UINT64_MAX).registrations.size() == kRegistrationsMax);
  std::size_t all = 0;
  Bytes cookie;
  for (int pages = 0; pages < 10; ++pages) {
    const auto page = point.discover("", cookie);
    CHECK(encode(page).size() < kResponseSizeMax);
    all += page.registrations.size();
    cookie = page.cookie;
  }
  CHECK(all == 2000);
}
