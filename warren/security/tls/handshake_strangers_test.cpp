// Our handshake with peers that are not ours: OpenSSL by itself, with certificates and terms of all kinds.
#include <doctest/doctest.h>

#include "warren/security/tls/handshake.hpp"
#include "warren/security/tls/openssl.hpp"
#include "warren/security/tls/test_certificates.hpp"
#include "warren/security/tls/test_nodes.hpp"

using namespace warren;
using namespace warren::tls;
using namespace warren::tls::test;
using namespace warren::security_test;

namespace {

// A peer that speaks TLS as OpenSSL does by itself, with whatever certificate and terms it is given.
struct OpensslStranger {
  const SSL_METHOD* method = TLS_method();
  Recipe recipe = {};
  PrivateKey host_key =
      PrivateKey::generate(KeyType::kEd25519, [](MutableBytes to) { std::ranges::fill(to, 3); });
  int certificates = 1;
  int version_max = TLS1_3_VERSION;
  std::vector<std::string> protocols = {"libp2p"};
  std::function<void(SSL_CTX*)> change = {};
  bool write_at_once = false;

  Result<> end = {};       // of its handshake and its first read
  std::string negotiated;  // protocol
};

std::string wire(const std::vector<std::string>& protocols) {
  std::string list;
  for (const std::string& protocol : protocols) list += static_cast<char>(protocol.size()) + protocol;
  return list;
}

// As a server it takes its own first protocol, offered or not, if it has any.
int take_first(SSL*, const unsigned char** chosen, unsigned char* size, const unsigned char*, unsigned,
               void* stranger) {
  const auto& protocols = static_cast<const OpensslStranger*>(stranger)->protocols;
  if (protocols.empty()) return SSL_TLSEXT_ERR_NOACK;
  *chosen = as_bytes(protocols.front()).data();
  *size = static_cast<unsigned char>(protocols.front().size());
  return SSL_TLSEXT_ERR_OK;
}

SslContextPtr make_context(OpensslStranger& stranger) {
  SslContextPtr context(SSL_CTX_new(stranger.method));
  SSL_CTX_set_security_level(context.get(), 0);
  SSL_CTX_set_max_proto_version(context.get(), stranger.version_max);
  const auto certificate = make_x509(stranger.host_key, stranger.recipe);
  if (stranger.certificates > 0) {
    REQUIRE(SSL_CTX_use_certificate(context.get(), certificate.get()) == 1);
    REQUIRE(SSL_CTX_use_PrivateKey(context.get(), stranger.recipe.key.get()) == 1);
  }
  for (int i = 1; i < stranger.certificates; ++i) SSL_CTX_add1_chain_cert(context.get(), certificate.get());
  SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
  SSL_CTX_set_cert_verify_callback(context.get(), [](X509_STORE_CTX*, void*) { return 1; }, nullptr);
  SSL_CTX_set_alpn_select_cb(context.get(), &take_first, &stranger);
  if (stranger.change) stranger.change(context.get());
  return context;
}

SslPtr make_ssl(const OpensslStranger& stranger, SSL_CTX* context, Side side) {
  SslPtr ssl(SSL_new(context));
  if (side == Side::kInitiator) {
    SSL_set_connect_state(ssl.get());
    const std::string list = wire(stranger.protocols);
    if (!list.empty()) {
      SSL_set_alpn_protos(ssl.get(), as_bytes(list).data(), static_cast<unsigned>(list.size()));
    }
  } else {
    SSL_set_accept_state(ssl.get());
  }
  return ssl;
}

Task<void> flush(ByteStream& pipe, Records& records) {
  auto outgoing = records.take();
  if (outgoing.size > 0) co_await pipe.write(outgoing.bytes());
}

Task<void> fill(ByteStream& pipe, Records& records) {
  const std::size_t size = co_await pipe.read_some(records.space());
  if (size == 0) throw_error(Errc::kEndOfStream);
  records.add(size);
}

Task<void> speak(ByteStream& pipe, Records& records, OpensslStranger& stranger) {
  while (true) {
    const auto done = records.shake_hands();
    co_await flush(pipe, records);
    if (value_or_throw(done)) break;
    co_await fill(pipe, records);
  }
  const unsigned char* name = nullptr;
  unsigned size = 0;
  SSL_get0_alpn_selected(records.ssl(), &name, &size);
  stranger.negotiated = as_text(BytesView(name, size));
  if (stranger.write_at_once) {
    value_or_throw(records.write(as_bytes("hello")));
    co_await flush(pipe, records);
  }
  Bytes buffer(100);
  while (value_or_throw(records.read(buffer)) == 0 && !records.ended()) co_await fill(pipe, records);
}

Task<void> meet(StreamPtr pipe, Side side, OpensslStranger& stranger) {
  const SslContextPtr context = make_context(stranger);
  Records records(make_ssl(stranger, context.get(), side), BufferPool());
  stranger.end = co_await as_result(speak(*pipe, records, stranger));
}

Task<void> secure_and_end(Party& party, Side side, StreamPtr pipe) {
  co_await secure(party, side, std::move(pipe));
  if (party.channel) co_await (*party.channel)->close_write();
}

// How our handshake with the stranger ends, on that side.
Task<void> meet_us(sim::Loop& loop, Party& party, Side side, OpensslStranger& stranger) {
  auto [ours, theirs] = sim::pipe(loop, {.delay = 5ms});
  TaskGroup group(loop.executor(), "test");
  group.spawn(secure_and_end(party, side, std::move(ours)));
  const Side other = side == Side::kInitiator ? Side::kResponder : Side::kInitiator;
  group.spawn(meet(std::move(theirs), other, stranger));
  co_await group.join();
}

struct Outcome {
  std::error_code ours;
  std::error_code theirs;
  std::optional<ProtocolId> muxer = {};
};

Outcome outcome_of(Side side, OpensslStranger& stranger, std::vector<ProtocolId> muxers = {}) {
  sim::Loop loop;
  TlsNode node(loop);
  Party party{node, {}, std::move(muxers)};
  loop.run(meet_us(loop, party, side, stranger));
  Outcome outcome{error_of(party.channel), error_of(stranger.end)};
  if (party.channel) outcome.muxer = (*party.channel)->early_muxer();
  party.channel = fail(Errc::kCanceled);
  return outcome;
}

Outcome outcome_of(Side side, Recipe recipe) {
  OpensslStranger stranger;
  stranger.recipe = std::move(recipe);
  return outcome_of(side, stranger);
}

}  // namespace

