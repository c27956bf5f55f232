#include "warren/protocols/kad/routing/routing_table.hpp"

#include <doctest/doctest.h>

#include <set>

#include "warren/protocols/kad/routing/test_network.hpp"

using namespace warren;
using namespace warren::kad;
using kad::test::kStart;
using kad::test::numbered_peer;
using kad::test::random_key;
using Add = RoutingTable::Add;

namespace {

const Key kSelf = Key::of(numbered_peer(1ULL << 40));

std::vector<IpAddress> public_ip(std::uint8_t second, std::uint8_t last = 1) {
  return {IpAddress::v4({198, second, 7, last})};
}

// `count` peers that share just `common` bits with this node.
std::vector<PeerId> in_bucket(std::size_t common, std::size_t count, std::uint64_t from = 0) {
  std::vector<PeerId> peers;
  for (std::uint64_t i = from; peers.size() < count; ++i) {
    if (kSelf.common_prefix(Key::of(numbered_peer(i))) == common) peers.push_back(numbered_peer(i));
  }
  return peers;
}

RoutingTable filled(const std::vector<PeerId>& peers, Instant now = kStart) {
  RoutingTable table(kSelf);
  for (const PeerId& peer : peers) table.add(peer, {}, now);
  return table;
}

}  // namespace

TEST_CASE("peers enter, are known, and leave") {
  RoutingTable table(kSelf);
  const auto peers = in_bucket(0, 2);
  CHECK(table.add(peers[0], {}, kStart).outcome == Add::kNew);
  CHECK(table.add(peers[0], {}, kStart + 5s).outcome == Add::kKnown);
  CHECK(table.find(peers[0])->heard == kStart + 5s);
  CHECK(table.find(peers[0])->added == kStart);
  CHECK(table.find(peers[1]) == nullptr);
  CHECK(table.add(numbered_peer(1ULL << 40), {}, kStart).outcome == Add::kFull);  // this node
  CHECK(table.peers() == std::vector<PeerId>{peers[0]});
  CHECK_FALSE(table.remove(peers[1]));
  CHECK(table.remove(peers[0]));
  CHECK(table.size() == 0);
}

TEST_CASE("who is of use is not pushed out by newcomers") {
  const auto peers = in_bucket(0, 40);
  RoutingTable table = filled({peers.begin(), peers.begin() + 20});
  for (std::size_t i = 20; i < 40; ++i) CHECK(table.add(peers[i], {}, kStart + 59min).outcome == Add::kFull);
  CHECK(table.bucket_sizes() == std::vector<std::size_t>{20});
  for (std::size_t i = 0; i < 18; ++i) table.note_answer(peers[i], true, kStart + 50min);
  table.note_answer(peers[18], false, kStart + 50min);
  table.set_connected(peers[19], true, kStart);
  // After an hour the one that was of no use goes; the useful and the connected stay.
  const auto added = table.add(peers[20], {}, kStart + 60min);
  CHECK(added.outcome == Add::kReplaced);
  CHECK(added.replaced == peers[18]);
  CHECK(table.find(peers[18]) == nullptr);
  CHECK(table.find(peers[20]) != nullptr);
  CHECK(table.add(peers[21], {}, kStart + 61min).outcome == Add::kFull);
  CHECK(table.size() == 20);
}

TEST_CASE("a failure makes a suspect, that nobody is told of and that a newcomer replaces") {
  const auto peers = in_bucket(0, 21);
  RoutingTable table = filled({peers.begin(), peers.begin() + 20});
  CHECK_FALSE(table.note_failure(peers[7], kStart + 1s));
  const auto told = table.closest(kSelf, 20);
  CHECK(told.size() == 19);
  CHECK(std::ranges::find(told, peers[7]) == told.end());
  CHECK(table.seeds(kSelf, 20).back() == peers[7]);
  CHECK(table.seeds(kSelf, 5) == table.closest(kSelf, 5));
  CHECK(table.add(peers[20], {}, kStart + 2s).replaced == peers[7]);
}

