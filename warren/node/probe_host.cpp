#include "warren/node/probe_host.hpp"

namespace warren {

namespace {

PrivateKey new_key(Env& env) {
  const RandomFill random = [&env](MutableBytes to) { env.random.fill(to); };
  return PrivateKey::generate(KeyType::kEd25519, random);
}

// A handful of dials at a time, each closed when it has shown what it was for.
SwarmLimits probe_limits() {
  SwarmLimits limits;
  limits.connections_max = 64;
  limits.dial_attempt_timeout = 3s;
  limits.dial_timeout = 5s;
  return limits;
}

}  // namespace

ProbeHost::ProbeHost(Env& env, PipeProtector* protector)
    : key_(new_key(env)),
      tcp_(env),
      noise_(key_, env.random, env.offload),
      tls_(key_, env.clock, env.random),
      quic_(protector == nullptr ? std::make_unique<quic::QuicTransport>(env, key_) : nullptr),
      yamux_(env),
      upgrader_({&noise_, &tls_}, {&yamux_}, protector),
      host_(env, key_, probe_limits(), upgrader_,
            {{&tcp_}, quic_ ? std::vector<MuxedTransport*>{quic_.get()} : std::vector<MuxedTransport*>{}},
            peerstore_) {}

}  // namespace warren
