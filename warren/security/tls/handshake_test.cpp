#include "warren/security/tls/handshake.hpp"

#include <doctest/doctest.h>

#include "warren/security/tls/test_certificates.hpp"
#include "warren/security/tls/test_nodes.hpp"
#include "warren/sim/for_each_failure.hpp"

using namespace warren;
using namespace warren::tls;
using namespace warren::tls::test;

namespace {

constexpr Side kBothSides[] = {Side::kInitiator, Side::kResponder};
constexpr KeyType kKeyTypes[] = {KeyType::kEd25519, KeyType::kSm2};

const ProtocolId kYamux = "/yamux/1.0.0";
const ProtocolId kMplex = "/mplex/6.7.0";

// Runs the handshake of the two parties over a pipe.
void shake_hands(sim::Loop& loop, Party& initiator, Party& responder) {
  loop.run(secure_both(loop, initiator, responder, sim::pipe(loop, {.delay = 5ms})));
  REQUIRE_FALSE(loop.busy());
}

Task<Bytes> read_once(ByteStream& stream) {
  Bytes buffer(100);
  buffer.resize(co_await stream.read_some(buffer));
  co_return buffer;
}

// What the initiator's first read on its channel tells.
std::error_code first_read(sim::Loop& loop, const Party& initiator) {
  REQUIRE(initiator.channel);
  return error_of(loop.run(as_result(read_once(**initiator.channel))));
}

}  // namespace

TEST_CASE("each side learns who the other is, whatever the types of their keys") {
  for (const KeyType initiator_type : kKeyTypes) {
    for (const KeyType responder_type : kKeyTypes) {
      CAPTURE(name_of(initiator_type));
      CAPTURE(name_of(responder_type));
      sim::Loop loop;
      Node alice(loop, initiator_type, 1);
      Node bob(loop, responder_type, 2);
      Party initiator{alice, bob.peer()};
      Party responder{bob, alice.peer()};
      shake_hands(loop, initiator, responder);
      REQUIRE(initiator.channel);
      REQUIRE(responder.channel);
      CHECK((*initiator.channel)->remote_peer() == bob.peer());
      CHECK((*initiator.channel)->remote_key() == bob.key.public_key());
      CHECK((*responder.channel)->remote_peer() == alice.peer());
      CHECK((*responder.channel)->remote_key() == alice.key.public_key());
      CHECK_FALSE((*initiator.channel)->early_muxer());
      CHECK_FALSE((*responder.channel)->early_muxer());
    }
  }
}

TEST_CASE("the handshake takes one round trip until the initiator may write") {
  sim::Loop loop;
  Node alice(loop, KeyType::kEd25519, 1);
  Node bob(loop, KeyType::kEd25519, 2);
  Party initiator{alice, bob.peer(), {kYamux}};
  Party responder{bob, {}, {kYamux}};
  loop.run(secure_both(loop, initiator, responder, sim::pipe(loop, {.delay = 50ms})));
  REQUIRE(responder.channel);
  CHECK(loop.now() == Instant{} + 150ms);  // when the responder has the initiator's last message
}

TEST_CASE("the muxer is the first of the initiator's that both have") {
  sim::Loop loop;
  Node alice(loop, KeyType::kEd25519, 1);
  Node bob(loop, KeyType::kEd25519, 2);
  const auto agreed = [&](std::vector<ProtocolId> first, std::vector<ProtocolId> second) {
    Party initiator{alice, {}, first};
    Party responder{bob, {}, second};
    shake_hands(loop, initiator, responder);
    REQUIRE(initiator.channel);
    REQUIRE(responder.channel);
    CHECK((*initiator.channel)->early_muxer() == (*responder.channel)->early_muxer());
    return (*initiator.channel)->early_muxer();
  };
  CHECK(agreed({kYamux, kMplex}, {kMplex, kYamux}) == kYamux);
  CHECK(agreed({kMplex, kYamux}, {kYamux, kMplex}) == kMplex);
  CHECK(agreed({"/other", kMplex}, {kYamux, kMplex}) == kMplex);
  // What follows is negotiated on the channel: there is always "libp2p".
  CHECK(agreed({kYamux}, {kMplex}) == std::nullopt);
  CHECK(agreed({kYamux}, {}) == std::nullopt);
  CHECK(agreed({}, {kYamux}) == std::nullopt);
}

TEST_CASE("an initiator that meets another peer than it dialed stops, and says that it does") {
  sim::Loop loop;
  Node alice(loop, KeyType::kEd25519, 1);
  Node bob(loop, KeyType::kEd25519, 2);
  Party initiator{alice, alice.peer()};
  Party responder{bob};
  shake_hands(loop, initiator, responder);
  CHECK(error_of(initiator.channel) == Errc::kPeerIdMismatch);
  CHECK(error_of(responder.channel) == Errc::kHandshakeRefused);
}

