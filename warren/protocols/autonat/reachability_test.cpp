// What is believed of our own addresses: first verdicts, hysteresis, expiry, NATs, liars, and who is asked
// when.
#include "warren/protocols/autonat/reachability.hpp"

#include <doctest/doctest.h>

#include <algorithm>

#include "warren/core/test_values.hpp"
#include "warren/protocols/autonat/test_values.hpp"

using namespace warren;
using namespace warren::autonat;
using namespace warren::testing;

namespace {

const Multiaddr kTcp = address("/ip4/203.0.113.5/tcp/4001");
const Multiaddr kQuic = address("/ip4/203.0.113.5/udp/4001/quic-v1");
const Multiaddr kWebtransport = address("/ip4/203.0.113.5/udp/4001/quic-v1/webtransport");

struct VerdictBook : ReachabilityBook {
  explicit VerdictBook(bool private_networks = false) : ReachabilityBook(private_networks) {}

  bool hear(const Multiaddr& address, std::uint8_t who, Finding finding, bool from_stranger = true) {
    return note(address, says(who, finding, from_stranger), now);
  }
  Verdict on(const Multiaddr& address) const { return verdict_on(*this, address, now); }
  OwnAddress row(const Multiaddr& address) const {
    for (const OwnAddress& each : addresses(now)) {
      if (each.address == address) return each;
    }
    return {};
  }
  // Peers 1 to 5.
  std::optional<Question> ask(std::vector<Candidate> candidates = {server_number(1), server_number(2),
                                                                   server_number(3), server_number(4),
                                                                   server_number(5)}) {
    return next_question(candidates, now);
  }
  // Asks as a checker would and answers at once, for so long. `truth(peer)`: what that one says.
  template <class Says>
  std::size_t live(Duration duration, Says&& truth) {
    std::size_t questions = 0;
    for (const Instant end = now + duration; now < end;
         now +=
         std::clamp<Duration>(next_due(now).value_or(end) - now, 1s, std::max<Duration>(end - now, 1s))) {
      while (const auto question = ask()) {
        ++questions;
        const std::uint8_t number = question->peer.bytes().back();
        hear(question->address, number, truth(number));
      }
    }
    return questions;
  }

  Instant now{};
};

}  // namespace

TEST_CASE("the first explicit word is a verdict, and others make it sure") {
  VerdictBook book;
  CHECK(book.offer(kTcp, OwnSource::kInterface, book.now));
  CHECK(book.on(kTcp) == Verdict::kUnknown);
  CHECK(book.overall(book.now) == Verdict::kUnknown);
  CHECK(book.hear(kTcp, 1, Finding::kReachable));
  CHECK(book.on(kTcp) == Verdict::kReachable);
  CHECK(book.row(kTcp).confidence == doctest::Approx(0.5));
  book.now += 2s;
  CHECK_FALSE(book.hear(kTcp, 2, Finding::kReachable));
  CHECK(book.row(kTcp).confidence == doctest::Approx(0.75).epsilon(0.01));
  CHECK(book.row(kTcp).verified_by == std::vector{peer_number(2), peer_number(1)});
  CHECK(book.row(kTcp).verified_at == book.now);
  CHECK(book.row(kTcp).expires == book.now + kVerdictLife);
  CHECK(book.overall(book.now) == Verdict::kReachable);
  // One network has one vote, however many speak in it.
  Report same = says(2, Finding::kReachable);
  same.by = peer_number(77);
  book.note(kTcp, same, book.now);
  CHECK(book.row(kTcp).confidence == doctest::Approx(0.75).epsilon(0.01));
}

TEST_CASE("one contrary voice does not flip a verdict, two from different networks do") {
  for (const Finding first : {Finding::kReachable, Finding::kUnreachable}) {
    const bool up = first == Finding::kReachable;
    const Finding other = up ? Finding::kUnreachable : Finding::kReachable;
    const Verdict before = up ? Verdict::kReachable : Verdict::kUnreachable;
    VerdictBook book;
    book.offer(kTcp, OwnSource::kInterface, book.now);
    book.hear(kTcp, 1, first);
    book.hear(kTcp, 2, first);
    book.now += 1min;
    CHECK_FALSE(book.hear(kTcp, 3, other));
    CHECK(book.on(kTcp) == before);
    // Its neighbours are no second opinion.
    Report neighbour = says(3, other);
    neighbour.by = peer_number(33);
    CHECK_FALSE(book.note(kTcp, neighbour, book.now));
    CHECK(book.hear(kTcp, 4, other));
    CHECK(book.on(kTcp) != before);
    CHECK(book.on(kTcp) != Verdict::kUnknown);
  }
}

