#include "warren/security/tls/ssl.hpp"

#include "warren/security/tls/openssl.hpp"

namespace warren::tls {

namespace {

Errc meaning_of_alert(int alert) {
  switch (alert) {
    case SSL_AD_BAD_CERTIFICATE:
    case SSL_AD_UNSUPPORTED_CERTIFICATE:
    case SSL_AD_CERTIFICATE_REVOKED:
    case SSL_AD_CERTIFICATE_EXPIRED:
    case SSL_AD_CERTIFICATE_UNKNOWN:
    case SSL_AD_UNKNOWN_CA:
    case SSL_AD_ACCESS_DENIED:
    case SSL_AD_DECRYPT_ERROR:
    case SSL_AD_CERTIFICATE_REQUIRED: return Errc::kHandshakeRefused;
    case SSL_AD_NO_APPLICATION_PROTOCOL: return Errc::kProtocolNotSupported;
    case SSL_AD_HANDSHAKE_FAILURE:
    case SSL_AD_PROTOCOL_VERSION:
    case SSL_AD_INSUFFICIENT_SECURITY:
    case SSL_AD_MISSING_EXTENSION: return Errc::kUnsupported;
    default: return Errc::kReset;
  }
}

Errc meaning_of(int reason) {
  if (reason >= SSL_AD_REASON_OFFSET) return meaning_of_alert(reason - SSL_AD_REASON_OFFSET);
  switch (reason) {
    case SSL_R_DECRYPTION_FAILED_OR_BAD_RECORD_MAC:
    case SSL_R_DIGEST_CHECK_FAILED: return Errc::kDecryptFailed;
    case SSL_R_BAD_SIGNATURE: return Errc::kBadSignature;
    case SSL_R_NO_APPLICATION_PROTOCOL: return Errc::kProtocolNotSupported;
    case SSL_R_UNSUPPORTED_PROTOCOL:
    case SSL_R_WRONG_SSL_VERSION:
    case SSL_R_NO_SHARED_CIPHER:
    case SSL_R_NO_SUITABLE_KEY_SHARE:
    case SSL_R_NO_SUITABLE_GROUPS:
    case SSL_R_NO_SUITABLE_SIGNATURE_ALGORITHM:
    case SSL_R_NO_SHARED_SIGNATURE_ALGORITHMS: return Errc::kUnsupported;
    case SSL_R_EXCESSIVE_MESSAGE_SIZE:
    case SSL_R_DATA_LENGTH_TOO_LONG:
    case SSL_R_ENCRYPTED_LENGTH_TOO_LONG:
    case SSL_R_PACKET_LENGTH_TOO_LONG: return Errc::kTooLarge;
    default: return Errc::kMalformed;
  }
}

}  // namespace

void FreeSsl::operator()(ssl_st* ssl) const {
  SSL_free(ssl);
}

void FreeSslContext::operator()(ssl_ctx_st* context) const {
  SSL_CTX_free(context);
}

std::error_code last_error() {
  const unsigned long error = ERR_peek_last_error();
  return make_error_code(ERR_GET_LIB(error) == ERR_LIB_SSL ? meaning_of(ERR_GET_REASON(error))
                                                           : Errc::kMalformed);
}

}  // namespace warren::tls
