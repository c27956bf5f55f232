// What TLS costs beside Noise (noise_bench.cpp): handshakes, both ends on one core, certificates, and bytes
// through the records.

#include "bench/secure_bench.hpp"
#include "warren/security/tls/openssl.hpp"
#include "warren/security/tls/test_nodes.hpp"

namespace warren::tls {
namespace {

void handshake(benchmark::State& state, KeyType type) {
  security_bench::handshake<test::TlsNode>(state, type);
}
BENCHMARK_CAPTURE(handshake, ed25519, KeyType::kEd25519);
BENCHMARK_CAPTURE(handshake, rsa, KeyType::kRsa);
BENCHMARK_CAPTURE(handshake, sm2, KeyType::kSm2);

// The same, when each sees the other's certificate for the first time.
void first_handshake(benchmark::State& state, KeyType type) {
  sim::Loop loop;
  for (auto _ : state) {
    state.PauseTiming();
    test::TlsNode alice(loop, type, 1);
    test::TlsNode bob(loop, type, 2);
    state.ResumeTiming();
    security_bench::shake_hands(state, loop, alice, bob);
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK_CAPTURE(first_handshake, ed25519, KeyType::kEd25519);

// --- the same with nothing but OpenSSL: what no program that uses it gets below ---

openssl::SslContext make_context(const CertifiedKey& key) {
  openssl::SslContext context(SSL_CTX_new(TLS_method()));
  const BytesView secret = key.private_key.view();
  const unsigned char* at = secret.data();
  const openssl::Key private_key(d2i_AutoPrivateKey(nullptr, &at, static_cast<long>(secret.size())));
  SSL_CTX_use_certificate_ASN1(context.get(), static_cast<int>(key.certificate.size()),
                               key.certificate.data());
  SSL_CTX_use_PrivateKey(context.get(), private_key.get());
  SSL_CTX_set_min_proto_version(context.get(), TLS1_3_VERSION);
  SSL_CTX_set_num_tickets(context.get(), 0);
  SSL_CTX_set1_groups_list(context.get(), "X25519");
  SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  SSL_CTX_set_cert_verify_callback(context.get(), [](X509_STORE_CTX*, void*) { return 1; }, nullptr);
  return context;
}

bool shake_hands(SSL_CTX* server_context, SSL_CTX* client_context) {
  const openssl::Ssl server(SSL_new(server_context));
  const openssl::Ssl client(SSL_new(client_context));
  BIO* server_end = nullptr;
  BIO* client_end = nullptr;
  BIO_new_bio_pair(&server_end, 64 * 1024, &client_end, 64 * 1024);
  SSL_set_bio(server.get(), server_end, server_end);
  SSL_set_bio(client.get(), client_end, client_end);
  SSL_set_accept_state(server.get());
  SSL_set_connect_state(client.get());
  SSL_do_handshake(client.get());
  SSL_do_handshake(server.get());
  return SSL_do_handshake(client.get()) == 1 && SSL_do_handshake(server.get()) == 1;
}

void openssl_handshake(benchmark::State& state) {
  sim::Loop loop;
  test::TlsNode node(loop, KeyType::kEd25519, 1);
  const CertifiedKey made = make_certificate(node.key, loop.clock().wall_now(), node.random);
  const auto server = make_context(made);
  const auto client = make_context(made);
  for (auto _ : state) {
    if (!shake_hands(server.get(), client.get())) state.SkipWithError("the handshake failed");
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(openssl_handshake);

// Parsing included.
void verify(benchmark::State& state, KeyType type) {
  sim::Loop loop;
  test::TlsNode node(loop, type, 1);
  const CertifiedKey made = make_certificate(node.key, loop.clock().wall_now(), node.random);
  const std::array<BytesView, 1> chain = {made.certificate};
  for (auto _ : state) {
    if (!verify_certificates(chain, loop.clock().wall_now())) state.SkipWithError("not verified");
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK_CAPTURE(verify, ed25519, KeyType::kEd25519);

void pipe_transfer(benchmark::State& state, bool secured) {
  security_bench::pipe_transfer<test::TlsNode>(state, secured, 128 * 1024);
}
BENCHMARK_CAPTURE(pipe_transfer, bare, false)->Arg(128 * 1024);
BENCHMARK_CAPTURE(pipe_transfer, tls, true)->Arg(16 * 1024)->Arg(128 * 1024);

}  // namespace
}  // namespace warren::tls

BENCHMARK_MAIN();
