// What TLS costs beside Noise (noise_bench.cpp): handshakes, both ends on one core, certificates, and bytes
// through the records.

#include <benchmark/benchmark.h>

#include "warren/core/stream.hpp"
#include "warren/security/tls/openssl.hpp"
#include "warren/security/tls/test_nodes.hpp"

namespace warren::tls {
namespace {

void handshake(benchmark::State& state, KeyType type) {
  sim::Loop loop;
  test::TlsNode alice(loop, type, 1);
  test::TlsNode bob(loop, type, 2);
  for (auto _ : state) {
    security_test::Party initiator{alice, bob.peer(), {"/yamux/1.0.0"}};
    security_test::Party responder{bob, {}, {"/yamux/1.0.0"}};
    loop.run(security_test::secure_both(loop, initiator, responder, sim::pipe(loop)));
    if (!initiator.channel || !responder.channel) state.SkipWithError("the handshake failed");
  }
  state.SetItemsProcessed(state.iterations());
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
    security_test::Party initiator{alice, bob.peer(), {"/yamux/1.0.0"}};
    security_test::Party responder{bob, {}, {"/yamux/1.0.0"}};
    loop.run(security_test::secure_both(loop, initiator, responder, sim::pipe(loop)));
    if (!initiator.channel || !responder.channel) state.SkipWithError("the handshake failed");
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

Task<void> send_all(ByteStream& stream, Bytes chunk, int count) {
  for (int i = 0; i < count; ++i) co_await stream.write(chunk);
  co_await stream.close_write();
}

Task<void> receive_all(ByteStream& stream, std::size_t& got) {
  Bytes buffer(128 * 1024);
  while (const std::size_t size = co_await stream.read_some(buffer)) got += size;
}

Task<void> transfer(sim::Loop& loop, ByteStream& from, ByteStream& to, std::size_t chunk, int count,
                    std::size_t& got) {
  TaskGroup group(loop.executor(), "bench");
  group.spawn(send_all(from, Bytes(chunk, 7), count));
  group.spawn(receive_all(to, got));
  co_await group.join();
}

// 16 MiB through a simulated pipe, bare or secured: the difference is what a channel costs.
void pipe_transfer(benchmark::State& state, bool secured) {
  const std::size_t chunk = static_cast<std::size_t>(state.range(0));
  constexpr std::size_t kTotal = 16 * 1024 * 1024;
  sim::Loop loop;
  test::TlsNode alice(loop, KeyType::kEd25519, 1);
  test::TlsNode bob(loop, KeyType::kEd25519, 2);
  for (auto _ : state) {
    state.PauseTiming();
    auto ends = sim::pipe(loop, {.buffer = 2 * kTotal});
    security_test::Party initiator{alice};
    security_test::Party responder{bob};
    if (secured) loop.run(security_test::secure_both(loop, initiator, responder, std::move(ends)));
    ByteStream& from = secured ? **initiator.channel : *ends.first;
    ByteStream& to = secured ? **responder.channel : *ends.second;
    std::size_t got = 0;
    state.ResumeTiming();
    loop.run(transfer(loop, from, to, chunk, static_cast<int>(kTotal / chunk), got));
    if (got != kTotal / chunk * chunk) state.SkipWithError("not all arrived");
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(kTotal));
}
BENCHMARK_CAPTURE(pipe_transfer, bare, false)->Arg(128 * 1024);
BENCHMARK_CAPTURE(pipe_transfer, tls, true)->Arg(16 * 1024)->Arg(128 * 1024);

}  // namespace
}  // namespace warren::tls

BENCHMARK_MAIN();
