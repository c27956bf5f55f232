// Private networks: all bytes of a connection, from the first on, are hidden under a key that only members
// have. Who has another key, or none, sees noise and is not understood. It authenticates nothing: Noise or
// TLS run inside. https://github.com/libp2p/specs/blob/master/pnet/Private-Networks-PSK-V1.md
#pragma once

#include "warren/core/pipe_protector.hpp"
#include "warren/env/random.hpp"
#include "warren/security/pnet/key_file.hpp"

namespace warren::pnet {

class Protector final : public PipeProtector {
 public:
  // `random` outlives the protector and what it protects.
  Protector(const PreSharedKey& key, Random& random) : key_(key), random_(random) {}

  // Costs no round trip: each side's 24-byte nonce travels with its first write.
  StreamPtr protect(StreamPtr raw) override;

 private:
  PreSharedKey key_;
  Random& random_;
};

}  // namespace warren::pnet
