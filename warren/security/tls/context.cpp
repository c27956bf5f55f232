#include "warren/security/tls/context.hpp"

#include <algorithm>

#include "warren/base/reader.hpp"
#include "warren/base/writer.hpp"
#include "warren/security/tls/x509.hpp"

namespace warren::tls {

namespace {

// Fastest first, with AES in hardware; a server chooses.
constexpr const char* kCiphers = "TLS_AES_128_GCM_SHA256:TLS_CHACHA20_POLY1305_SHA256:TLS_AES_256_GCM_SHA384";
// P-256 is for who has nothing else, at one more round trip.
constexpr const char* kGroups = "X25519:P-256";
// Of certificates and in the handshake: what verify_certificates() accepts.
constexpr const char* kSignatures =
    "ECDSA+SHA256:ed25519:ECDSA+SHA384:ECDSA+SHA512:rsa_pss_rsae_sha256:rsa_pss_rsae_sha384:"
    "rsa_pss_rsae_sha512:RSA+SHA256:RSA+SHA384:RSA+SHA512";

Negotiation& negotiation_of(const SSL* ssl) {
  return *static_cast<Negotiation*>(SSL_get_app_data(ssl));
}

Result<PublicKey> verify_chain(X509_STORE_CTX* store, const Negotiation& negotiation) {
  if (sk_X509_num(X509_STORE_CTX_get0_untrusted(store)) != 1) return fail(Errc::kMalformed);
  X509* certificate = X509_STORE_CTX_get0_cert(store);
  const Digest digest = sha256(openssl::to_der(&i2d_X509, static_cast<const X509*>(certificate)));
  if (auto known = negotiation.verified->find(digest)) {
    if (const auto good = check_time(certificate, negotiation.now); !good) return fail(good.error());
    return std::move(*known);
  }
  auto key = verify_certificate(certificate, negotiation.now);
  if (key) negotiation.verified->add(digest, *key);
  return key;
}

// What the alert to the peer will say.
int x509_error(std::error_code verdict) {
  if (verdict == Errc::kNotValidNow) return X509_V_ERR_CERT_HAS_EXPIRED;
  if (verdict == Errc::kUnknownKeyType) return X509_V_ERR_INVALID_PURPOSE;  // "unsupported certificate"
  return X509_V_ERR_CERT_REJECTED;                                          // "bad certificate"
}

// Replaces OpenSSL's own verification, which knows chains and authorities.
int verify_peer(X509_STORE_CTX* store, void*) {
  const auto* ssl =
      static_cast<const SSL*>(X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx()));
  Negotiation& negotiation = negotiation_of(ssl);
  auto key = verify_chain(store, negotiation);
  if (!key) {
    negotiation.verdict = key.error();
  } else {
    negotiation.remote_peer = PeerId::from_public_key(*key);
    negotiation.remote_key = std::move(*key);
    const auto& expected = negotiation.expected;
    if (expected && negotiation.remote_peer != *expected) negotiation.verdict = Errc::kPeerIdMismatch;
  }
  if (!negotiation.verdict) return 1;
  X509_STORE_CTX_set_error(store, x509_error(negotiation.verdict));
  return 0;
}

// The first of the client's muxers that is ours too, else "libp2p".
int select_protocol(SSL* ssl, const unsigned char** chosen, unsigned char* chosen_size,
                    const unsigned char* offered, unsigned int offered_size, void*) {
  const std::vector<ProtocolId>& muxers = negotiation_of(ssl).muxers;
  BytesView found;
  Reader reader(BytesView(offered, offered_size));
  while (reader.remaining() > 0) {
    const BytesView protocol = reader.bytes(reader.u8());
    const bool is_muxer = std::ranges::find(muxers, as_text(protocol)) != muxers.end();
    if (is_muxer || (found.empty() && as_text(protocol) == kAlpn)) found = protocol;
    if (is_muxer) break;
  }
  if (!reader.ok() || found.empty()) return SSL_TLSEXT_ERR_ALERT_FATAL;
  *chosen = found.data();
  *chosen_size = static_cast<unsigned char>(found.size());
  return SSL_TLSEXT_ERR_OK;
}

Bytes offer(const std::vector<ProtocolId>& muxers) {
  Writer list;
  for (const ProtocolId& muxer : muxers) {
    WARREN_ASSERT(!muxer.empty() && muxer.size() <= 255);
    list.u8(static_cast<std::uint8_t>(muxer.size())).bytes(as_bytes(muxer));
  }
  return list.u8(kAlpn.size()).bytes(as_bytes(kAlpn)).take();
}

bool use_key(SSL_CTX* context, const CertifiedKey& key) {
  const BytesView secret = key.private_key.view();
  const auto size = static_cast<int>(key.certificate.size());
  const unsigned char* at = secret.data();
  const openssl::Key private_key(d2i_AutoPrivateKey(nullptr, &at, static_cast<long>(secret.size())));
  return private_key && SSL_CTX_use_certificate_ASN1(context, size, key.certificate.data()) == 1 &&
         SSL_CTX_use_PrivateKey(context, private_key.get()) == 1;
}

}  // namespace

