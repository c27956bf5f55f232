// The TLS of QUIC connections, on GnuTLS: version 1.3, a certificate from both sides, ALPN "libp2p", no
// tickets. What certificates must be like is security/tls/certificate.hpp's, as it is for TLS over TCP.
// https://github.com/libp2p/specs/blob/master/quic/README.md#peer-authentication
#pragma once

#include <memory>
#include <optional>

#include "warren/core/secure_channel.hpp"
#include "warren/security/tls/certificate.hpp"
#include "warren/security/tls/verified_certificates.hpp"

struct gnutls_session_int;
struct gnutls_certificate_credentials_st;
struct gnutls_priority_st;
struct ngtcp2_conn;

namespace warren::quic {

// How this node shows who it is. One for all connections, which it outlives.
class Credentials {
 public:
  explicit Credentials(const tls::CertifiedKey& key);

  // Peers' certificates that need not be verified again.
  std::size_t verified_count() const { return verified_.size(); }

 private:
  friend class TlsSession;
  struct Free {
    void operator()(gnutls_certificate_credentials_st* credentials) const;
    void operator()(gnutls_priority_st* priorities) const;
  };
  std::unique_ptr<gnutls_certificate_credentials_st, Free> certificate_;
  std::unique_ptr<gnutls_priority_st, Free> priorities_;
  mutable tls::VerifiedCertificates verified_;  // of all connections: no secret, and no state of theirs
};

class TlsSession {
 public:
  // `now` decides which certificates are valid.
  TlsSession(const Credentials& credentials, Side side, std::optional<PeerId> expected, WallTime now);
  ~TlsSession();
  TlsSession(const TlsSession&) = delete;
  TlsSession& operator=(const TlsSession&) = delete;

  // The connection whose handshake this is; ends after the session's last use.
  void attach(ngtcp2_conn* connection) { connection_ = connection; }
  // Null after release().
  gnutls_session_int* handle() const { return session_; }
  // The handshake is over, and what comes after it, session tickets, is of no use: gives back the memory. Not
  // to be called while the session is at work.
  void release();

  // When the peer's certificate is good, and shows the peer that is expected.
  const std::optional<PublicKey>& remote_key() const { return remote_key_; }
  const PeerId& remote_peer() const { return remote_peer_; }
  // Why the peer was refused: what tls::verify_certificates says; kPeerIdMismatch; kProtocolNotSupported when
  // it did not agree to "libp2p".
  std::error_code verdict() const { return verdict_; }

 private:
  friend ngtcp2_conn* connection_of(gnutls_session_int* session);
  Result<PublicKey> verify_certificates() const;
  void judge();
  static int verify(gnutls_session_int* session);
  static TlsSession& of(gnutls_session_int* session);

  tls::VerifiedCertificates& verified_;
  gnutls_session_int* session_ = nullptr;
  ngtcp2_conn* connection_ = nullptr;
  std::optional<PeerId> expected_;
  WallTime now_;
  std::optional<PublicKey> remote_key_;
  PeerId remote_peer_;
  std::error_code verdict_;
};

}  // namespace warren::quic
