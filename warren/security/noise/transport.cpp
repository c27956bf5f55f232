#include "warren/security/noise/transport.hpp"

namespace warren::noise {

NoiseTransport::NoiseTransport(const PrivateKey& host_key, Random& random, Offload& offload)
    : identity_(Identity::create(host_key, random)), random_(random), offload_(offload) {}

Task<std::unique_ptr<SecureChannel>> NoiseTransport::secure(StreamPtr raw, Side side,
                                                            std::optional<PeerId> expected,
                                                            std::vector<ProtocolId> muxers) {
  Terms terms;
  terms.expected = std::move(expected);
  terms.extensions.stream_muxers = std::move(muxers);
  // Whatever goes wrong here, `raw` goes with this coroutine, and a stream that is destroyed is reset.
  Session session = co_await handshake(*raw, side, identity_, std::move(terms), random_, offload_);
  co_return std::make_unique<Channel>(std::move(raw), std::move(session), pool_);
}

}  // namespace warren::noise