Context::Context(const CertifiedKey& key) : context_(SSL_CTX_new(TLS_method())) {
  const openssl::ErrorScope errors;
  SSL_CTX* context = context_.get();
  WARREN_ASSERT(context != nullptr);
  SSL_CTX_set_options(context, SSL_OP_NO_TICKET);
  SSL_CTX_clear_options(context, SSL_OP_ENABLE_MIDDLEBOX_COMPAT);  // nobody looks for web traffic here
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  // OpenSSL keeps 34 KiB for an idle connection otherwise. Our certificate is all there is to send.
  SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_NO_AUTO_CHAIN);
  SSL_CTX_set_max_cert_list(context, kCertificateSizeMax);
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  SSL_CTX_set_cert_verify_callback(context, &verify_peer, nullptr);
  SSL_CTX_set_alpn_select_cb(context, &select_protocol, nullptr);
  const bool done = SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION) == 1 &&
                    SSL_CTX_set_max_proto_version(context, TLS1_3_VERSION) == 1 &&
                    SSL_CTX_set_num_tickets(context, 0) == 1 &&
                    SSL_CTX_set_ciphersuites(context, kCiphers) == 1 &&
                    SSL_CTX_set1_groups_list(context, kGroups) == 1 &&
                    SSL_CTX_set1_sigalgs_list(context, kSignatures) == 1 && use_key(context, key);
  WARREN_ASSERT(done);
}

SslPtr Context::connect(Side side, Negotiation* negotiation) {
  const openssl::ErrorScope errors;
  SslPtr ssl(SSL_new(context_.get()));
  WARREN_ASSERT(ssl != nullptr);
  negotiation->verified = &verified_;
  SSL_set_app_data(ssl.get(), negotiation);
  if (side == Side::kResponder) {
    SSL_set_accept_state(ssl.get());
    return ssl;
  }
  SSL_set_connect_state(ssl.get());
  const Bytes protocols = offer(negotiation->muxers);
  const bool set =
      SSL_set_alpn_protos(ssl.get(), protocols.data(), static_cast<unsigned>(protocols.size())) == 0;
  WARREN_ASSERT(set);
  return ssl;
}

Result<std::optional<ProtocolId>> conclude(ssl_st* ssl) {
  const std::vector<ProtocolId>& muxers = negotiation_of(ssl).muxers;
  SSL_set_app_data(ssl, nullptr);
  const unsigned char* name = nullptr;
  unsigned size = 0;
  SSL_get0_alpn_selected(ssl, &name, &size);
  const ProtocolId protocol(as_text(BytesView(name, size)));
  // None: the other side does not know ALPN, as some that negotiate the muxer later do not.
  if (protocol.empty() || protocol == kAlpn) return std::nullopt;
  if (std::ranges::find(muxers, protocol) == muxers.end()) return fail(Errc::kMalformed);
  return protocol;
}

}  // namespace warren::tls