TEST_CASE("a stranger is accepted with a good certificate, and told when it is not good") {
  for (const Side side : kBothSides) {
    CAPTURE(static_cast<int>(side));
    CHECK(!outcome_of(side, {}).ours);
    CHECK(!outcome_of(side, Recipe{.key = make_rsa_key(2048)}).ours);
    CHECK(!outcome_of(side, Recipe{.key = make_key("ED25519"), .digest = nullptr}).ours);

    const auto refused = [&](Recipe recipe, Errc reason) {
      const Outcome outcome = outcome_of(side, std::move(recipe));
      CHECK(outcome.ours == reason);
      CHECK(outcome.theirs == Errc::kHandshakeRefused);
    };
    refused(Recipe{.not_before = WallTime(std::chrono::sys_days(std::chrono::year(2027) / 1 / 1))},
            Errc::kNotValidNow);
    refused(Recipe{.not_after = WallTime(std::chrono::sys_days(std::chrono::year(2025) / 1 / 1))},
            Errc::kNotValidNow);
    refused(Recipe{.libp2p_extensions = 0}, Errc::kMalformed);
    refused(Recipe{.change_signed_key = [](SignedKey& key) { key.signature[0] ^= 1; }}, Errc::kBadSignature);
    refused(Recipe{.change_signed_key = [](SignedKey& key) { key.public_key[1] = 99; }},
            Errc::kUnknownKeyType);
    refused(Recipe{.unknown_extension = "critical"}, Errc::kUnsupported);
    Recipe not_its_own;
    not_its_own.signing_key = make_ec_key("P-256");
    refused(std::move(not_its_own), Errc::kBadSignature);
  }
}

