// Value records: stored at the peers nearest to their key, and found there.
// https://github.com/libp2p/specs/blob/master/kad-dht/README.md#value-storage-and-retrieval
#pragma once

#include "warren/async/task_group.hpp"
#include "warren/protocols/kad/neighbourhood.hpp"
#include "warren/protocols/kad/records.hpp"

namespace warren::kad {

class Values {
 public:
  // All outlive it. `background` runs what goes on behind an answer.
  Values(Env& env, Search& search, Neighbourhood& neighbourhood, Rpc& rpc, Records& records,
         TaskGroup& background);

  // As Kad has them.
  Task<Bytes> get(Bytes key, LookupReport* report);
  Task<std::size_t> put(Bytes key, Bytes value, LookupReport* report);
  // Stores a record that is held here at the nearest peers; how many took it.
  Task<std::size_t> publish(Bytes key, Bytes value, LookupReport* report);

 private:
  struct Found;
  Task<void> search(Found& found, LookupReport* report);
  Task<std::vector<PeerInfo>> ask_for_value(PeerInfo peer, Found& found);
  Task<void> ask_one_more(PeerInfo peer, Found& found);
  void take(Found& found, PeerInfo peer, Bytes value) const;
  Task<void> store_at(PeerInfo peer, Bytes key, Bytes value);
  // Gives the best to those who hold an older one.
  Task<void> correct(std::vector<PeerInfo> outdated, Bytes key, Bytes value);

  Env& env_;
  Search& search_;
  Neighbourhood& neighbourhood_;
  Rpc& rpc_;
  Records& records_;
  TaskGroup& background_;
};

}  // namespace warren::kad
