// The access list's entries for nodes, applied to peers. The swarm knows peers only; which peer is a node
// that the list names shows when its binding comes, and is remembered from then on.
#pragma once

#include <map>
#include <memory>
#include <set>

#include "warren/core/binding_store.hpp"
#include "warren/swarm/host.hpp"

namespace warren {

class NodeAccess {
 public:
  // Peers of listed nodes that are remembered: the nodes may have as many as they like.
  static constexpr std::size_t kPeersMax = 4096;

  // `host` outlives it.
  explicit NodeAccess(SwarmHost& host);
  ~NodeAccess();
  NodeAccess(const NodeAccess&) = delete;
  NodeAccess& operator=(const NodeAccess&) = delete;

  // See AccessList::set.
  Result<> set(const AccessSubject& subject, Access access);
  // This peer is known to be that node: of use when the list names it. Connections that are denied by now are
  // closed.
  void bound(const NodeId& node, const PeerId& peer);

  // The same store, which tells bound() of every binding that is put into it, from whichever thread that is,
  // before anything relies on the binding. `store` outlives the result.
  std::unique_ptr<BindingStore> watch(BindingStore& store);

 private:
  class WatchedStore;

  SwarmHost& host_;
  std::set<NodeId> listed_;
  std::map<PeerId, NodeId> nodes_;     // of peers that are listed nodes
  std::shared_ptr<NodeAccess*> self_;  // gone when this is: for what is still under way then
};

}  // namespace warren
