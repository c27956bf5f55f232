// What peers and origins that mean no good can send on a topic, and what becomes of it.
#include <doctest/doctest.h>

#include "warren/broadcast/repair.hpp"
#include "warren/broadcast/repair_message.hpp"
#include "warren/broadcast/test_crier.hpp"

namespace warren {
namespace {

using test::broadcast_header;
using test::Crier;
using test::Gossiper;
using test::kNews;
using test::seal;
using test::Town;

// Two nodes and a peer of our own making, which has an SM2 key, too.
struct Attack {
  explicit Attack(bool speaks_bind = true, BroadcastLimits limits = {}, TopicOptions options = {})
      : town(2, limits), mallory(town.crowd) {
    if (speaks_bind) mallory.speak_bind();
    mallory.join();
    mallory.connect(town[0]);
    town.subscribe("news", options);
  }
  Crier& victim() { return town[0]; }
  Header header(std::uint64_t seq = 1) { return broadcast_header(town.crowd, key, seq); }
  void send(Bytes envelope) {
    mallory.publish(kNews, std::move(envelope));
    town.pass(1s);
  }
  void send(const Header& header, std::string_view text) { send(seal(header, text, key)); }
  double score() { return victim().score_of(mallory, "news"); }
  std::uint64_t rejected() { return victim().status("news").rejected; }

