// For this folder's tests and benchmarks: nodes that speak TLS.
#pragma once

#include "warren/security/test_nodes.hpp"
#include "warren/security/tls/transport.hpp"

namespace warren::tls::test {

inline security_test::TransportPtr make_tls(const PrivateKey& key, Clock& clock, Random& random, Offload&) {
  return std::make_unique<TlsTransport>(key, clock, random);
}

using TlsNode = security_test::NodeOf<&make_tls>;

}  // namespace warren::tls::test
