// A process that writes peers is killed (kill -9) at any moment, 200 times: what it has reported as committed
// is there afterwards, and the file needs no repair.
#include <doctest/doctest.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <random>

#include "warren/base/assert.hpp"
#include "warren/storage/database.hpp"
#include "warren/storage/sqlite_peer_archive.hpp"
#include "warren/storage/test_folder.hpp"

namespace warren {
namespace {

constexpr int kRounds = 200;
// The first so many numbers of a round are awaited; then the process has up to this time more.
constexpr std::uint64_t kAwaitedMax = 4;
constexpr std::uint64_t kMoreMax_us = 6000;
// Peers in one transaction: of each either all or none is there.
constexpr std::uint64_t kBatch = 3;
constexpr std::uint64_t kPeersKept = 60;

PeerId numbered_peer(std::uint64_t number) {
  Bytes multihash = {0x12, 0x20};
  multihash.resize(34);
  for (std::size_t i = 0; i < 8; ++i) multihash[2 + i] = static_cast<std::uint8_t>(number >> (8 * i));
  return value_or_throw(PeerId::from_bytes(multihash));
}

// The numbered transaction: three peers that carry its number.
std::vector<ArchivedPeer> batch(std::uint64_t number) {
  std::vector<ArchivedPeer> peers;
  for (std::uint64_t i = 0; i < kBatch; ++i) {
    ArchivedPeer peer;
    peer.id = numbered_peer(number * kBatch + i);
    peer.record_seq = number;
    peer.description = PeerDescription{{"/a", "/b"}, std::string(500, 'x'), "p"};
    for (int port = 1; port <= 8; ++port) {
      const auto address = Multiaddr::parse("/ip4/192.0.2.1/tcp/" + std::to_string(port));
      peer.addresses.push_back(
          {value_or_throw(address), AddressSource::kIdentify, WallTime{}, std::nullopt, 0});
    }
    peers.push_back(std::move(peer));
  }
  return peers;
}

// Never returns: writes, and reports each commit.
[[noreturn]] void write_until_killed(const std::string& path, std::uint64_t number, int report_to) {
  auto archive = SqlitePeerArchive::open(path, {.peers_max = kPeersKept});
  if (!archive) ::_exit(1);
  for (;; ++number) {
    if (!(*archive)->write(batch(number), {})) ::_exit(2);
    if (::write(report_to, &number, sizeof number) != sizeof number) ::_exit(3);
  }
}

// The next number that the process reports; nothing when it is gone, or stuck.
std::optional<std::uint64_t> next_report(int from) {
  constexpr int kStuck_ms = 30'000;
  pollfd waiting{.fd = from, .events = POLLIN, .revents = 0};
  if (::poll(&waiting, 1, kStuck_ms) <= 0) return std::nullopt;
  std::uint64_t number = 0;
  if (::read(from, &number, sizeof number) != sizeof number) return std::nullopt;
  return number;
}

struct Round {
  std::uint64_t committed = 0;
  int status = 0;
};

// Starts a writer, kills it after some reports, and reads those that it left behind.
Round run_round(const std::string& path, std::uint64_t first, std::uint64_t awaited, int more_us) {
  int ends[2];
  WARREN_ASSERT(::pipe(ends) == 0);
  const pid_t child = ::fork();
  WARREN_ASSERT(child >= 0);
  if (child == 0) {
    ::close(ends[0]);
    write_until_killed(path, first, ends[1]);
  }
  ::close(ends[1]);
  Round round{.committed = first - 1, .status = 0};
  for (std::uint64_t i = 0; i < awaited; ++i) round.committed = next_report(ends[0]).value_or(0);
  const timespec more{.tv_sec = 0, .tv_nsec = more_us * 1000L};
  ::ppoll(nullptr, 0, &more, nullptr);
  ::kill(child, SIGKILL);
  while (const auto next = next_report(ends[0])) round.committed = *next;
  ::close(ends[0]);
  WARREN_ASSERT(::waitpid(child, &round.status, 0) == child);
  return round;
}

void check_integrity(const std::string& path) {
  auto database = value_or_throw(Database::open(path, {""}));
  auto check = value_or_throw(database.prepare("PRAGMA integrity_check"));
  REQUIRE(value_or_throw(check.step()));
  CHECK(to_text(check.bytes(0)) == "ok");
  auto keys = value_or_throw(database.prepare("PRAGMA foreign_key_check"));
  CHECK(!value_or_throw(keys.step()));
}

// A killed process loses nothing that it has given to the kernel: memory does as well as a disk, and faster.
std::filesystem::path quick_folder() {
  const std::filesystem::path memory = "/dev/shm";
  return std::filesystem::is_directory(memory) ? memory : std::filesystem::temp_directory_path();
}

TEST_CASE("kill -9 at any moment loses no committed peer, and nothing needs repair") {
  const TemporaryFolder folder(quick_folder());
  const std::string path = folder.file("peers.db");
  std::mt19937_64 random(5);
  std::uint64_t last = 0;
  int killed = 0;
  int beyond = 0;  // rounds in which a transaction was committed and not reported
  for (int round = 0; round < kRounds; ++round) {
    CAPTURE(round);
    const std::uint64_t awaited = random() % kAwaitedMax;
    const auto ended = run_round(path, last + 1, awaited, static_cast<int>(random() % kMoreMax_us));
    killed += WIFSIGNALED(ended.status) && WTERMSIG(ended.status) == SIGKILL;
    REQUIRE(ended.committed >= last + awaited);
    last = ended.committed;

    auto archive = value_or_throw(SqlitePeerArchive::open(path, {.peers_max = kPeersKept}));
    const auto peers = value_or_throw(archive->read(kPeersKept));
    if (last == 0 && peers.empty()) continue;
    REQUIRE(!peers.empty());
    // What is there is whole: the last transaction, the one after it at most, and those before.
    const std::uint64_t newest = *peers.front().record_seq;
    CHECK(newest >= last);
    CHECK(newest <= last + 1);
    beyond += newest > last;
    CHECK(peers.size() == std::min(kPeersKept, newest * kBatch));
    for (std::size_t i = 0; i < peers.size(); ++i) {
      CHECK(peers[i].id == numbered_peer(newest * kBatch + kBatch - 1 - i));
      CHECK(peers[i].addresses.size() == 8);
    }
    last = newest;
    if (round % 10 == 0 || round == kRounds - 1) {
      archive.reset();
      check_integrity(path);
    }
  }
  CHECK(killed == kRounds);
  MESSAGE("transactions: ", last, ", committed and not reported: ", beyond);
}

}  // namespace
}  // namespace warren
