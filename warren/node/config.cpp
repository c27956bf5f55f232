#include "warren/node/config.hpp"

#include "warren/base/error.hpp"

namespace warren {

Result<PrivateKey> Config::host_key() const {
  if (identity == IdentityMode::kSm2) {
    if (peer_key) return fail(Errc::kBadConfig);
    return PrivateKey::from_sm2(value_or_throw(Sm2PrivateKey::from_scalar(node_key.scalar().view())));
  }
  if (!peer_key || peer_key->type() == KeyType::kSm2) return fail(Errc::kBadConfig);
  return PrivateKey::from_protobuf(peer_key->to_protobuf().view());
}

Config Config::ephemeral() {
  const RandomFill random = system_random();
  Config config{.node_key = Sm2PrivateKey::generate(random),
                .peer_key = PrivateKey::generate(KeyType::kEd25519, random)};
  config.listen.push_back(value_or_throw(Multiaddr::parse("/ip4/127.0.0.1/tcp/0")));
  config.discovery.mdns = false;
  return config;
}

}  // namespace warren
