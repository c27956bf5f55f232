// The libp2p extension of a certificate, and what it is signed over.
#pragma once

#include "warren/security/tls/openssl.hpp"

namespace warren::tls {

// SignedKey ::= SEQUENCE { publicKey OCTET STRING, signature OCTET STRING }, in DER.
struct SignedKey {
  Bytes public_key;
  Bytes signature;

  Bytes encode() const;
  // kMalformed: anything else, or in another encoding than the shortest.
  static Result<SignedKey> decode(BytesView der);

  bool operator==(const SignedKey&) const = default;
};

// 1.3.6.1.4.1.53594.1.1; lives for ever.
const ASN1_OBJECT* extension_id();

// The SubjectPublicKeyInfo of a certificate, in DER.
Bytes encode_key(const X509* certificate);

}  // namespace warren::tls
