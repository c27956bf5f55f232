// Noise as the upgrader knows it: "/noise". https://github.com/libp2p/specs/tree/master/noise
#pragma once

#include "warren/core/secure_channel.hpp"
#include "warren/security/noise/channel.hpp"
#include "warren/security/noise/handshake.hpp"

namespace warren::noise {

inline constexpr std::string_view kProtocolId = "/noise";

class NoiseTransport final : public SecureTransport {
 public:
  // Makes the static key and has it signed by `host_key`, which is not needed after that. `random` and
  // `offload` outlive the transport; channels may outlive it.
  NoiseTransport(const PrivateKey& host_key, Random& random, Offload& offload);

  ProtocolId id() const override { return ProtocolId(kProtocolId); }

  // What handshake() throws, having reset `raw`. The transport outlives the call.
  Task<std::unique_ptr<SecureChannel>> secure(StreamPtr raw, Side side, std::optional<PeerId> expected,
                                              std::vector<ProtocolId> muxers) override;

 private:
  Identity identity_;
  Random& random_;
  Offload& offload_;
  BufferPool pool_;
};

}  // namespace warren::noise