TEST_CASE("what three networks have just confirmed takes three to overturn") {
  VerdictBook book;
  book.offer(kTcp, OwnSource::kInterface, book.now);
  for (const std::uint8_t who : {1, 2, 3}) book.hear(kTcp, who, Finding::kReachable);
  book.now += 10s;
  CHECK_FALSE(book.hear(kTcp, 4, Finding::kUnreachable));
  CHECK_FALSE(book.hear(kTcp, 5, Finding::kUnreachable));
  CHECK(book.hear(kTcp, 6, Finding::kUnreachable));
}

TEST_CASE("who alone can be asked may change its mind, when it says so twice") {
  VerdictBook book;
  book.offer(kTcp, OwnSource::kInterface, book.now);
  book.hear(kTcp, 1, Finding::kReachable);
  book.now += 8min;
  CHECK_FALSE(book.hear(kTcp, 1, Finding::kUnreachable));
  book.now += 10s;
  CHECK(book.hear(kTcp, 1, Finding::kUnreachable));
  CHECK(book.on(kTcp) == Verdict::kUnreachable);
}

TEST_CASE("time-outs and broken conversations hardly count, refusals do not at all") {
  VerdictBook book;
  book.offer(kTcp, OwnSource::kInterface, book.now);
  CHECK_FALSE(book.hear(kTcp, 1, Finding::kFailed));
  CHECK(book.on(kTcp) == Verdict::kUnknown);
  for (const std::uint8_t who : {2, 3}) book.hear(kTcp, who, Finding::kReachable);
  for (const std::uint8_t who : {4, 5, 6, 7}) {
    CHECK_FALSE(book.hear(kTcp, who, Finding::kFailed));
    CHECK_FALSE(book.hear(kTcp, who, Finding::kRefused));
    CHECK_FALSE(book.hear(kTcp, who, Finding::kNothing));
  }
  CHECK(book.on(kTcp) == Verdict::kReachable);
  CHECK(book.row(kTcp).verified_by.size() == 2);
}

TEST_CASE("a verdict expires when nobody confirms it") {
  VerdictBook book;
  book.offer(kTcp, OwnSource::kInterface, book.now);
  book.hear(kTcp, 1, Finding::kReachable);
  book.now += kVerdictLife - 1s;
  CHECK(book.on(kTcp) == Verdict::kReachable);
  CHECK(book.row(kTcp).confidence < 0.5);
  book.now += 1s;
  CHECK(book.on(kTcp) == Verdict::kUnknown);
  CHECK(book.row(kTcp).confidence == 0);
  CHECK_FALSE(book.row(kTcp).expires);
  CHECK(book.row(kTcp).verified_by.empty());
  CHECK(book.overall(book.now) == Verdict::kUnknown);
}

TEST_CASE("success counts behind a NAT only when a stranger got through, failure always") {
  VerdictBook book;
  book.offer(address("/ip4/192.168.1.7/udp/4001/quic-v1"), OwnSource::kInterface, book.now);
  book.offer(kQuic, OwnSource::kStun, book.now);
  CHECK(book.behind_nat());
  CHECK_FALSE(book.hear(kQuic, 1, Finding::kReachable, false));
  CHECK(book.on(kQuic) == Verdict::kUnknown);
  CHECK(book.hear(kQuic, 2, Finding::kReachable, true));
  CHECK(book.on(kQuic) == Verdict::kReachable);

  // The address of an interface is not translated.
  VerdictBook plain;
  plain.offer(kQuic, OwnSource::kInterface, plain.now);
  plain.offer(kQuic, OwnSource::kObserved, plain.now);
  CHECK_FALSE(plain.behind_nat());
  CHECK(plain.hear(kQuic, 1, Finding::kReachable, false));

  VerdictBook shut;
  shut.offer(kQuic, OwnSource::kObserved, shut.now);
  CHECK(shut.hear(kQuic, 1, Finding::kUnreachable, false));
}

TEST_CASE("addresses of one socket share a verdict, the plainest one is asked about") {
  VerdictBook book;
  book.offer(kWebtransport, OwnSource::kInterface, book.now);
  book.offer(kQuic, OwnSource::kInterface, book.now);
  book.offer(kTcp, OwnSource::kInterface, book.now);
  book.hear(kQuic, 1, Finding::kReachable);
  CHECK(book.on(kWebtransport) == Verdict::kReachable);
  CHECK(book.on(kTcp) == Verdict::kUnknown);
  VerdictBook fresh;
  fresh.offer(kWebtransport, OwnSource::kInterface, fresh.now);
  fresh.offer(kQuic, OwnSource::kInterface, fresh.now);
  CHECK(fresh.ask()->address == kQuic);
}

