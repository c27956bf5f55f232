#include "warren/messaging/binding.hpp"

#include <doctest/doctest.h>

#include "warren/base/protobuf_wire.hpp"
#include "warren/messaging/test_keys.hpp"

namespace warren {
namespace {

BindingCheck check_now() {
  return {
      .network = "main", .peer = PeerId::from_public_key(test::peer_key().public_key()), .now = test::kNow};
}

SignedBinding sign(const Binding& binding) {
  return SignedBinding::make(binding, test::sm2_key(), test::peer_key());
}

std::error_code refusal(const Binding& binding, const BindingCheck& check) {
  const auto verified = verify_binding(sign(binding), binding, check);
  return verified ? std::error_code() : verified.error();
}

TEST_CASE("a binding survives the wire and verifies") {
  const Bytes wire = sign(test::binding()).encode();
  CHECK(wire.size() < 400);
  const auto signed_binding = SignedBinding::decode(wire);
  REQUIRE(signed_binding);
  const auto binding = Binding::decode(signed_binding->binding);
  REQUIRE(binding);
  CHECK(binding->network == "main");
  CHECK(binding->node == test::binding().node);
  CHECK(binding->peer_key == test::peer_key().public_key());
  CHECK(binding->serial == test::binding().serial);
  CHECK(binding->not_before == test::kNow);
  CHECK(binding->not_after == test::kNow + std::chrono::days(7));
  CHECK(verify_binding(*signed_binding, *binding, check_now()));
  CHECK(binding->encode() == signed_binding->binding);
}

TEST_CASE("the peer key may be of any type, and the node key itself") {
  const RandomFill fill = [](MutableBytes bytes) { std::ranges::fill(bytes, 7); };
  std::vector<PrivateKey> keys;
  keys.push_back(PrivateKey::from_sm2(test::sm2_key()));
  for (const auto type : {KeyType::kSm2, KeyType::kSecp256k1, KeyType::kEcdsa, KeyType::kRsa}) {
    keys.push_back(PrivateKey::generate(type, fill));
  }
  for (const PrivateKey& key : keys) {
    CAPTURE(name_of(key.type()));
    Binding made = test::binding();
    made.peer_key = key.public_key();
    const Bytes wire = SignedBinding::make(made, test::sm2_key(), key).encode();
    const auto signed_binding = SignedBinding::decode(wire);
    REQUIRE(signed_binding);
    const auto binding = Binding::decode(signed_binding->binding);
    REQUIRE(binding);
    BindingCheck check = check_now();
    CHECK(verify_binding(*signed_binding, *binding, check).error() == Errc::kBindingMismatch);
    check.peer = PeerId::from_public_key(key.public_key());
    CHECK(verify_binding(*signed_binding, *binding, check));
    // Its own SM2 signature in the other's place, in whichever form, is none.
    SignedBinding forged = *signed_binding;
    forged.peer_signature = ec_signature_to_der(forged.sm2_signature);
    CHECK(verify_binding(forged, *binding, check).error() == Errc::kBadSignature);
  }
}

TEST_CASE("keys for sealed bodies have their place") {
  Binding binding = test::binding();
  binding.kem_x25519 = Bytes(32, 9);
  binding.kem_sm2 = Bytes(33, 2);
  binding.suites = {0x01, 0x11};
  const auto decoded = Binding::decode(binding.encode());
  REQUIRE(decoded);
  CHECK(decoded->kem_x25519 == binding.kem_x25519);
  CHECK(decoded->kem_sm2 == binding.kem_sm2);
  CHECK(decoded->suites == binding.suites);

  binding.suites = {0x11, 0x01};
  CHECK(Binding::decode(binding.encode()).error() == Errc::kMalformed);
  binding.suites = {0x01, 0x01};
  CHECK(Binding::decode(binding.encode()).error() == Errc::kMalformed);
  binding.suites.clear();
  binding.kem_x25519.pop_back();
  CHECK(Binding::decode(binding.encode()).error() == Errc::kMalformed);
}

TEST_CASE("each reason to refuse a binding has its own error") {
  const Binding good = test::binding();
  CHECK(refusal(good, check_now()) == std::error_code());

  BindingCheck check = check_now();
  check.network = "other";
  CHECK(refusal(good, check) == Errc::kWrongNetwork);

  check = check_now();
  check.peer = PeerId::from_public_key(test::peer_key(2).public_key());
  CHECK(refusal(good, check) == Errc::kBindingMismatch);

  check = check_now();
  check.now = good.not_before - 120s;
  CHECK(refusal(good, check) == std::error_code());
  check.now -= 1ms;
  CHECK(refusal(good, check) == Errc::kClockSkew);

  check.now = good.not_after + 120s;
  CHECK(refusal(good, check) == std::error_code());
  check.now += 1ms;
  CHECK(refusal(good, check) == Errc::kStaleBinding);

  check = check_now();
  check.serial_min = good.serial;
  CHECK(refusal(good, check) == std::error_code());
  check.serial_min = good.serial + 1;
  CHECK(refusal(good, check) == Errc::kStaleBinding);

  Binding longer = good;
  longer.not_after = good.not_before + std::chrono::days(30);
  CHECK(refusal(longer, check_now()) == std::error_code());
  longer.not_after += 1ms;
  CHECK(refusal(longer, check_now()) == Errc::kMalformed);
  longer.not_after = longer.not_before;
  CHECK(refusal(longer, check_now()) == Errc::kMalformed);
}

TEST_CASE("both signatures count, and neither can be taken from another binding") {
  const Binding good = test::binding();
  Binding other = good;
  other.serial += 1;
  const auto refuse = [&](const SignedBinding& signed_binding) {
    return verify_binding(signed_binding, good, check_now()).error() == Errc::kBadSignature;
  };
  SignedBinding mixed = sign(good);
  mixed.sm2_signature = sign(other).sm2_signature;
  CHECK(refuse(mixed));
  mixed = sign(good);
  mixed.peer_signature = sign(other).peer_signature;
  CHECK(refuse(mixed));
  // Another SM2 signature of the same binding: the peer signature covers it.
  mixed = sign(good);
  mixed.sm2_signature = test::sm2_key().sign(kBindingDomain, mixed.binding);
  CHECK(refuse(mixed));
  // A signature under another domain.
  mixed = sign(good);
  mixed.sm2_signature = test::sm2_key().sign("warren/envelope/1", mixed.binding);
  Bytes both = mixed.binding;
  append(both, mixed.sm2_signature);
  mixed.peer_signature = test::peer_key().sign(with_domain(kBindingDomain, both));
  CHECK(refuse(mixed));
}

TEST_CASE("no bit of a signed binding can be flipped") {
  const Bytes wire = sign(test::binding()).encode();
  for (std::size_t bit = 0; bit < wire.size() * 8; ++bit) {
    CAPTURE(bit);
    Bytes flipped = wire;
    flipped[bit / 8] ^= static_cast<std::uint8_t>(1u << (bit % 8));
    const auto signed_binding = SignedBinding::decode(flipped);
    if (!signed_binding) continue;
    const auto binding = Binding::decode(signed_binding->binding);
    if (!binding) continue;
    CHECK_FALSE(verify_binding(*signed_binding, *binding, check_now()));
  }
}

TEST_CASE("only the canonical encoding is a binding") {
  const Bytes good = test::binding().encode();
  REQUIRE(Binding::decode(good));
  for (std::size_t size = 0; size < good.size(); ++size) {
    CHECK_FALSE(Binding::decode(BytesView(good).first(size)));
  }
  Bytes changed = good;
  append(changed, Bytes{0x58, 0x01});  // field 11
  CHECK(Binding::decode(changed).error() == Errc::kMalformed);
  changed = good;
  append(changed, Bytes{0x38, 0x01});  // field 7 again
  CHECK(Binding::decode(changed).error() == Errc::kMalformed);
  changed = good;
  append(changed, Bytes{0x42, 0x00});  // field 8, empty
  CHECK(Binding::decode(changed).error() == Errc::kMalformed);
  changed = {0x08, 0x81, 0x00};  // version 1 in two bytes
  append(changed, BytesView(good).subspan(2));
  CHECK(Binding::decode(changed).error() == Errc::kNotMinimal);
  changed = good;
  changed[1] = 2;
  CHECK(Binding::decode(changed).error() == Errc::kUnsupported);
  CHECK(Binding::decode(Bytes(10'000)).error() == Errc::kTooLarge);
  CHECK(SignedBinding::decode(Bytes(10'000)).error() == Errc::kTooLarge);
  CHECK(SignedBinding::decode({}).error() == Errc::kMalformed);
}

TEST_CASE("a key that is no key is refused") {
  ProtobufWriter writer;
  writer.varint(1, 1).bytes(2, as_bytes("main")).bytes(3, Bytes(33, 2));
  writer.bytes(4, test::peer_key().public_key().to_protobuf()).varint(5, 1).varint(6, 1).varint(7, 2);
  CHECK(Binding::decode(writer.view()).error() == Errc::kBadKey);
}

TEST_CASE("names of networks") {
  for (const char* good : {"main", "a", "0", "my-net.example_1"}) CHECK(is_network_name(good));
  for (const char* bad : {"", "Main", "-a", ".a", "a|b", "a b", "a/b", "ä"})
    CHECK_FALSE(is_network_name(bad));
  CHECK(is_network_name(std::string(63, 'a')));
  CHECK_FALSE(is_network_name(std::string(64, 'a')));
}

}  // namespace
}  // namespace warren
