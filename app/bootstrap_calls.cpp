// The peers that the node begins with: what became of them, and changes of the list that outlives the daemon.
#include "app/discovery_service.hpp"
#include "app/grpc_error.hpp"

namespace warren::app {
namespace {

// The list in the file decides what has changed; the running node may know the address anyway, or no more.
void tell_node(Node& node, const Multiaddr& address, bool remove) {
  Discovery& discovery = node.discovery();
  const Result<> told = remove ? discovery.remove_bootstrap(address) : discovery.add_bootstrap(address);
  if (!told && told.error() != Errc::kExists && told.error() != Errc::kNotFound) throw_error(told.error());
}

}  // namespace

grpc::Status DiscoveryService::ListBootstrap(grpc::ServerContext* context, const v1::ListBootstrapRequest*,
                                             v1::BootstrapPeers* reply) {
  const auto peers = calls_.ask(*context, [&] { return node_.discovery().bootstrap(); });
  if (!peers) return to_status(*context, peers.error());
  const std::lock_guard lock(changing_bootstrap_);
  for (const BootstrapPeer& peer : *peers) {
    v1::BootstrapPeers::Entry& to = *reply->add_entries();
    to.set_address(peer.address.to_string());
    const std::string_view source = bootstrap_.source_of(peer.address);
    to.set_source(source.empty() ? peer.source : std::string(source));
    to.set_connected(peer.connected);
    to.set_error(peer.error);
  }
  return grpc::Status::OK;
}

grpc::Status DiscoveryService::ChangeBootstrap(grpc::ServerContext* context,
                                               const v1::ChangeBootstrapRequest* request,
                                               v1::ChangeBootstrapReply* reply) {
  const auto address = Multiaddr::parse(request->address());
  if (!address || !leads_to_peers(*address)) {
    const std::string sentence = "\"" + request->address() + "\" is no multiaddr with /p2p/<PeerID>";
    return to_status(*context, CallError{make_error_code(Errc::kBadAddress), sentence});
  }
  const std::lock_guard lock(changing_bootstrap_);
  const Result<bool> changed = request->remove() ? bootstrap_.remove(*address) : bootstrap_.add(*address);
  if (!changed) {
    const std::string sentence = bootstrap_.file().string() + " cannot be written; check who owns it";
    return to_status(*context, CallError{changed.error(), sentence});
  }
  reply->set_changed(*changed);
  const std::string_view source = bootstrap_.source_of(*address);
  reply->set_source(std::string(source));
  if (request->remove() && (!*changed || source == BootstrapList::kConfigured)) return grpc::Status::OK;
  const auto told = calls_.ask(*context, [&] { tell_node(node_, *address, request->remove()); });
  return told ? grpc::Status::OK : to_status(*context, told.error());
}

}  // namespace warren::app
