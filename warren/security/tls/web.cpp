#include "warren/security/tls/web.hpp"

#include "warren/base/log.hpp"
#include "warren/env/endpoint.hpp"
#include "warren/security/tls/openssl.hpp"

namespace warren::tls {

namespace {

// Certificates of a handshake. A chain of the web has 3 to 6 KiB.
constexpr std::size_t kChainSizeMax = 32 * 1024;
constexpr std::size_t kHandshakeReceivedMax = 2 * kChainSizeMax;
// What every server of the web speaks, so that one for several protocols knows what is wanted.
constexpr std::string_view kHttpAlpn = "\x08http/1.1";

SslContextPtr make_context(const SSL_METHOD* method) {
  SslContextPtr context(SSL_CTX_new(method));
  WARREN_ASSERT(context != nullptr);
  SSL_CTX_set_options(context.get(), SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
  SSL_CTX_set_session_cache_mode(context.get(), SSL_SESS_CACHE_OFF);
  // OpenSSL keeps 34 KiB for an idle connection otherwise.
  SSL_CTX_set_mode(context.get(), SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_max_cert_list(context.get(), kChainSizeMax);
  const bool done = SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION) == 1 &&
                    SSL_CTX_set_num_tickets(context.get(), 0) == 1;
  WARREN_ASSERT(done);
  return context;
}

SslPtr make_ssl(ssl_ctx_st* context) {
  SslPtr ssl(SSL_new(context));
  WARREN_ASSERT(ssl != nullptr);
  return ssl;
}

Errc meaning_of_verification(int error) {
  switch (error) {
    case X509_V_ERR_CERT_HAS_EXPIRED:
    case X509_V_ERR_CERT_NOT_YET_VALID: return Errc::kNotValidNow;
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH: return Errc::kWrongServerName;
    default: return Errc::kUntrustedCertificate;
  }
}

// OpenSSL has looked at a certificate of the chain; `good` is what it thinks of it.
int note_verdict(int good, X509_STORE_CTX* store) {
  if (good == 1) return 1;
  const auto* ssl =
      static_cast<const SSL*>(X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx()));
  auto* verdict = static_cast<std::error_code*>(SSL_get_app_data(ssl));
  *verdict = meaning_of_verification(X509_STORE_CTX_get_error(store));
  return 0;
}

// Nobody is there to type one.
int no_password(char*, int, int, void*) {
  return -1;
}

int select_http(SSL*, const unsigned char** chosen, unsigned char* chosen_size, const unsigned char* offered,
                unsigned int offered_size, void*) {
  unsigned char* found = nullptr;
  const BytesView ours = as_bytes(kHttpAlpn);
  const int result =
      SSL_select_next_proto(&found, chosen_size, ours.data(), ours.size(), offered, offered_size);
  *chosen = found;
  return result == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_NOACK;
}

std::unexpected<std::error_code> complain(std::string_view what, const std::filesystem::path& file) {
  log::warning("tls", std::string(what) + ": " + file.string());
  return fail(Errc::kBadConfig);
}

Result<SslContextPtr> load_server(const CertificateFiles& files) {
  const openssl::ErrorScope errors;
  SslContextPtr context = make_context(TLS_server_method());
  SSL_CTX_set_options(context.get(), SSL_OP_CIPHER_SERVER_PREFERENCE);
  SSL_CTX_set_alpn_select_cb(context.get(), &select_http, nullptr);
  SSL_CTX_set_default_passwd_cb(context.get(), &no_password);
  if (SSL_CTX_use_certificate_chain_file(context.get(), files.chain.c_str()) != 1)
    return complain("no certificate could be read from this file", files.chain);
  if (SSL_CTX_use_PrivateKey_file(context.get(), files.key.c_str(), SSL_FILETYPE_PEM) != 1)
    return complain("no private key that fits the certificate could be read from this file", files.key);
  return context;
}

Result<SslContextPtr> load_client(const std::vector<std::filesystem::path>& authorities) {
  const openssl::ErrorScope errors;
  SslContextPtr context = make_context(TLS_client_method());
  SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, &note_verdict);
  SSL_CTX_set_default_verify_paths(context.get());  // without any, nobody is trusted
  for (const auto& file : authorities) {
    if (SSL_CTX_load_verify_file(context.get(), file.c_str()) != 1)
      return complain("no authorities' certificates could be read from this file", file);
  }
  const BytesView alpn = as_bytes(kHttpAlpn);
  const bool set = SSL_CTX_set_alpn_protos(context.get(), alpn.data(), alpn.size()) == 0;
  WARREN_ASSERT(set);
  return context;
}

// Whom the server must prove to be.
bool expect(SSL* ssl, const std::string& host) {
  X509_VERIFY_PARAM* parameters = SSL_get0_param(ssl);
  if (const auto ip = IpAddress::parse(host)) {
    const BytesView bytes = ip->bytes();  // no SNI, which is for names (RFC 6066, section 3)
    return X509_VERIFY_PARAM_set1_ip(parameters, bytes.data(), bytes.size()) == 1;
  }
  X509_VERIFY_PARAM_set_hostflags(parameters, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  return !host.empty() && host.find('\0') == std::string::npos &&
         X509_VERIFY_PARAM_set1_host(parameters, host.data(), host.size()) == 1 &&
         SSL_set_tlsext_host_name(ssl, host.c_str()) == 1;
}

}  // namespace

WebPipe::WebPipe(StreamPtr pipe, SslPtr ssl, std::unique_ptr<std::error_code> verdict, BufferPool pool,
                 Clock& clock)
    : verdict_(std::move(verdict)),
      pipe_(std::move(pipe), std::make_unique<Records>(std::move(ssl), std::move(pool))),
      clock_(clock) {}

Task<void> WebPipe::shake_hands() {
  struct ResetUnlessDone {
    ~ResetUnlessDone() {
      if (!done) pipe.reset();
    }
    WebPipe& pipe;
    bool done = false;
  } guard{*this};
  co_await tls::shake_hands(pipe_.pipe(), pipe_.records(), *verdict_, kHandshakeReceivedMax, clock_);
  guard.done = true;
}

WebServer::WebServer(CertificateFiles files, Clock& clock) : files_(std::move(files)), clock_(clock) {}

Result<> WebServer::refresh() {
  std::error_code failed;
  Stamp stamp;
  stamp[0] = std::filesystem::last_write_time(files_.chain, failed);
  if (failed) return complain("the certificate's file can't be found", files_.chain);
  stamp[1] = std::filesystem::last_write_time(files_.key, failed);
  if (failed) return complain("the private key's file can't be found", files_.key);
  if (stamp == stamp_) return context_ ? Result<>() : fail(Errc::kBadConfig);
  stamp_ = stamp;
  auto context = load_server(files_);
  if (!context) return fail(context.error());
  context_ = std::move(*context);
  return {};
}

std::unique_ptr<WebPipe> WebServer::secure(StreamPtr pipe) {
  WARREN_ASSERT(context_ != nullptr);
  const openssl::ErrorScope errors;
  SslPtr ssl = make_ssl(context_.get());
  SSL_set_accept_state(ssl.get());
  return std::make_unique<WebPipe>(std::move(pipe), std::move(ssl), std::make_unique<std::error_code>(),
                                   pool_, clock_);
}

WebClient::WebClient(std::vector<std::filesystem::path> authorities, Clock& clock)
    : authorities_(std::move(authorities)), clock_(clock) {}

Result<std::unique_ptr<WebPipe>> WebClient::secure(StreamPtr pipe, const std::string& host) {
  const openssl::ErrorScope errors;
  if (!context_) {
    auto context = load_client(authorities_);
    if (!context) return fail(context.error());
    context_ = std::move(*context);
  }
  SslPtr ssl = make_ssl(context_.get());
  auto verdict = std::make_unique<std::error_code>();
  SSL_set_app_data(ssl.get(), verdict.get());
  SSL_set_connect_state(ssl.get());
  X509_VERIFY_PARAM_set_time(SSL_get0_param(ssl.get()), unix_ms(clock_.wall_now()) / 1000);
  if (!expect(ssl.get(), host)) return fail(Errc::kBadAddress);
  return std::make_unique<WebPipe>(std::move(pipe), std::move(ssl), std::move(verdict), pool_, clock_);
}

}  // namespace warren::tls