TEST_CASE("what the owner says always wins, and nobody is asked") {
  VerdictBook book;
  book.offer(kTcp, OwnSource::kInterface, book.now);
  book.set_configured(Verdict::kUnreachable);
  book.hear(kTcp, 1, Finding::kReachable);
  book.hear(kTcp, 2, Finding::kReachable);
  CHECK(book.on(kTcp) == Verdict::kUnreachable);
  CHECK(book.row(kTcp).confidence == 1);
  CHECK(book.overall(book.now) == Verdict::kUnreachable);
  CHECK_FALSE(book.ask());
  CHECK_FALSE(book.next_due(book.now));
  book.set_configured({});
  CHECK(book.on(kTcp) == Verdict::kReachable);

  // A forwarded port that the owner announces, by address and by name.
  VerdictBook forwarded;
  const Multiaddr name = address("/dns4/example.org/tcp/4001");
  CHECK(forwarded.offer(kTcp, OwnSource::kConfigured, forwarded.now));
  CHECK(forwarded.offer(name, OwnSource::kConfigured, forwarded.now));
  CHECK_FALSE(forwarded.offer(name, OwnSource::kObserved, forwarded.now));
  forwarded.hear(kTcp, 1, Finding::kUnreachable);
  CHECK(forwarded.on(kTcp) == Verdict::kReachable);
  CHECK(forwarded.on(name) == Verdict::kReachable);
  CHECK(forwarded.overall(forwarded.now) == Verdict::kReachable);
  CHECK_FALSE(forwarded.ask());
}

TEST_CASE("private and relayed addresses are not asked about") {
  const Multiaddr home = address("/ip4/192.168.1.7/tcp/4001");
  VerdictBook book;
  CHECK(book.offer(home, OwnSource::kInterface, book.now));
  CHECK_FALSE(
      book.offer(address("/ip4/1.2.3.4/tcp/1/p2p/12D3KooWDpJ7As7BWAwRMfu1VU2WCqNjvq387JEYKDBj4kx6nXTN/"
                         "p2p-circuit"),
                 OwnSource::kInterface, book.now));
  CHECK_FALSE(book.ask());
  CHECK_FALSE(book.next_due(book.now));
  CHECK(book.overall(book.now) == Verdict::kUnknown);
  CHECK_FALSE(book.behind_nat());
  VerdictBook lan(true);
  lan.offer(home, OwnSource::kInterface, lan.now);
  lan.offer(address("/ip4/127.0.0.1/tcp/4001"), OwnSource::kInterface, lan.now);
  CHECK(lan.ask()->address == home);
}

TEST_CASE("the whole node: the best of what can be checked") {
  VerdictBook book;
  book.offer(address("/ip4/192.168.1.7/tcp/4001"), OwnSource::kInterface, book.now);
  book.offer(kTcp, OwnSource::kObserved, book.now);
  book.offer(kQuic, OwnSource::kObserved, book.now);
  book.hear(kTcp, 1, Finding::kUnreachable);
  CHECK(book.overall(book.now) == Verdict::kUnknown);  // the other one may be reachable yet
  book.hear(kQuic, 2, Finding::kReachable, false);     // which this does not show
  CHECK(book.overall(book.now) == Verdict::kUnreachable);
  book.hear(kQuic, 3, Finding::kReachable, true);
  CHECK(book.overall(book.now) == Verdict::kReachable);
  CHECK(book.addresses(book.now).front().address == kQuic);
  CHECK(book.addresses(book.now).back().address == kTcp);

  VerdictBook silent;  // nobody answers for the second one
  silent.offer(kTcp, OwnSource::kObserved, silent.now);
  silent.offer(kQuic, OwnSource::kObserved, silent.now);
  silent.hear(kTcp, 1, Finding::kUnreachable);
  silent.now += 5s;
  CHECK(silent.overall(silent.now) == Verdict::kUnreachable);
}

TEST_CASE("what is unknown is asked at once of two networks, then after 5 s, 15 s, a minute, five minutes") {
  VerdictBook book;
  book.offer(kTcp, OwnSource::kInterface, book.now);
  CHECK(book.next_due(book.now) == book.now);
  const auto first = book.ask();
  const auto second = book.ask();
  REQUIRE(first);
  REQUIRE(second);
  CHECK(first->peer != second->peer);
  CHECK_FALSE(book.ask());
  std::vector<Duration> pauses;
  for (const auto& question : {first, second})
    book.hear(kTcp, question->peer.bytes().back(), Finding::kNothing);
  for (int i = 0; i < 5; ++i) {
    const Instant before = book.now;
    book.now = book.next_due(book.now).value();
    pauses.push_back(book.now - before);
    const auto question = book.ask();
    REQUIRE(question);
    book.hear(kTcp, question->peer.bytes().back(), Finding::kNothing);
  }
  CHECK(pauses == std::vector<Duration>{5s, 15s, 60s, 300s, 300s});
}

