// Signed envelope: a payload with its type, signed under a domain by the key that comes with it.
// https://github.com/libp2p/specs/blob/master/RFC/0002-signed-envelopes.md
#pragma once

#include "warren/base/bytes.hpp"
#include "warren/crypto/keys.hpp"

namespace warren {

// An envelope over this size is kTooLarge: peer records and vouchers take a few KiB at most.
inline constexpr std::size_t kEnvelopeSizeMax = 64 * 1024;

struct SignedEnvelope {
  PublicKey public_key;
  Bytes payload_type;  // a multicodec, e.g. 03 01
  Bytes payload;
  Bytes signature;

  // Preconditions: domain and payload_type are not empty.
  static SignedEnvelope seal(const PrivateKey& key, std::string_view domain, BytesView payload_type,
                             BytesView payload);
  // Decodes and verifies. kBadSignature: forged, or made under another domain; kMalformed: not an envelope,
  // or of another payload type. That the signer is who the payload speaks of is the caller's to check.
  static Result<SignedEnvelope> open(BytesView bytes, std::string_view domain, BytesView payload_type);

  Bytes encode() const;
};

}  // namespace warren