  Town town;
  Gossiper mallory;
  Sm2PrivateKey key = test::sm2_key(100);
};

TEST_CASE("anybody with a key may speak") {
  Attack attack;
  attack.send(attack.header(), "good");
  CHECK(attack.victim().texts() == "good");
  CHECK(attack.town[1].texts() == "good");
  CHECK(attack.victim().got[0].from_node == NodeId(attack.key.public_key()));
  CHECK(attack.rejected() == 0);
}

struct BadEnvelope {
  std::string_view what;
  Bytes (*make)(Attack& attack);
};

Envelope good(Attack& attack) {
  return Envelope::seal(attack.header(), to_bytes("hello"), attack.key);
}

Bytes of_kind_and_context(Attack& attack, MessageKind kind, std::string context) {
  Header header = attack.header();
  header.kind = kind;
  header.context = std::move(context);
  if (kind == MessageKind::kMessage) header.recipient = attack.victim().node().key_bytes();
  return seal(header, "hello", attack.key);
}

const BadEnvelope kBadEnvelopes[] = {
    {"no envelope", [](Attack&) { return to_bytes("hello"); }},
    {"nothing", [](Attack&) { return Bytes(); }},
    {"a bit of the payload",
     [](Attack& attack) {
       Envelope envelope = good(attack);
       envelope.body[0] ^= 1;
       return envelope.encode();
     }},
    {"a bit of the signature",
     [](Attack& attack) {
       Envelope envelope = good(attack);
       envelope.signature[5] ^= 1;
       return envelope.encode();
     }},
    {"an honest node's name",
     [](Attack& attack) {
       Envelope envelope = good(attack);
       envelope.header = broadcast_header(attack.town.crowd, attack.town[1].key).encode();
       Bytes message = envelope.header;
       append(message, sm3(envelope.body));
       envelope.signature = attack.key.sign(kEnvelopeDomain, message);
       return envelope.encode();
     }},
    {"of another topic",
     [](Attack& attack) {
       return of_kind_and_context(attack, MessageKind::kBroadcast, make_context("main", "newspaper"));
     }},
    {"of another network",
     [](Attack& attack) {
       return of_kind_and_context(attack, MessageKind::kBroadcast, make_context("other", "news"));
     }},
    {"a message to somebody",
     [](Attack& attack) {
       return of_kind_and_context(attack, MessageKind::kMessage, make_context("main", "news"));
     }},
    {"a sender that is no key",
     [](Attack& attack) {
       Envelope envelope = good(attack);
       Header header = attack.header();
       header.sender.fill(0xff);
       envelope.header = header.encode();
       return envelope.encode();
     }},
    {"too long a life",
     [](Attack& attack) {
       Header header = attack.header();
       header.ttl = std::chrono::days(8);
       return seal(header, "hello", attack.key);
     }},
    {"something behind it",
     [](Attack& attack) {
       Bytes envelope = good(attack).encode();
       append(envelope, Bytes{0x20, 0x01});
       return envelope;
     }},
};

TEST_CASE("a bad envelope is not delivered, and held against who forwards it, if that one can tell") {
  for (const bool speaks_bind : {true, false}) {
    for (const BadEnvelope& bad : kBadEnvelopes) {
      CAPTURE(speaks_bind);
      CAPTURE(bad.what);
      Attack attack(speaks_bind);
      attack.send(bad.make(attack));
      CHECK(attack.rejected() == (speaks_bind ? 1 : 0));
      CHECK((attack.score() < 0) == speaks_bind);
      CHECK(attack.victim().got.empty());
      CHECK(attack.town[1].got.empty());
      // It was forwarded to nobody, who could blame the victim for it; and good ones pass.
      CHECK(attack.town[1].status("news").rejected == 0);
      attack.town[1].say("news", "good");
      attack.town.pass(1s);
      CHECK(attack.victim().texts() == "good");
    }
  }
}

TEST_CASE("what is early, late, sealed or of a later version is dropped without blame") {
  Attack attack;
  Header header = attack.header();
  header.timestamp += 31s;
  attack.send(header, "early");
  attack.town.pass(130s);
  header = attack.header();
  header.timestamp -= 121s;
  attack.send(header, "late");
  header = attack.header();
  header.ttl = std::chrono::hours(1);
  header.timestamp -= 130s;
  attack.send(header, "stored, where nothing is remembered");
  header = attack.header();
  header.suite = 1;
  attack.send(header, "sealed");
  CHECK(attack.victim().got.empty());
  CHECK(attack.rejected() == 0);
  CHECK(attack.score() >= 0);
  attack.send(attack.header(), "good");
  CHECK(attack.victim().texts() == "good");
}

TEST_CASE("an envelope in another wrapper is no new message") {
  Attack attack;
  const Bytes envelope = seal(attack.header(), "once", attack.key);
  Gossiper other(attack.town.crowd);
  other.speak_bind();
  other.join();
  other.connect(attack.town[1]);
  attack.town.pass(3s);
  for (int i = 0; i < 3; ++i) {
    attack.send(envelope);
    other.publish(kNews, envelope);
    attack.town.pass(1s);
  }
  CHECK(attack.victim().texts() == "once");
  CHECK(attack.town[1].texts() == "once");
  CHECK(attack.rejected() == 0);
}

TEST_CASE("a message of before a restart is not taken after it") {
  Attack attack;
  Header header = attack.header();
  attack.send(header, "once");
  CHECK(attack.victim().texts() == "once");
  attack.victim().stop();
  attack.town.pass(25s);  // until others have noticed
  attack.victim().start();
  attack.victim().subscribe("news");
  attack.victim().connect(attack.mallory);
  attack.town.pass(3s);
  attack.send(header, "once");
  CHECK(attack.victim().texts() == "once");
  attack.send(attack.header(2), "new");
  CHECK(attack.victim().texts() == "once new");
}

TEST_CASE("a stored message of before a restart is not taken after it either") {
  Attack attack(true, {}, test::kReliableTopic);
  Header header = attack.header();
  header.ttl = std::chrono::hours(10);
  attack.send(header, "once");
  CHECK(attack.victim().texts() == "once");
  attack.victim().stop();
  attack.town.pass(5min);
  attack.victim().start();
  attack.victim().subscribe("news", test::kReliableTopic);
  attack.victim().connect(attack.mallory);
  attack.town.pass(3s);
  attack.send(header, "once");
  CHECK(attack.victim().texts() == "once");
  // Nor one of before the first subscription, which nobody remembers.
  header = attack.header(2);
  header.ttl = std::chrono::hours(10);
  header.timestamp -= std::chrono::hours(2);
  attack.send(header, "long ago");
  CHECK(attack.victim().texts() == "once");
}

TEST_CASE("of two messages under one number the first counts, and honest forwarders are not blamed") {
  Attack attack;
  Gossiper other(attack.town.crowd);
  other.speak_bind();
  other.join();
  other.connect(attack.victim());
  attack.town.pass(3s);
  attack.send(attack.header(), "yes");
  Header header = attack.header();
  header.nonce[5] = 7;
  other.publish(kNews, seal(header, "no", attack.key));
  attack.town.pass(1s);
  CHECK(attack.victim().texts() == "yes");
  CHECK(attack.rejected() == 0);
  CHECK(attack.victim().score_of(other, "news") >= 0);
  // One that is not even signed is a forgery as any other.
  header.nonce[5] = 8;
  Envelope envelope = Envelope::seal(header, to_bytes("no"), attack.key);
  envelope.signature[0] ^= 1;
  other.publish(kNews, envelope.encode());
  attack.town.pass(1s);
  CHECK(attack.rejected() == 1);
}

TEST_CASE("an origin over its rate does not starve others") {
  BroadcastLimits limits;
  limits.origin_messages_per_second = 1;
  limits.origin_messages_burst = 5;
  Attack attack(true, limits);
  for (std::uint64_t i = 1; i <= 30; ++i)
    attack.mallory.publish(kNews, seal(attack.header(i), "spam", attack.key));
  attack.town[1].say("news", "good");
  attack.town.pass(1s);
  CHECK(attack.victim().got.size() <= 8);
  CHECK(to_text(attack.victim().got.back().payload) == "good");
  CHECK(attack.rejected() == 0);
}

TEST_CASE("forging an origin's name does not use up its rate") {
  BroadcastLimits limits;
  limits.origin_messages_per_second = 0.001;
  limits.origin_messages_burst = 3;
  limits.forgeries_per_second = 0.001;
  limits.forgeries_burst = 4;
  Attack attack(false, limits);
  Header header = broadcast_header(attack.town.crowd, attack.town[1].key, 1);
  for (std::uint8_t i = 0; i < 20; ++i) {
    Envelope envelope{.header = {}, .body = to_bytes("forged")};
    header.nonce[3] = i;
    envelope.header = header.encode();
    attack.mallory.publish(kNews, envelope.encode());
  }
  attack.town.pass(1s);
  for (const auto* text : {"a", "b", "c"}) attack.town[1].say("news", text);
  attack.town.pass(1s);
  CHECK(attack.victim().texts() == "a b c");
}

TEST_CASE("a message addressed to a node is not taken for a broadcast, nor our own for another's") {
  Attack attack;
  attack.victim().say("news", "mine");
  attack.town.pass(1s);
  // What was said is told again by somebody else, in a wrapper of its own.
  const TopicMessage heard = attack.town[1].got.at(0);
  CHECK(attack.victim().texts() == "mine");
  CHECK(attack.town[1].texts() == "mine");
  Header header = broadcast_header(attack.town.crowd, attack.victim().key, 1);
  attack.send(seal(header, "of my key, in another run", attack.victim().key));
  CHECK(attack.victim().got.size() == 2);  // the same node, as far as anybody can tell
  CHECK(attack.victim().got[1].from_node == attack.victim().node());
}

TEST_CASE("huge numbers make no huge gaps") {
  BroadcastLimits limits;
  limits.origin_gap_max = 100;
  Attack attack(true, limits);
  attack.send(attack.header(1), "a");
  attack.send(attack.header(std::uint64_t{1} << 62), "b");
  CHECK(attack.victim().texts() == "a b");
  attack.town.pass(5s);
  const TopicStatus status = attack.victim().status("news");
  REQUIRE(status.gaps.size() == 1);
  CHECK(status.gaps[0].last - status.gaps[0].first == 99);
  CHECK(status.lost == (std::uint64_t{1} << 62) - 2 - 100);
  attack.town.pass(130s);
  CHECK(attack.victim().status("news").gaps.empty());
}

// A subscriber that serves repair as it likes.
struct BadServer : Gossiper {
  explicit BadServer(sim::Crowd& crowd) : Gossiper(crowd) {
    speak_bind();
    host->handle(ProtocolId(kRepairProtocol),
                 [this](ConnectionPtr, StreamPtr stream) { return serve(std::move(stream)); });
    join();
  }
  Task<void> serve(StreamPtr stream) {
    const Bytes request = co_await read_delimited(*stream, 1 << 20);
    CHECK(repair::decode_request(request));
    ++asked;
    const Bytes answer = encode(frame);
    co_await write_delimited(*stream, answer);
    co_await stream->close_write();
  }