TEST_CASE("the second failure removes it, unless it is this node that is cut off") {
  const auto peers = in_bucket(0, 3);
  RoutingTable table = filled(peers);
  CHECK_FALSE(table.note_failure(peers[0], kStart + 1s));
  table.note_answer(peers[1], false, kStart + 2s);
  CHECK(table.note_failure(peers[0], kStart + 3s));
  CHECK(table.size() == 2);
  // Now nobody answers.
  for (int i = 0; i < 9; ++i) {
    CHECK_FALSE(table.note_failure(peers[1], kStart + 10s + i * 5s));
    CHECK_FALSE(table.note_failure(peers[2], kStart + 10s + i * 5s));
  }
  CHECK(table.closest(kSelf, 5).empty());
  CHECK(table.seeds(kSelf, 5).size() == 2);
  table.note_answer(peers[2], false, kStart + 1min);
  CHECK(table.closest(kSelf, 5) == std::vector<PeerId>{peers[2]});
  CHECK(table.note_failure(peers[1], kStart + 2min));
  for (int i = 0; i < 9; ++i) CHECK_FALSE(table.note_failure(peers[2], kStart + 3min + i * 5s));
  CHECK(table.note_failure(peers[2], kStart + 4min));
}

TEST_CASE("the nearest are those that sorting the whole table gives") {
  RoutingTable table(kSelf);
  for (std::uint64_t i = 0; i < 2000; ++i) table.add(numbered_peer(i), {}, kStart);
  CHECK(table.size() > 100);
  CHECK(table.size() < 200);
  std::mt19937_64 random(5);
  for (int i = 0; i < 60; ++i) {
    Key target = random_key(random);
    if (i == 0) target = kSelf;
    if (i % 3 == 1) target = kSelf.with_bit_flipped(static_cast<std::size_t>(i) / 3);
    auto sorted = table.peers();
    std::ranges::sort(sorted, {}, [&](const PeerId& peer) { return target.distance(Key::of(peer)); });
    sorted.resize(20);
    CHECK(table.closest(target, 20) == sorted);
  }
  CHECK(table.closest(kSelf, 1000).size() == table.size());
  CHECK(table.closest(kSelf, 0).empty());
}

TEST_CASE("peers of one block of addresses: two a bucket, three a table") {
  RoutingTable table = filled(in_bucket(5, 20));
  const auto far = in_bucket(0, 3);
  CHECK(table.add(far[0], public_ip(51, 1), kStart).outcome == Add::kNew);
  CHECK(table.add(far[1], public_ip(51, 2), kStart).outcome == Add::kNew);
  CHECK(table.add(far[2], public_ip(51, 3), kStart).outcome == Add::kTooManyAlike);
  CHECK(table.add(far[2], public_ip(52, 3), kStart).outcome == Add::kNew);
  CHECK(table.add(in_bucket(1, 1)[0], public_ip(51, 4), kStart).outcome == Add::kNew);
  CHECK(table.add(in_bucket(2, 1)[0], public_ip(51, 5), kStart).outcome == Add::kTooManyAlike);
  CHECK(table.remove(far[0]));
  CHECK(table.add(in_bucket(2, 1)[0], public_ip(51, 5), kStart).outcome == Add::kNew);
  for (const PeerId& peer : in_bucket(3, 10)) {
    CHECK(table.add(peer, std::vector{IpAddress::v4({10, 0, 0, 1})}, kStart).outcome == Add::kNew);
  }
}

TEST_CASE("a network within one block works; when others come, it gives way") {
  RoutingTable table(kSelf);
  for (const PeerId& peer : in_bucket(0, 20))
    CHECK(table.add(peer, public_ip(51), kStart).outcome == Add::kNew);
  for (const PeerId& peer : in_bucket(1, 20))
    CHECK(table.add(peer, public_ip(51), kStart).outcome == Add::kNew);
  // A newcomer of another block takes the place of one of too many, of whatever use that one is.
  const auto other = in_bucket(0, 40, 1000);
  for (std::uint8_t i = 0; i < 18; ++i) {
    CHECK(table.add(other[i], public_ip(static_cast<std::uint8_t>(100 + i)), kStart).outcome ==
          Add::kReplaced);
  }
  CHECK(table.bucket_sizes()[0] == 20);
  const auto left = table.peers();
  CHECK(std::ranges::count_if(left, [&](const PeerId& peer) {
          return kSelf.common_prefix(Key::of(peer)) == 0 &&
                 table.find(peer)->groups.contains((1 << 16) + 198 * 256 + 51);
        }) == 2);
}

