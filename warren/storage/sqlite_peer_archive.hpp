// The peerstore's peers in an SQLite file, so that a node knows them after a restart.
#pragma once

#include <memory>
#include <string>

#include "warren/core/peer_archive.hpp"

namespace warren {

struct PeerArchiveLimits {
  // About 2 KiB each. What is written last stays.
  std::size_t peers_max = 4096;
  // Of a peer's that are read; a peerstore holds fewer.
  std::size_t addresses_per_peer_max = 64;
};

// Safe on several threads: calls take turns.
class SqlitePeerArchive final : public PeerArchive {
 public:
  // `path` as Database::open takes it. kStorage.
  static Result<std::unique_ptr<SqlitePeerArchive>> open(const std::string& path,
                                                         PeerArchiveLimits limits = {});
  ~SqlitePeerArchive() override;

  // Those forgotten go first: a peer that is in both is there afterwards.
  Result<> write(const std::vector<ArchivedPeer>& changed, const std::vector<PeerId>& forgotten) override;
  Result<std::vector<ArchivedPeer>> read(std::size_t limit) override;

 private:
  struct State;
  explicit SqlitePeerArchive(std::unique_ptr<State> state);

  std::unique_ptr<State> state_;
};

}  // namespace warren
