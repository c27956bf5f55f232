// The chaining key and the transcript hash of a handshake: SymmetricState of the Noise Protocol Framework,
// revision 34, section 5.2, with SHA256. https://noiseprotocol.org/noise.html#the-symmetricstate-object
#pragma once

#include <optional>
#include <utility>

#include "warren/crypto/hash.hpp"
#include "warren/crypto/secret.hpp"
#include "warren/security/noise/cipher_state.hpp"

namespace warren::noise {

class SymmetricState {
 public:
  // InitializeSymmetric.
  explicit SymmetricState(std::string_view protocol_name);

  void mix_key(BytesView input);
  void mix_hash(BytesView bytes);

  // EncryptAndHash: appends `plaintext` to `message`, sealed once there is a key, as it is before.
  void encrypt_and_hash(BytesView plaintext, Bytes& message);
  // DecryptAndHash. kTruncated: shorter than a tag; kDecryptFailed. The state is of no use after a failure.
  Result<Bytes> decrypt_and_hash(BytesView sealed);

  // By how much encrypt_and_hash makes things longer.
  std::size_t overhead() const { return cipher_ ? kTagSize : 0; }

  // The cipher of what the initiator sends, and of what the responder sends.
  std::pair<CipherState, CipherState> split() const;

  // Unique to the handshake, the same on both sides when all messages arrived unchanged (section 11.2).
  const Digest& handshake_hash() const { return hash_; }

 private:
  SecretBytes chaining_key_;
  Digest hash_{};
  std::optional<CipherState> cipher_;  // none before the first mix_key
};

}  // namespace warren::noise
