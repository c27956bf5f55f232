#include "warren/node/node_access.hpp"

#include <boost/asio/post.hpp>

namespace warren {

// Called on the offload pool. The loop hears of a binding before it hears of the end of put(), so a denied
// node is gone before it counts as bound.
class NodeAccess::WatchedStore final : public BindingStore {
 public:
  WatchedStore(BindingStore& store, Executor loop, std::weak_ptr<NodeAccess*> access)
      : store_(store), loop_(std::move(loop)), access_(std::move(access)) {}

  Result<> put(const StoredBinding& binding, WallTime now) override {
    const auto put = store_.put(binding, now);
    if (!put) return put;
    boost::asio::post(loop_, [access = access_, node = binding.node, peer = binding.peer] {
      if (const auto alive = access.lock()) (*alive)->bound(node, peer);
    });
    return put;
  }
  Result<StoredBinding> find(const NodeId& node) override { return store_.find(node); }
  Result<StoredBinding> find(const PeerId& peer) override { return store_.find(peer); }

 private:
  BindingStore& store_;
  Executor loop_;
  std::weak_ptr<NodeAccess*> access_;
};

NodeAccess::NodeAccess(SwarmHost& host) : host_(host), self_(std::make_shared<NodeAccess*>(this)) {
  host_.resolve_nodes_with([this](const PeerId& peer) -> std::optional<NodeId> {
    const auto found = nodes_.find(peer);
    return found == nodes_.end() ? std::nullopt : std::optional(found->second);
  });
}

NodeAccess::~NodeAccess() {
  host_.resolve_nodes_with(nullptr);
}

Result<> NodeAccess::set(const AccessSubject& subject, Access access) {
  const auto done = host_.access().set(subject, access);
  if (!done) return done;
  if (const NodeId* node = std::get_if<NodeId>(&subject)) {
    if (access == Access::kNormal) {
      listed_.erase(*node);
      std::erase_if(nodes_, [&](const auto& known) { return known.second == *node; });
    } else {
      listed_.insert(*node);
    }
  }
  host_.enforce_access();
  return {};
}

void NodeAccess::bound(const NodeId& node, const PeerId& peer) {
  if (!listed_.contains(node)) return;
  if (nodes_.size() >= kPeersMax && !nodes_.contains(peer)) nodes_.erase(nodes_.begin());
  nodes_.insert_or_assign(peer, node);
  host_.enforce_access();
}

std::unique_ptr<BindingStore> NodeAccess::watch(BindingStore& store) {
  return std::make_unique<WatchedStore>(store, host_.env().executor, self_);
}

}  // namespace warren
