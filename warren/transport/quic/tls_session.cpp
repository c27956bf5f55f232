#include "warren/transport/quic/tls_session.hpp"

#include <gnutls/gnutls.h>
#include <ngtcp2/ngtcp2_crypto.h>
#include <ngtcp2/ngtcp2_crypto_gnutls.h>

#include <array>
#include <vector>

#include "warren/base/assert.hpp"

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

bool agreed_on_libp2p(gnutls_session_t session) {
  gnutls_datum_t chosen{};
  return gnutls_alpn_get_selected_protocol(session, &chosen) == 0 && as_text(view_of(chosen)) == kAlpn;
}

}  // namespace

// ngtcp2 finds its connection through `reference`, which GnuTLS keeps for it; we find the session.
struct TlsSession::Link {
  ngtcp2_crypto_conn_ref reference{};
  ngtcp2_conn* connection = nullptr;
  gnutls_session_t session = nullptr;
};

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

TlsSession::TlsSession(const Credentials& credentials, Side side, std::optional<PeerId> expected,
                       WallTime now)
    : link_(std::make_unique<Link>()), expected_(std::move(expected)), now_(now) {
  const bool server = side == Side::kResponder;
  gnutls_session_t& session = link_->session;
  const unsigned end = server ? GNUTLS_SERVER : GNUTLS_CLIENT;
  bool done = gnutls_init(&session, end | GNUTLS_NO_TICKETS | GNUTLS_NO_AUTO_SEND_TICKET) == 0 &&
              gnutls_priority_set(session, credentials.priorities_.get()) == 0 &&
              gnutls_credentials_set(session, GNUTLS_CRD_CERTIFICATE, credentials.certificate_.get()) == 0;
  const gnutls_datum_t alpn = datum_of(as_bytes(kAlpn));
  done = done && gnutls_alpn_set_protocols(session, &alpn, 1, GNUTLS_ALPN_MANDATORY) == 0;
  done = done && (server ? ngtcp2_crypto_gnutls_configure_server_session(session)
                         : ngtcp2_crypto_gnutls_configure_client_session(session)) == 0;
  WARREN_ASSERT(done);
  if (server) {
    gnutls_certificate_server_set_request(session, GNUTLS_CERT_REQUIRE);
    gnutls_certificate_send_x509_rdn_sequence(session, 1);  // there are no authorities to name
  }
  gnutls_session_set_verify_function(session, &verify);
  link_->reference.get_conn = [](ngtcp2_crypto_conn_ref* reference) {
    return static_cast<TlsSession*>(reference->user_data)->link_->connection;
  };
  link_->reference.user_data = this;
  gnutls_session_set_ptr(session, &link_->reference);
}

TlsSession::~TlsSession() {
  gnutls_deinit(link_->session);
}

void TlsSession::attach(ngtcp2_conn* connection) {
  link_->connection = connection;
}

gnutls_session_int* TlsSession::handle() const {
  return link_->session;
}

int TlsSession::verify(gnutls_session_int* session) {
  const auto* reference = static_cast<ngtcp2_crypto_conn_ref*>(gnutls_session_get_ptr(session));
  auto& self = *static_cast<TlsSession*>(reference->user_data);
  self.judge();
  return self.verdict_ ? GNUTLS_E_CERTIFICATE_ERROR : 0;
}

void TlsSession::judge() {
  unsigned count = 0;
  const gnutls_datum_t* certificates = gnutls_certificate_get_peers(link_->session, &count);
  std::vector<BytesView> chain;
  for (unsigned i = 0; certificates != nullptr && i < count && i < 2; ++i) {
    chain.push_back(view_of(certificates[i]));
  }
  auto key = tls::verify_certificates(chain, now_);
  if (!key) {
    verdict_ = key.error();
    return;
  }
  const PeerId peer = PeerId::from_public_key(*key);
  if (!agreed_on_libp2p(link_->session)) {
    verdict_ = Errc::kProtocolNotSupported;
  } else if (expected_ && peer != *expected_) {
    verdict_ = Errc::kPeerIdMismatch;
  } else {
    remote_peer_ = peer;
    remote_key_ = std::move(*key);
  }
}

}  // namespace warren::quic
