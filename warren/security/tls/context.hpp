// How this node speaks TLS, and what OpenSSL asks in a handshake: is this peer the right one, and which of
// the protocols that it offers shall it be.
#pragma once

#include <optional>
#include <vector>

#include "warren/core/secure_channel.hpp"
#include "warren/security/tls/certificate.hpp"
#include "warren/security/tls/ssl.hpp"
#include "warren/security/tls/verified_certificates.hpp"

namespace warren::tls {

// The ALPN protocol of who negotiates the muxer later; always the last of a list.
inline constexpr std::string_view kAlpn = "libp2p";

// One handshake: what the caller wants, and what OpenSSL's questions found out.
struct Negotiation {
  std::optional<PeerId> expected;  // the other side must be this peer
  std::vector<ProtocolId> muxers;  // best first
  WallTime now;                    // certificates must be valid then

  std::optional<PublicKey> remote_key;  // when its certificate is good
  PeerId remote_peer;
  std::error_code verdict;  // why it is not

  VerifiedCertificates* verified = nullptr;  // of the context
};

// TLS 1.3 only; both sides show a certificate; no server name, no tickets, no resumption.
class Context {
 public:
  explicit Context(const CertifiedKey& key);

  // A new connection, for Records. `negotiation` lives until conclude(), or longer than it.
  SslPtr connect(Side side, Negotiation* negotiation);

 private:
  SslContextPtr context_;
  VerifiedCertificates verified_;
};

// To be called when the handshake is over: from then on `negotiation` is not used any more. Returns the muxer
// that was agreed on; none: it is to be negotiated on the channel. kMalformed: the server chose what was not
// offered.
Result<std::optional<ProtocolId>> conclude(ssl_st* ssl);

}  // namespace warren::tls
