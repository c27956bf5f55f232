// For this folder's tests and benchmarks: nodes that speak Noise.
#pragma once

#include "warren/security/noise/transport.hpp"
#include "warren/security/test_nodes.hpp"

namespace warren::noise::test {

inline security_test::TransportPtr make_noise(const PrivateKey& key, Clock&, Random& random,
                                              Offload& offload) {
  return std::make_unique<NoiseTransport>(key, random, offload);
}

using NoiseNode = security_test::NodeOf<&make_noise>;

}  // namespace warren::noise::test
