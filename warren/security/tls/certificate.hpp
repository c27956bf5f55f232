// The certificate of libp2p's TLS: self-signed by a key of its own, with an extension in which the host key
// vouches for that key. Says nothing about records or handshakes, because QUIC uses it with another library.
// https://github.com/libp2p/specs/blob/master/tls/tls.md#peer-authentication
//
//   extension 1.3.6.1.4.1.53594.1.1   SignedKey ::= SEQUENCE { publicKey OCTET STRING, signature OCTET STRING
//   }
//
//   publicKey: the PublicKey message of the host key; signature: by the host key, over signed_text().
#pragma once

#include <span>

#include "warren/base/time.hpp"
#include "warren/crypto/keys.hpp"
#include "warren/env/random.hpp"

namespace warren::tls {

// DER of a certificate that is looked at. One with RSA keys of 8192 bits on both levels has under 5 KiB.
inline constexpr std::size_t kCertificateSizeMax = 8 * 1024;

// RSA keys of certificates. Below, forged ones are affordable; above, verifying costs us too much.
inline constexpr int kRsaBitsMin = 2048;
inline constexpr int kRsaBitsMax = 8192;

// What our certificates are valid before and after they are made: other machines' clocks may be far off, and
// nobody renews them but by a restart.
inline constexpr std::chrono::days kValidBefore{365};
inline constexpr std::chrono::days kValidAfter{100 * 365};

struct CertifiedKey {
  Bytes certificate;        // DER
  SecretBytes private_key;  // DER, PKCS#8: a new key on P-256, which every implementation accepts
};

// A certificate that proves `host_key`. The private key comes from OpenSSL's generator, serial number and
// name from `random`.
CertifiedKey make_certificate(const PrivateKey& host_key, WallTime now, Random& random);

// The host key that a peer's certificates (DER, as it sent them) prove. All rules of the specification:
//   kMalformed        not exactly one certificate, no X.509 v3, unique IDs, no (or two) libp2p extensions, or
//                     one that is no SignedKey; a key that must not sign;
//   kTooLarge         over kCertificateSizeMax;
//   kNotValidNow      not yet valid, or expired;
//   kUnsupported      a critical extension that is not known here; signed with MD5, SHA-1 or the like;
//   kBadKey           a certificate's key other than RSA of 2048 to 8192 bits, P-256, P-384, P-521 or
//   Ed25519;
//                     a bad host key;
//   kBadSignature     of the certificate by its own key, or of that key by the host key;
//   kUnknownKeyType   the host key's.
Result<PublicKey> verify_certificates(std::span<const BytesView> chain, WallTime now);

// What the host key signs: `libp2p-tls-handshake:`, then the certificate key's SubjectPublicKeyInfo in DER.
Bytes signed_text(BytesView certificate_key);

}  // namespace warren::tls