TEST_CASE("a settled verdict is checked anew at half of its time, and soon after a contrary word") {
  VerdictBook book;
  book.offer(kTcp, OwnSource::kInterface, book.now);
  CHECK(book.live(1min, [](auto) { return Finding::kReachable; }) == 3);
  CHECK(book.live(30min, [](auto) { return Finding::kReachable; }) <= 10);
  CHECK(book.on(kTcp) == Verdict::kReachable);
  // It is found out within half of that time and some seconds that the address is reachable no more.
  std::size_t asked = book.live(kVerdictLife / 2 + 10s, [](auto) { return Finding::kUnreachable; });
  CHECK(book.on(kTcp) == Verdict::kUnreachable);
  CHECK(asked <= 6);
}

TEST_CASE("who refuses an address is not asked about it again, others are at once") {
  VerdictBook book;
  book.offer(kTcp, OwnSource::kInterface, book.now);
  std::set<PeerId> asked;
  for (int i = 0; i < 5; ++i) {
    const auto question = book.ask();
    REQUIRE(question);
    asked.insert(question->peer);
    book.hear(kTcp, question->peer.bytes().back(), Finding::kRefused);
  }
  CHECK(asked.size() == 5);
  book.now += 9min;
  CHECK_FALSE(book.ask());
  book.now += 61s;
  CHECK(book.ask());
}

TEST_CASE("strangers and proof are preferred where they count, and networks that have not spoken") {
  VerdictBook book;
  book.offer(kQuic, OwnSource::kStun, book.now);
  Candidate contacted = server_number(1), stranger = server_number(2), old = server_number(3);
  contacted.contacted_udp = true;
  stranger.contacted_tcp = true;  // that is how it is connected
  old.proves = false;
  CHECK(book.ask({contacted, old, stranger})->peer == stranger.peer);
  CHECK(book.ask({contacted, old})->peer == old.peer);
  book.hear(kQuic, 3, Finding::kNothing);
  book.hear(kQuic, 2, Finding::kReachable);
  book.now += 6s;
  Candidate neighbour = stranger;
  neighbour.peer = peer_number(22);
  CHECK_FALSE(book.ask({neighbour}));  // it would say the same
  CHECK(book.ask({neighbour, contacted})->peer == contacted.peer);
}

TEST_CASE("a stranger that comes is asked at once about what those we know could not tell") {
  VerdictBook book;
  book.offer(kQuic, OwnSource::kStun, book.now);
  Candidate one = server_number(1), two = server_number(2);
  one.contacted_udp = two.contacted_udp = true;
  CHECK(book.ask({one, two}));
  CHECK(book.ask({one, two}));
  for (const std::uint8_t who : {1, 2}) book.hear(kQuic, who, Finding::kReachable, false);
  CHECK(book.on(kQuic) == Verdict::kUnknown);
  CHECK_FALSE(book.ask({one, two}));
  CHECK(book.ask({one, two, server_number(3)})->peer == peer_number(3));
  CHECK_FALSE(book.ask({one, two, server_number(3)}));
  CHECK(book.hear(kQuic, 3, Finding::kReachable, true));
}

TEST_CASE("a question that is never answered is asked again, of others") {
  VerdictBook book;
  book.offer(kTcp, OwnSource::kInterface, book.now);
  const auto first = book.ask({server_number(1)});
  REQUIRE(first);
  CHECK_FALSE(book.ask({server_number(1)}));
  CHECK(book.ask({server_number(1), server_number(2)})->peer == peer_number(2));
  CHECK_FALSE(book.ask());
  book.now += kAnswerAwaited;
  CHECK(book.ask()->peer == peer_number(3));
}

TEST_CASE("a flapping server does not make the verdict flap") {
  VerdictBook book;
  book.offer(kTcp, OwnSource::kInterface, book.now);
  std::size_t flips = 0, turn = 0;
  Verdict last = Verdict::kUnknown;
  for (int i = 0; i < 360; ++i) {
    book.live(10s, [&turn](std::uint8_t who) {
      if (who != 1) return Finding::kReachable;
      return ++turn % 2 == 0 ? Finding::kReachable : Finding::kUnreachable;
    });
    if (last != Verdict::kUnknown && book.on(kTcp) != last) ++flips;
    last = book.on(kTcp);
  }
  CHECK(last == Verdict::kReachable);
  CHECK(flips <= 1);  // it may have been the first to speak
}

