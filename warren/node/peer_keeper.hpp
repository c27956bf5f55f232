// Carries the peerstore over a restart: reads the archive at the start, and writes what changes, a moment
// after it does.
#pragma once

#include <vector>

#include "warren/async/task_group.hpp"
#include "warren/core/host.hpp"
#include "warren/core/peer_archive.hpp"
#include "warren/swarm/peerstore.hpp"

namespace warren {

class PeerKeeper {
 public:
  // What changes within this time is written at once; what a crash loses is no older.
  static constexpr Duration kWriteInterval = 2s;
  // How often expired addresses are dropped, and the round trips of connections taken down.
  static constexpr Duration kTidyInterval = 1min;
  // Peers in one transaction; each may have said 160 KiB of itself, and is in memory once more meanwhile.
  static constexpr std::size_t kBatch = 8;
  // How long an address that has led to its peer is tried after a restart, when its time is over.
  static constexpr Duration kSecondLife = 1h;

  // All outlive it. The archive is used on the offload pool.
  PeerKeeper(Host& host, MemoryPeerstore& peerstore, PeerArchive& archive);

  // Fills the peerstore; to be done before anything else writes to it. An archive that cannot be read is as
  // good as none: that is logged.
  Task<void> restore();
  // Keeps writing from now on.
  void start();
  // Writes what is left. To be called when the host is closed: its connections' ends are changes, too.
  Task<void> close();

  // How many peers restore() has brought.
  std::size_t restored() const { return restored_; }

 private:
  Task<void> keep();
  Task<void> flush();
  void tidy();

  Host& host_;
  MemoryPeerstore& peerstore_;
  PeerArchive& archive_;
  std::vector<PeerId> outdated_;  // archived peers of whom nothing is worth knowing any more
  std::size_t restored_ = 0;
  bool failing_ = false;  // the last write did
  TaskGroup tasks_;
};

// Peers that this node was connected to, with the addresses that led there, the latest first: whom to begin
// with after a restart.
std::vector<PeerInfo> known_good_peers(const Peerstore& peerstore, Instant now, std::size_t max);

}  // namespace warren