TEST_CASE("probes: suspects, then the nearest, each of them once in an interval") {
  const auto far = in_bucket(0, 3);
  const auto near = in_bucket(4, 2);
  RoutingTable table = filled({far[0], far[1], far[2], near[0], near[1]});
  table.set_connected(near[0], true, kStart);
  CHECK(table.due_probes(kStart + 19s, 20s, 10).empty());
  table.note_failure(far[1], kStart + 10s);
  CHECK(table.due_probes(kStart + 14s, 20s, 10).empty());
  CHECK(table.due_probes(kStart + 20s, 20s, 2) == std::vector<PeerId>{far[1], near[1]});
  CHECK(table.due_probes(kStart + 20s, 20s, 10).size() == 2);
  CHECK(table.due_probes(kStart + 21s, 20s, 10).empty());
  table.note_answer(near[1], false, kStart + 21s);
  table.set_connected(near[0], false, kStart + 22s);  // lost, and not heard of for long
  CHECK(table.due_probes(kStart + 22s, 20s, 1) == std::vector<PeerId>{near[0]});
  // Who has waited for very long comes before the near.
  table.note_answer(far[0], false, kStart + 100s);
  table.note_answer(far[1], false, kStart + 100s);
  table.note_answer(near[0], false, kStart + 100s);
  table.note_answer(near[1], false, kStart + 100s);
  CHECK(table.due_probes(kStart + 130s, 20s, 1) == std::vector<PeerId>{far[2]});
}

TEST_CASE("refresh: a lookup for each full bucket, and one for all the others") {
  RoutingTable table(kSelf);
  CHECK(table.refresh_targets(kStart, 10min) == std::vector<std::size_t>{kKeyBits});
  for (std::uint64_t i = 0; i < 500; ++i) table.add(numbered_peer(i), {}, kStart);
  const auto targets = table.refresh_targets(kStart, 10min);
  CHECK(targets.size() >= 4);
  CHECK(targets.size() <= 7);
  CHECK(targets[0] == kKeyBits);
  CHECK(targets[1] == 0);
  for (const std::size_t common : targets) {
    const Prefix prefix = table.refresh_prefix(common);
    CHECK(prefix.key.common_prefix(kSelf) == common);
    CHECK(prefix.bits == std::min(common + 1, kKeyBits));
    table.note_refreshed(prefix.key, kStart + 1min);
  }
  CHECK(table.refresh_targets(kStart + 2min, 10min).empty());
  CHECK(table.refresh_targets(kStart + 11min, 10min) == targets);
}

TEST_CASE("a table is small: of 20,000 peers it keeps less than 40 KB") {
  RoutingTable table(kSelf);
  for (std::uint64_t i = 0; i < 20'000; ++i) table.add(numbered_peer(i), {}, kStart);
  CHECK(table.size() * sizeof(RoutingTable::Entry) < 40'000);
  CHECK(table.size() >= 200);
}

TEST_CASE("preimages are found for the prefixes that are asked for") {
  std::mt19937_64 random(9);
  std::vector<Prefix> prefixes{{random_key(random), 1}, {random_key(random), 10}, {random_key(random), 0}};
  const auto found = find_preimages(prefixes, 1);
  for (std::size_t i = 0; i < prefixes.size(); ++i) {
    CHECK(prefixes[i].contains(Key::of(found[i])));
    CHECK(PeerId::from_bytes(found[i]).has_value());
  }
  CHECK(find_preimages(prefixes, 2)[1] != found[1]);
  CHECK(find_preimages({}, 1).empty());
}
