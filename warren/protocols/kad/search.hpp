// A lookup from start to end: begins with the routing table, runs the frontier's questions, learns from the
// answers, and tells what it did.
#pragma once

#include "warren/protocols/kad/members.hpp"
#include "warren/protocols/kad/query.hpp"
#include "warren/protocols/kad/rpc.hpp"

namespace warren::kad {

// Whether a lookup may end before it is done; asked after each answer.
using Enough = std::function<bool(const Lookup& lookup)>;

class Search {
 public:
  // All outlive it.
  Search(Host& host, const Config& config, Members& members, Rpc& rpc);

  // Asks `ask` of ever nearer peers until the nearest have answered, which it returns, nearest first; or
  // until `enough` says so, and then returns the nearest that are known, whether they have answered or not.
  // `report` (may be null) gets what it did, whatever the outcome. Throws kNoPeers when the table is empty,
  // and kUnreachable when nobody has answered. Cancelable.
  Task<std::vector<PeerInfo>> run(Key target, Ask ask, Enough enough, LookupReport* report);

  // The same with other peers to begin with.
  Task<std::vector<PeerInfo>> run_from(std::vector<PeerInfo> seeds, Key target, Ask ask, Enough enough,
                                       LookupReport* report);

  // The same with FIND_NODE for the key.
  Task<std::vector<PeerInfo>> nearest(Bytes key, LookupReport* report);

  // What to look for to get to these places; those for which nothing was found are left out.
  Task<std::vector<Bytes>> preimages(std::vector<Prefix> prefixes);

  // FIND_NODE for the key.
  Ask find_node(Bytes key);

  std::uint64_t lookups() const { return lookups_; }

 private:
  Task<std::vector<PeerInfo>> ask_for_node(PeerInfo peer, Bytes key);

  Host& host_;
  const Config& config_;
  Members& members_;
  Rpc& rpc_;
  std::uint64_t lookups_ = 0;
};

}  // namespace warren::kad
