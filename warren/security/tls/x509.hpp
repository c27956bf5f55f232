// verify_certificates() for who has parsed the certificate already, as OpenSSL has in a handshake: parsing
// takes longer than verifying.
#pragma once

#include "warren/security/tls/certificate.hpp"
#include "warren/security/tls/openssl.hpp"

namespace warren::tls {

// kNotValidNow: not yet valid, or expired; kMalformed: it does not say when it is valid.
Result<> check_time(const X509* certificate, WallTime now);

// The host key that this certificate proves; errors as verify_certificates().
Result<PublicKey> verify_certificate(X509* certificate, WallTime now);

}  // namespace warren::tls