TEST_CASE("a minority of liars loses, whichever way they lie") {
  for (const Finding truth : {Finding::kReachable, Finding::kUnreachable}) {
    const Finding lie = truth == Finding::kReachable ? Finding::kUnreachable : Finding::kReachable;
    const Verdict right = truth == Finding::kReachable ? Verdict::kReachable : Verdict::kUnreachable;
    for (std::uint8_t first = 1; first <= 5; ++first) {
      for (std::uint8_t second = first; second <= 5; ++second) {
        CAPTURE(first);
        CAPTURE(second);
        const auto say = [&](std::uint8_t who) { return who == first || who == second ? lie : truth; };
        VerdictBook book;
        book.offer(kTcp, OwnSource::kInterface, book.now);
        book.live(2min, say);
        CHECK(book.on(kTcp) == right);
        Duration wrong{};
        for (int i = 0; i < 60; ++i) {
          book.live(30s, say);
          if (book.on(kTcp) != right) wrong += 30s;
        }
        CHECK(wrong <= 30s);
      }
    }
  }
}

TEST_CASE("a truth that changes is believed within half of a verdict's life, with a liar within all of it") {
  for (const std::uint8_t liar : {0, 1, 3}) {  // 0: none
    CAPTURE(liar);
    const Duration time = (liar == 0 ? kVerdictLife / 2 : kVerdictLife) + 1min;
    VerdictBook book;
    book.offer(kTcp, OwnSource::kInterface, book.now);
    book.live(20min, [](auto) { return Finding::kReachable; });
    CHECK(book.on(kTcp) == Verdict::kReachable);
    book.live(time, [liar](auto who) { return who == liar ? Finding::kReachable : Finding::kUnreachable; });
    CHECK(book.on(kTcp) == Verdict::kUnreachable);
    book.live(time, [liar](auto who) { return who == liar ? Finding::kUnreachable : Finding::kReachable; });
    CHECK(book.on(kTcp) == Verdict::kReachable);
  }
}

TEST_CASE("another network, another truth") {
  VerdictBook book;
  book.offer(kTcp, OwnSource::kInterface, book.now);
  for (const std::uint8_t who : {1, 2, 3}) book.hear(kTcp, who, Finding::kReachable);
  book.forget_verdicts(book.now);
  CHECK(book.on(kTcp) == Verdict::kUnknown);
  CHECK(book.ask());
}

TEST_CASE("addresses come and go with those who know them") {
  VerdictBook book;
  CHECK(book.set(OwnSource::kInterface, {kTcp, kQuic}, book.now));
  CHECK_FALSE(book.set(OwnSource::kInterface, {kQuic, kTcp}, book.now));
  CHECK(book.set(OwnSource::kObserved, {kTcp}, book.now));
  CHECK(book.row(kTcp).source == OwnSource::kInterface);
  CHECK(book.set(OwnSource::kInterface, {}, book.now));
  CHECK(book.addresses(book.now).size() == 1);
  CHECK(book.row(kTcp).source == OwnSource::kObserved);
  book.retire(kTcp, OwnSource::kStun);  // which never knew it
  CHECK(book.addresses(book.now).size() == 1);
  book.retire(kTcp, OwnSource::kObserved);
  CHECK(book.addresses(book.now).empty());
  CHECK_FALSE(book.hear(kTcp, 1, Finding::kReachable));
}

TEST_CASE("what peers make up does not push out what we know, and all is bounded") {
  VerdictBook book;
  book.offer(kTcp, OwnSource::kInterface, book.now);
  for (std::uint16_t port = 1; port <= 500; ++port)
    book.offer(address("/ip4/203.0.113.9/tcp/" + std::to_string(port)), OwnSource::kObserved, book.now);
  CHECK(book.addresses(book.now).size() == kSocketsMax);
  CHECK(book.row(kTcp).source == OwnSource::kInterface);
  CHECK(book.offer(kQuic, OwnSource::kStun, book.now));
  CHECK(book.addresses(book.now).size() == kSocketsMax);
  for (int i = 0; i < 50; ++i)
    book.offer(kTcp.with(Protocol::kHttpPath, as_bytes(std::to_string(i))), OwnSource::kInterface, book.now);
  CHECK(book.addresses(book.now).size() <= kSocketsMax - 1 + kAddressesPerSocketMax);
  for (int i = 0; i < 250; ++i) book.hear(kTcp, static_cast<std::uint8_t>(i), Finding::kReachable);
  CHECK(book.row(kTcp).verified_by.size() <= kVoicesMax);
}