TEST_CASE("a stranger must show one certificate") {
  for (const Side side : kBothSides) {
    OpensslStranger two;
    two.certificates = 2;
    const Outcome outcome = outcome_of(side, two);
    CHECK(outcome.ours == Errc::kMalformed);
    CHECK(outcome.theirs == Errc::kHandshakeRefused);
  }
  OpensslStranger none;
  none.certificates = 0;
  const Outcome outcome = outcome_of(Side::kResponder, none);
  CHECK(outcome.ours == Errc::kMalformed);
  CHECK(outcome.theirs == Errc::kHandshakeRefused);
}

TEST_CASE("a stranger that speaks no TLS 1.3 is refused") {
  for (const Side side : kBothSides) {
    OpensslStranger old;
    old.version_max = TLS1_2_VERSION;
    CHECK(outcome_of(side, old).ours == Errc::kUnsupported);
  }
}

TEST_CASE("each cipher and each group of TLS 1.3 that others have will do") {
  for (const Side side : kBothSides) {
    for (const char* cipher :
         {"TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256"}) {
      OpensslStranger stranger;
      stranger.change = [&](SSL_CTX* context) { SSL_CTX_set_ciphersuites(context, cipher); };
      CHECK(!outcome_of(side, stranger).ours);
    }
    for (const char* groups : {"X25519", "P-256", "P-521:X25519"}) {
      OpensslStranger stranger;
      stranger.change = [&](SSL_CTX* context) { SSL_CTX_set1_groups_list(context, groups); };
      CHECK(!outcome_of(side, stranger).ours);
    }
    OpensslStranger strange;
    strange.change = [](SSL_CTX* context) { SSL_CTX_set1_groups_list(context, "P-384"); };
    CHECK(outcome_of(side, strange).ours == Errc::kUnsupported);
  }
}

TEST_CASE("a stranger that knows no early muxer, or no ALPN, negotiates the muxer later") {
  for (const Side side : kBothSides) {
    for (const auto& protocols : {std::vector<std::string>{"libp2p"}, std::vector<std::string>{}}) {
      OpensslStranger stranger;
      stranger.protocols = protocols;
      const Outcome outcome = outcome_of(side, stranger, {kYamux});
      CHECK(!outcome.ours);
      CHECK(!outcome.theirs);
      CHECK(outcome.muxer == std::nullopt);
    }
  }
}

TEST_CASE("protocols that have nothing to do with libp2p end the handshake") {
  OpensslStranger client;
  client.protocols = {"h2", "http/1.1"};
  const Outcome served = outcome_of(Side::kResponder, client, {kYamux});
  CHECK(served.ours == Errc::kProtocolNotSupported);
  CHECK(served.theirs == Errc::kProtocolNotSupported);

  OpensslStranger server;
  server.protocols = {"h2"};
  CHECK(outcome_of(Side::kInitiator, server, {kYamux}).ours == Errc::kMalformed);
}

TEST_CASE("the server picks a muxer even where the client lists libp2p first") {
  OpensslStranger client;
  client.protocols = {"libp2p", kMplex, kYamux};
  CHECK(outcome_of(Side::kResponder, client, {kYamux, kMplex}).muxer == kMplex);
  CHECK(client.negotiated == kMplex);
}

TEST_CASE("a server's tickets and a client's early words are taken as they come") {
  OpensslStranger server;  // sends two tickets behind its handshake, and text behind them
  server.write_at_once = true;
  CHECK(!outcome_of(Side::kInitiator, server).ours);
  OpensslStranger client;
  client.write_at_once = true;
  CHECK(!outcome_of(Side::kResponder, client).ours);
}
