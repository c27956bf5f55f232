// The statement, signed by both keys, that a NodeID and a PeerID belong together. docs/wire.md, "Binding".
#pragma once

#include <optional>

#include "warren/base/time.hpp"
#include "warren/crypto/keys.hpp"
#include "warren/crypto/node_id.hpp"
#include "warren/crypto/peer_id.hpp"

namespace warren {

inline constexpr std::string_view kBindingDomain = "warren/binding/1";
// A SignedBinding takes about 320 bytes; this leaves room for larger peer keys.
inline constexpr std::size_t kSignedBindingSizeMax = 4096;
inline constexpr std::chrono::milliseconds kBindingLifetimeMax = std::chrono::days(30);
// How far the clocks of two machines may be apart, when the beginning and the end of a binding are checked.
inline constexpr std::chrono::milliseconds kBindingClockTolerance = std::chrono::seconds(120);

// 1 to 63 of a-z, 0-9, '.', '-', '_', beginning with a letter or digit.
bool is_network_name(std::string_view name);

struct Binding {
  std::string network;
  NodeId node;
  PublicKey peer_key;
  std::uint64_t serial = 0;  // not 0
  WallTime not_before{};
  WallTime not_after{};
  Bytes kem_x25519;  // 32 bytes or none; for sealed bodies
  Bytes kem_sm2;     // 33 bytes or none
  Bytes suites;      // one byte each, ascending

  Bytes encode() const;
  // kMalformed, kTruncated, kNotMinimal, kTooLarge; kUnsupported: another version; kBadKey, kUnknownKeyType.
  static Result<Binding> decode(BytesView bytes);

  PeerId peer() const { return PeerId::from_public_key(peer_key); }
};

struct SignedBinding {
  Bytes binding;  // as signed, never encoded again
  Sm2Signature sm2_signature{};
  Bytes peer_signature;

  // Precondition: the keys are those that the binding names.
  static SignedBinding make(const Binding& binding, const Sm2PrivateKey& node_key,
                            const PrivateKey& peer_key);

  Bytes encode() const;
  static Result<SignedBinding> decode(BytesView bytes);
};

// What a binding is checked against.
struct BindingCheck {
  std::string_view network;  // ours
  PeerId peer;               // that the connection authenticated
  WallTime now{};
  std::uint64_t serial_min = 0;  // highest serial known of this NodeID
};

// Cheap checks first. `binding` is what signed_binding.binding decodes to. kWrongNetwork; kBindingMismatch:
// another peer; kClockSkew: not valid yet; kStaleBinding: expired, or an older serial; kMalformed: valid for
// longer than 30 days; kBadSignature: either one.
Result<> verify_binding(const SignedBinding& signed_binding, const Binding& binding,
                        const BindingCheck& check);

}  // namespace warren
