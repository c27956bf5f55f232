// OpenSSL's connection object and its errors, without OpenSSL's headers.
#pragma once

#include <memory>
#include <system_error>

struct ssl_st;      // OpenSSL's SSL
struct ssl_ctx_st;  // and SSL_CTX

namespace warren::tls {

struct FreeSsl {
  void operator()(ssl_st* ssl) const;
};
using SslPtr = std::unique_ptr<ssl_st, FreeSsl>;

struct FreeSslContext {
  void operator()(ssl_ctx_st* context) const;
};
using SslContextPtr = std::unique_ptr<ssl_ctx_st, FreeSslContext>;

// Why OpenSSL's last call on a connection failed, from its queue of errors:
//   kHandshakeRefused       the peer's alert says that it does not like our certificate;
//   kProtocolNotSupported   one side supports none of the protocols that the other offers;
//   kUnsupported            no common version, cipher, group or signature algorithm;
//   kReset                  any other alert of the peer;
//   kDecryptFailed          a record was changed, forged, repeated or moved, or the handshake was;
//   kBadSignature           the peer does not have the private key of its certificate;
//   kTooLarge               a message over its limit;
//   kMalformed              what came is not TLS as it should be.
std::error_code last_error();

}  // namespace warren::tls