  repair::Frame frame{.status = repair::Status::kDone, .known = {}, .gone = {}, .envelopes = {}};
  int asked = 0;
};

struct RepairAttack {
  RepairAttack() {
    town[0].subscribe("news", test::kReliableTopic);
    town.pass(3s);
    mallory.connect(town[0]);
  }
  Header header(std::uint64_t seq = 1) {
    Header header = broadcast_header(town.crowd, key, seq);
    header.ttl = std::chrono::hours(1);
    return header;
  }
  Crier& victim() { return town[0]; }

  Town town{1};
  BadServer mallory{town.crowd};
  Sm2PrivateKey key = test::sm2_key(100);
};

TEST_CASE("what is fetched passes the same checks") {
  RepairAttack attack;
  attack.mallory.frame.envelopes = {seal(attack.header(1), "good", attack.key)};
  attack.town.pass(10s);
  CHECK(attack.mallory.asked > 0);
  CHECK(attack.victim().texts() == "good");  // and once, however often it is given
  CHECK(attack.victim().got[0].fetched);
  CHECK(attack.victim().score_of(attack.mallory, "news") >= 0);

  Header live = attack.header(2);
  live.ttl = {};
  Header old = attack.header(3);
  old.timestamp = test::kNow - 1s;  // before the victim subscribed
  attack.mallory.frame.envelopes = {seal(live, "live", attack.key), seal(old, "old", attack.key)};
  attack.town.pass(10s);
  CHECK(attack.victim().got.size() == 1);
  CHECK(attack.victim().score_of(attack.mallory, "news") >= 0);

  Envelope forged = Envelope::seal(attack.header(4), to_bytes("forged"), attack.key);
  forged.body[0] ^= 1;
  attack.mallory.frame.envelopes = {forged.encode(), seal(attack.header(5), "behind it", attack.key)};
  attack.town.pass(60s);
  CHECK(attack.victim().got.size() == 1);
  CHECK(attack.victim().status("news").rejected > 0);
  CHECK(attack.victim().score_of(attack.mallory, "news") < 0);
}

TEST_CASE("claims of what exists give no gaps of what was before our time") {
  RepairAttack attack;
  const repair::OriginKey origin{attack.key.public_key().compressed(), attack.header().epoch};
  attack.mallory.frame.known = {{origin, {{1, 1000}}}};
  attack.town.pass(30s);
  CHECK(attack.victim().gaps.empty());
  attack.mallory.frame.envelopes = {seal(attack.header(990), "a", attack.key)};
  attack.town.pass(10s);
  CHECK(attack.victim().told() == "open 991-1000");
  attack.mallory.frame.gone = {{origin, {{1, 1000}}}};
  attack.town.pass(30s);
  CHECK(attack.victim().told() == "open 991-1000, lost 991-1000");
}

TEST_CASE("one that always promises more is asked no more often than others") {
  RepairAttack attack;
  attack.mallory.frame.status = repair::Status::kMore;
  attack.town.pass(100s);
  CHECK(attack.mallory.asked < 40);
}

}  // namespace
}  // namespace warren
