#include "warren/security/tls/handshake.hpp"

#include <doctest/doctest.h>

#include "warren/security/test_handshake_contract.hpp"
#include "warren/security/tls/test_nodes.hpp"

using namespace warren;
using namespace warren::tls;
using namespace warren::tls::test;
using namespace warren::security_test;

TEST_CASE("TLS keeps the contract of handshakes") {
  check_handshake_contract(
      {.make = make_tls,
       .refused = Errc::kHandshakeRefused,
       .mistakes = {{{}, Errc::kEndOfStream},
                    {{0x16}, Errc::kEndOfStream},
                    {{0x16, 3, 1, 0x40}, Errc::kEndOfStream},
                    {to_bytes("GET / HTTP/1.1\r\n\r\n"), Errc::kMalformed},
                    {Bytes(100, 0), Errc::kMalformed},
                    {Bytes(100, 0xff), Errc::kMalformed}},
       .beginnings = {{0x16}, {0x16, 3, 1, 1, 0, 2, 0, 0, 0xfc}},
       .written = {500, 2000},
       .written_varies = 8,  // an ECDSA signature does
       // Not the version in the first header, which means nothing (RFC 8446 section 5.1).
       .meddle_step = 7,
       .operations = {6, 20}});
}

TEST_CASE("a certificate that was good once must still be valid when the peer comes again") {
  sim::Loop loop;
  TlsNode alice(loop, KeyType::kEd25519, 1);
  TlsNode bob(loop, KeyType::kEd25519, 2);
  const auto meet = [&] {
    Party initiator{alice, bob.peer()};
    Party responder{bob, alice.peer()};
    shake_hands(loop, initiator, responder);
    return std::pair(error_of(initiator.channel), error_of(responder.channel));
  };
  for (int i = 0; i < 3; ++i) {
    CHECK(!meet().first);
    loop.advance(1h);
  }
  loop.advance(kValidAfter);
  CHECK(meet().first == Errc::kNotValidNow);
  CHECK(meet().second == Errc::kHandshakeRefused);
}

TEST_CASE("certificates that were good lately are known, and their number is bounded") {
  VerifiedCertificates verified;
  sim::Loop loop;
  const TlsNode node(loop);
  for (std::uint16_t i = 0; i < 1000; ++i) {
    const Digest digest{static_cast<std::uint8_t>(i >> 8), static_cast<std::uint8_t>(i)};
    CHECK_FALSE(verified.find(digest));
    verified.add(digest, node.key.public_key());
    verified.add(digest, node.key.public_key());
    CHECK(verified.find(digest) == node.key.public_key());
  }
  CHECK(verified.size() == VerifiedCertificates::kMax);
  CHECK_FALSE(verified.find(Digest{}));
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
  CHECK(outcome_of_bytes(make_tls, Side::kResponder, endless) == Errc::kTooLarge);
}
