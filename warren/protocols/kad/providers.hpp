// Provider records: who has what a multihash stands for, announced to the peers nearest to it.
// https://github.com/libp2p/specs/blob/master/kad-dht/README.md#content-provider-advertisement-and-discovery
#pragma once

#include "warren/async/task_group.hpp"
#include "warren/protocols/kad/neighbourhood.hpp"
#include "warren/protocols/kad/records.hpp"

namespace warren::kad {

class Providers {
 public:
  // All outlive it. `background` runs what goes on behind an answer.
  Providers(Host& host, const Config& config, Members& members, Search& search, Neighbourhood& neighbourhood,
            Rpc& rpc, Records& records, TaskGroup& background);

  // As Kad has them.
  Task<std::size_t> provide(Bytes multihash, LookupReport* report);
  Task<std::vector<PeerInfo>> find(Bytes multihash, std::size_t enough, LookupReport* report);

 private:
  struct Announcement;
  struct Found;
  Task<void> announce(std::shared_ptr<Announcement> announcement);
  Task<void> announce_to_nearest(std::shared_ptr<Announcement> announcement);
  Task<std::vector<PeerInfo>> ask_for_node(std::shared_ptr<Announcement> announcement, PeerInfo peer);
  void announce_at(const std::shared_ptr<Announcement>& announcement, PeerInfo peer);
  Task<void> search(Found& found, LookupReport* report);
  Task<void> ask_one_more(PeerInfo peer, Found& found);
  Task<void> tell(std::shared_ptr<Announcement> announcement, PeerInfo peer);
  Task<std::vector<PeerInfo>> ask_for_providers(PeerInfo peer, Found& found);

  Host& host_;
  const Config& config_;
  Members& members_;
  Search& search_;
  Neighbourhood& neighbourhood_;
  Rpc& rpc_;
  Records& records_;
  TaskGroup& background_;
};

}  // namespace warren::kad