TEST_CASE("a responder that expects somebody else refuses, and the initiator learns of it when it reads") {
  sim::Loop loop;
  Node alice(loop, KeyType::kEd25519, 1);
  Node bob(loop, KeyType::kEd25519, 2);
  Party initiator{alice, bob.peer()};
  Party responder{bob, bob.peer()};
  shake_hands(loop, initiator, responder);
  CHECK(error_of(responder.channel) == Errc::kPeerIdMismatch);
  CHECK(first_read(loop, initiator) == Errc::kHandshakeRefused);
}

namespace {

// A peer that speaks TLS as OpenSSL does by itself, with whatever certificate and terms it is given.
struct Stranger {
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
  const auto& protocols = static_cast<const Stranger*>(stranger)->protocols;
  if (protocols.empty()) return SSL_TLSEXT_ERR_NOACK;
  *chosen = as_bytes(protocols.front()).data();
  *size = static_cast<unsigned char>(protocols.front().size());
  return SSL_TLSEXT_ERR_OK;
}

SslContextPtr make_context(Stranger& stranger) {
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

SslPtr make_ssl(const Stranger& stranger, SSL_CTX* context, Side side) {
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

Task<void> speak(ByteStream& pipe, Records& records, Stranger& stranger) {
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

Task<void> meet(StreamPtr pipe, Side side, Stranger& stranger) {
  const SslContextPtr context = make_context(stranger);
  Records records(make_ssl(stranger, context.get(), side), BufferPool());
  stranger.end = co_await as_result(speak(*pipe, records, stranger));
}

Task<void> secure_and_leave(Party& party, Side side, StreamPtr pipe) {
  co_await secure(party, side, std::move(pipe));
  if (party.channel) co_await (*party.channel)->close_write();
}

// How our handshake with the stranger ends, on that side.
Task<void> meet_us(sim::Loop& loop, Party& party, Side side, Stranger& stranger) {
  auto [ours, theirs] = sim::pipe(loop, {.delay = 5ms});
  TaskGroup group(loop.executor(), "test");
  group.spawn(secure_and_leave(party, side, std::move(ours)));
  const Side other = side == Side::kInitiator ? Side::kResponder : Side::kInitiator;
  group.spawn(meet(std::move(theirs), other, stranger));
  co_await group.join();
}

struct Outcome {
  std::error_code ours;
  std::error_code theirs;
  std::optional<ProtocolId> muxer = {};
};

Outcome outcome_of(Side side, Stranger& stranger, std::vector<ProtocolId> muxers = {}) {
  sim::Loop loop;
  Node node(loop);
  Party party{node, {}, std::move(muxers)};
  loop.run(meet_us(loop, party, side, stranger));
  Outcome outcome{error_of(party.channel), error_of(stranger.end)};
  if (party.channel) outcome.muxer = (*party.channel)->early_muxer();
  party.channel = fail(Errc::kCanceled);
  return outcome;
}

Outcome outcome_of(Side side, Recipe recipe) {
  Stranger stranger;
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
    Stranger two;
    two.certificates = 2;
    const Outcome outcome = outcome_of(side, two);
    CHECK(outcome.ours == Errc::kMalformed);
    CHECK(outcome.theirs == Errc::kHandshakeRefused);
  }
  Stranger none;
  none.certificates = 0;
  const Outcome outcome = outcome_of(Side::kResponder, none);
  CHECK(outcome.ours == Errc::kMalformed);
  CHECK(outcome.theirs == Errc::kHandshakeRefused);
}

TEST_CASE("a stranger that speaks no TLS 1.3 is refused") {
  for (const Side side : kBothSides) {
    Stranger old;
    old.version_max = TLS1_2_VERSION;
    CHECK(outcome_of(side, old).ours == Errc::kUnsupported);
  }
}

TEST_CASE("each cipher and each group of TLS 1.3 that others have will do") {
  for (const Side side : kBothSides) {
    for (const char* cipher :
         {"TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256"}) {
      Stranger stranger;
      stranger.change = [&](SSL_CTX* context) { SSL_CTX_set_ciphersuites(context, cipher); };
      CHECK(!outcome_of(side, stranger).ours);
    }
    for (const char* groups : {"X25519", "P-256", "P-521:X25519"}) {
      Stranger stranger;
      stranger.change = [&](SSL_CTX* context) { SSL_CTX_set1_groups_list(context, groups); };
      CHECK(!outcome_of(side, stranger).ours);
    }
    Stranger strange;
    strange.change = [](SSL_CTX* context) { SSL_CTX_set1_groups_list(context, "P-384"); };
    CHECK(outcome_of(side, strange).ours == Errc::kUnsupported);
  }
}

TEST_CASE("a stranger that knows no early muxer, or no ALPN, negotiates the muxer later") {
  for (const Side side : kBothSides) {
    for (const auto& protocols : {std::vector<std::string>{"libp2p"}, std::vector<std::string>{}}) {
      Stranger stranger;
      stranger.protocols = protocols;
      const Outcome outcome = outcome_of(side, stranger, {kYamux});
      CHECK(!outcome.ours);
      CHECK(!outcome.theirs);
      CHECK(outcome.muxer == std::nullopt);
    }
  }
}

TEST_CASE("protocols that have nothing to do with libp2p end the handshake") {
  Stranger client;
  client.protocols = {"h2", "http/1.1"};
  const Outcome served = outcome_of(Side::kResponder, client, {kYamux});
  CHECK(served.ours == Errc::kProtocolNotSupported);
  CHECK(served.theirs == Errc::kProtocolNotSupported);

  Stranger server;
  server.protocols = {"h2"};
  CHECK(outcome_of(Side::kInitiator, server, {kYamux}).ours == Errc::kMalformed);
}

TEST_CASE("the server picks a muxer even where the client lists libp2p first") {
  Stranger client;
  client.protocols = {"libp2p", kMplex, kYamux};
  CHECK(outcome_of(Side::kResponder, client, {kYamux, kMplex}).muxer == kMplex);
  CHECK(client.negotiated == kMplex);
}

TEST_CASE("a server's tickets and a client's early words are taken as they come") {
  Stranger server;  // sends two tickets behind its handshake, and text behind them
  server.write_at_once = true;
  CHECK(!outcome_of(Side::kInitiator, server).ours);
  Stranger client;
  client.write_at_once = true;
  CHECK(!outcome_of(Side::kResponder, client).ours);
}

namespace {

Task<void> note(Task<void> task, Result<>& end) {
  end = co_await as_result(std::move(task));
}

Task<void> send_raw(StreamPtr pipe, Bytes bytes) {
  co_await pipe->write(bytes);
  co_await pipe->close_write();
  co_await read_to_end(*pipe, 100'000);
}

Task<void> receive_raw(sim::Loop& loop, Party& party, Side side, Bytes bytes) {
  auto [ours, theirs] = sim::pipe(loop);
  Result<> end;
  TaskGroup group(loop.executor(), "test");
  group.spawn(secure(party, side, std::move(ours)));
  group.spawn(note(send_raw(std::move(theirs), std::move(bytes)), end));
  co_await group.join();
}

std::error_code outcome_of_bytes(Side side, Bytes bytes) {
  sim::Loop loop;
  Node node(loop);
  Party party{node};
  loop.run(receive_raw(loop, party, side, std::move(bytes)));
  REQUIRE(!party.channel);
  return party.channel.error();
}

}  // namespace

TEST_CASE("what is no TLS ends the handshake") {
  for (const Side side : kBothSides) {
    CHECK(outcome_of_bytes(side, {}) == Errc::kEndOfStream);
    CHECK(outcome_of_bytes(side, {0x16}) == Errc::kEndOfStream);
    CHECK(outcome_of_bytes(side, {0x16, 3, 1, 0x40}) == Errc::kEndOfStream);
    CHECK(outcome_of_bytes(side, to_bytes("GET / HTTP/1.1\r\n\r\n")) == Errc::kMalformed);
    CHECK(outcome_of_bytes(side, Bytes(100, 0)) == Errc::kMalformed);
    CHECK(outcome_of_bytes(side, Bytes(100, 0xff)) == Errc::kMalformed);
  }
}

TEST_CASE("a peer cannot keep us busy with a handshake that never ends") {
  // A ClientHello of 100,000 bytes, in records of 16 KiB.
  Bytes endless;
  for (int i = 0; i < 6; ++i) {
    append(endless, Bytes{0x16, 3, 1, 0x40, 0});
    Bytes record(0x4000, 0);
    if (i == 0) record[0] = 1, record[1] = 1, record[2] = 0x86, record[3] = 0xa0;
    append(endless, record);
  }
  CHECK(outcome_of_bytes(Side::kResponder, endless) == Errc::kTooLarge);
}

namespace {

// Changes one bit, or ends the stream, at one place of all that is written.
class Meddler final : public ByteStream {
 public:
  Meddler(StreamPtr stream, std::size_t place, bool cut, std::size_t& written)
      : stream_(std::move(stream)), place_(place), cut_(cut), written_(written) {}

  Task<std::size_t> read_some(MutableBytes to) override { return stream_->read_some(to); }
  Task<void> write(BytesView bytes) override {
    Bytes changed = to_bytes(bytes);
    const bool here = place_ >= written_ && place_ < written_ + bytes.size();
    if (here && cut_) changed.resize(place_ - written_);
    if (here && !cut_) changed[place_ - written_] ^= 1;
    written_ += bytes.size();
    co_await stream_->write(changed);
    if (here && cut_) co_await stream_->close_write();
  }
  Task<void> close_write() override { return stream_->close_write(); }
  void reset() override { stream_->reset(); }

 private:
  StreamPtr stream_;
  std::size_t place_;
  bool cut_;
  std::size_t& written_;
};

struct Meddled {
  bool reader_fails = false;
  std::size_t written = 0;  // by the side that is meddled with
};

// Meddles with what `side` writes, at that place. Each side that is left waiting is given an end.
Meddled meddle(sim::Loop& loop, Node& alice, Node& bob, Side side, std::size_t place, bool cut) {
  Meddled result;
  Party initiator{alice, bob.peer()};
  Party responder{bob};
  auto ends = sim::pipe(loop);
  auto& end = side == Side::kInitiator ? ends.first : ends.second;
  end = std::make_unique<Meddler>(std::move(end), place, cut, result.written);
  TaskGroup group(loop.executor(), "test");
  group.spawn(secure(initiator, Side::kInitiator, std::move(ends.first)));
  group.spawn(secure(responder, Side::kResponder, std::move(ends.second)));
  loop.run_until_idle();
  loop.run(group.close());  // a size that was made larger is waited for: the caller's time limit ends that
  result.reader_fails = side == Side::kInitiator ? !responder.channel : !initiator.channel;
  return result;
}

}  // namespace

TEST_CASE("no bit can be changed on the way, nor anything be cut off, without a side noticing") {
  constexpr std::size_t kNowhere = 1'000'000;
  sim::Loop loop;
  Node alice(loop, KeyType::kEd25519, 1);
  Node bob(loop, KeyType::kEd25519, 2);
  for (const Side side : kBothSides) {
    const Meddled whole = meddle(loop, alice, bob, side, kNowhere, false);
    CHECK_FALSE(whole.reader_fails);
    REQUIRE(whole.written > 500);
    REQUIRE(whole.written < 2000);
    // ECDSA signatures vary in length by some bytes, so the last places may be behind the end.
    for (std::size_t place = 0; place + 8 < whole.written; place += 7) {
      CAPTURE(static_cast<int>(side));
      CAPTURE(place);
      CHECK(meddle(loop, alice, bob, side, place, true).reader_fails);
      // The version in a record's header means nothing (RFC 8446 section 5.1), so the first two are left.
      if (place > 2) CHECK(meddle(loop, alice, bob, side, place, false).reader_fails);
    }
  }
}

namespace {

Task<void> converse(sim::Loop& loop, sim::Faults& faults) {
  Node alice(loop, KeyType::kEd25519, 1);
  Node bob(loop, KeyType::kSm2, 2);
  Party initiator{alice, bob.peer(), {kYamux}};
  Party responder{bob, {}, {kYamux}};
  auto ends = sim::pipe(loop, {.delay = 1ms, .faults = &faults});
  co_await secure_both(loop, initiator, responder, std::move(ends));
  value_or_throw(std::move(initiator.channel));
  value_or_throw(std::move(responder.channel));
}

}  // namespace

TEST_CASE("a handshake whose pipe fails at any step ends with an error on the side that can know") {
  CHECK(sim::for_each_failure(converse) >= 6);
}

namespace {

// A peer that connects and says nothing, or says only half of a message.
Task<void> meet_silence(sim::Loop& loop, Side side, Bytes said, Result<>& end) {
  Node node(loop);
  auto [ours, theirs] = sim::pipe(loop);
  co_await theirs->write(said);
  auto securing = node.transport.secure(std::move(ours), side, std::nullopt, {});
  const auto channel = co_await as_result(with_timeout(loop.clock(), 10s, std::move(securing)));
  CHECK(error_of(channel) == Errc::kTimedOut);
  const auto rest = co_await as_result(read_to_end(*theirs, 100'000));
  CHECK(error_of(rest) == Errc::kReset);
  end = Result<>{};
}

}  // namespace

TEST_CASE("a peer that keeps us waiting is left by the caller's time limit, and the pipe is reset") {
  for (const Side side : kBothSides) {
    for (const Bytes& said : {Bytes{0x16}, Bytes{0x16, 3, 1, 1, 0, 2, 0, 0, 0xfc}}) {
      sim::Loop loop;
      Result<> end = fail(Errc::kCanceled);
      loop.run(meet_silence(loop, side, said, end));
      CHECK(end);
    }
  }
}
