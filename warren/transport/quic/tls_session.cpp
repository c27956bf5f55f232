#include "warren/transport/quic/tls_session.hpp"

#include <gnutls/gnutls.h>
#include <gnutls/x509.h>

#include <array>
#include <chrono>
#include <ctime>
#include <vector>

#include "warren/base/assert.hpp"
#include "warren/transport/quic/tls_library.hpp"

namespace warren::quic {

namespace {

constexpr std::string_view kAlpn = "libp2p";

// Ciphers: fastest first, with AES in hardware. Groups: P-256 is for who has nothing else, at one more round
// trip. Signatures: what tls::verify_certificates accepts. The compatibility mode is for TCP.
constexpr const char* kPriorities =
    "NONE:+VERS-TLS1.3:+AES-128-GCM:+CHACHA20-POLY1305:+AES-256-GCM:+AEAD:+SHA256:+SHA384:+GROUP-X25519:"
    "+GROUP-SECP256R1:+SIGN-ECDSA-SECP256R1-SHA256:+SIGN-EDDSA-ED25519:+SIGN-ECDSA-SECP384R1-SHA384:"
    "+SIGN-ECDSA-SECP521R1-SHA512:+SIGN-RSA-PSS-RSAE-SHA256:+SIGN-RSA-PSS-RSAE-SHA384:"
    "+SIGN-RSA-PSS-RSAE-SHA512:+SIGN-RSA-SHA256:+SIGN-RSA-SHA384:+SIGN-RSA-SHA512:+CTYPE-X509:+COMP-NULL:"
    "%DISABLE_TLS13_COMPAT_MODE";

BytesView view_of(const gnutls_datum_t& datum) {
  return {datum.data, datum.size};
}

// GnuTLS takes what it only reads as if it could be written to.
gnutls_datum_t datum_of(BytesView bytes) {
  return {const_cast<unsigned char*>(bytes.data()), static_cast<unsigned>(bytes.size())};
}

bool is_valid_at(const gnutls_datum_t& certificate, WallTime now) {
  gnutls_x509_crt_t parsed = nullptr;
  if (gnutls_x509_crt_init(&parsed) != 0) return false;
  const std::time_t at = std::chrono::system_clock::to_time_t(now);
  const bool valid = gnutls_x509_crt_import(parsed, &certificate, GNUTLS_X509_FMT_DER) == 0 &&
                     gnutls_x509_crt_get_activation_time(parsed) <= at &&
                     gnutls_x509_crt_get_expiration_time(parsed) >= at;
  gnutls_x509_crt_deinit(parsed);
  return valid;
}

bool agreed_on_libp2p(gnutls_session_t session) {
  gnutls_datum_t chosen{};
  return gnutls_alpn_get_selected_protocol(session, &chosen) == 0 && as_text(view_of(chosen)) == kAlpn;
}

}  // namespace

void Credentials::Free::operator()(gnutls_certificate_credentials_st* credentials) const {
  gnutls_certificate_free_credentials(credentials);
}

void Credentials::Free::operator()(gnutls_priority_st* priorities) const {
  gnutls_priority_deinit(priorities);
}

Credentials::Credentials(const tls::CertifiedKey& key) {
  gnutls_certificate_credentials_t certificate = nullptr;
  gnutls_priority_t priorities = nullptr;
  const bool made = gnutls_certificate_allocate_credentials(&certificate) == 0 &&
                    gnutls_priority_init(&priorities, kPriorities, nullptr) == 0;
  certificate_.reset(certificate);
  priorities_.reset(priorities);
  const gnutls_datum_t der = datum_of(key.certificate);
  const gnutls_datum_t secret = datum_of(key.private_key.view());
  const bool set =
      made && gnutls_certificate_set_x509_key_mem(certificate, &der, &secret, GNUTLS_X509_FMT_DER) == 0;
  WARREN_ASSERT(set);
}

ngtcp2_conn* connection_of(gnutls_session_t session) {
  return TlsSession::of(session).connection_;
}

TlsSession::TlsSession(const Credentials& credentials, Side side, std::optional<PeerId> expected,
                       WallTime now)
    : verified_(credentials.verified_), expected_(std::move(expected)), now_(now) {
  const bool server = side == Side::kResponder;
  const unsigned end = server ? GNUTLS_SERVER : GNUTLS_CLIENT;
  const gnutls_datum_t alpn = datum_of(as_bytes(kAlpn));
  const bool done =
      gnutls_init(&session_, end | GNUTLS_NO_TICKETS | GNUTLS_NO_AUTO_SEND_TICKET) == 0 &&
      gnutls_priority_set(session_, credentials.priorities_.get()) == 0 &&
      gnutls_credentials_set(session_, GNUTLS_CRD_CERTIFICATE, credentials.certificate_.get()) == 0 &&
      gnutls_alpn_set_protocols(session_, &alpn, 1, GNUTLS_ALPN_MANDATORY) == 0 && join_libraries(session_);
  WARREN_ASSERT(done);
  if (server) {
    gnutls_certificate_server_set_request(session_, GNUTLS_CERT_REQUIRE);
    gnutls_certificate_send_x509_rdn_sequence(session_, 1);  // there are no authorities to name
  }
  gnutls_session_set_verify_function(session_, &verify);
  gnutls_session_set_ptr(session_, this);
}

TlsSession::~TlsSession() {
  release();
}

void TlsSession::release() {
  if (session_ != nullptr) gnutls_deinit(session_);
  session_ = nullptr;
}

TlsSession& TlsSession::of(gnutls_session_int* session) {
  return *static_cast<TlsSession*>(gnutls_session_get_ptr(session));
}

int TlsSession::verify(gnutls_session_int* session) {
  TlsSession& self = of(session);
  self.judge();
  return self.verdict_ ? GNUTLS_E_CERTIFICATE_ERROR : 0;
}

Result<PublicKey> TlsSession::verify_certificates() const {
  unsigned count = 0;
  const gnutls_datum_t* certificates = gnutls_certificate_get_peers(session_, &count);
  std::vector<BytesView> chain;
  for (unsigned i = 0; certificates != nullptr && i < count && i < 2; ++i) {
    chain.push_back(view_of(certificates[i]));
  }
  if (chain.size() != 1) return tls::verify_certificates(chain, now_);
  const Digest digest = sha256(chain.front());
  if (auto known = verified_.find(digest); known && is_valid_at(certificates[0], now_)) return *known;
  auto key = tls::verify_certificates(chain, now_);
  if (key) verified_.add(digest, *key);
  return key;
}

void TlsSession::judge() {
  auto key = verify_certificates();
  if (!key) {
    verdict_ = key.error();
    return;
  }
  const PeerId peer = PeerId::from_public_key(*key);
  if (!agreed_on_libp2p(session_)) {
    verdict_ = Errc::kProtocolNotSupported;
  } else if (expected_ && peer != *expected_) {
    verdict_ = Errc::kPeerIdMismatch;
  } else {
    remote_peer_ = peer;
    remote_key_ = std::move(*key);
  }
}

}  // namespace warren::quic
