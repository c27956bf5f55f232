// The three messages of Noise_XX_25519_ChaChaPoly_SHA256, without I/O: HandshakeState of the Noise Protocol
// Framework, revision 34, section 5.3. https://noiseprotocol.org/noise.html#the-handshakestate-object
//
//   -> e                 32 bytes,                  payload in the clear
//   <- e, ee, s, es      32 bytes, 32 + 16 bytes,   payload + 16 bytes
//   -> s, se             32 + 16 bytes,             payload + 16 bytes
#pragma once

#include "warren/core/secure_channel.hpp"
#include "warren/crypto/x25519.hpp"
#include "warren/security/noise/symmetric_state.hpp"

namespace warren::noise {

inline constexpr std::string_view kProtocolName = "Noise_XX_25519_ChaChaPoly_SHA256";
inline constexpr std::size_t kHandshakeMessageMax = 65535;  // section 3

class HandshakeState {
 public:
  // `static_key` outlives the state. `ephemeral_key` must be fresh; only test vectors choose it.
  HandshakeState(Side side, const X25519PrivateKey& static_key, X25519PrivateKey ephemeral_key,
                 BytesView prologue = {});

  // Appends the next message to `message`. Preconditions: it is this side's turn, and the message does not
  // get over kHandshakeMessageMax. kBadKey: the other side's key is one that makes no secret.
  Result<> write_message(BytesView payload, Bytes& message);

  // Reads the other side's next message and returns its payload. kTruncated, kDecryptFailed, kBadKey: the
  // handshake is over. Precondition: it is the other side's turn.
  Result<Bytes> read_message(BytesView message);

  // All three messages are through.
  bool complete() const { return messages_ == 3; }
  bool my_turn() const { return (messages_ % 2 == 0) == (side_ == Side::kInitiator); }

  // The other side's static key. Precondition: its message that holds it was read (the second or third).
  const X25519PublicKey& remote_static() const;

  struct Ciphers {
    CipherState sending;
    CipherState receiving;
  };
  // Precondition: complete().
  Ciphers split() const;

  const Digest& handshake_hash() const { return symmetric_.handshake_hash(); }

 private:
  enum class Token;
  static std::span<const Token> tokens(int message);
  Result<> mix_shared_secret(Token token);
  Result<> read_static(BytesView sealed);

  Side side_;
  const X25519PrivateKey& static_key_;
  X25519PrivateKey ephemeral_key_;
  SymmetricState symmetric_{kProtocolName};
  X25519PublicKey remote_ephemeral_{};
  X25519PublicKey remote_static_{};
  bool remote_static_known_ = false;
  int messages_ = 0;  // so far, both directions
};

}  // namespace warren::noise
