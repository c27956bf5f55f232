#include "warren/node/config.hpp"

#include "warren/base/error.hpp"

namespace warren {

Config Config::ephemeral() {
  const RandomFill random = system_random();
  Config config{.node_key = Sm2PrivateKey::generate(random),
                .peer_key = PrivateKey::generate(KeyType::kEd25519, random)};
  config.listen.push_back(value_or_throw(Multiaddr::parse("/ip4/127.0.0.1/tcp/0")));
  return config;
}

}  // namespace warren
