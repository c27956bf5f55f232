#include "warren/protocols/kad/wire/ipns_validator.hpp"

#include <doctest/doctest.h>

#include "warren/base/protobuf_wire.hpp"
#include "warren/crypto/testing.hpp"
#include "warren/protocols/kad/wire/ipns_record.hpp"
#include "warren/protocols/kad/wire/testing_ipns_vectors.hpp"

namespace warren::kad {
namespace {

using testing::hex;
using namespace test;

const WallTime kEnd = from_unix_ms(2'209'086'245'678);

std::error_code refused(const Bytes& key, const Bytes& value, WallTime now = kNow) {
  const auto valid = IpnsValidator().validate(key, value, now);
  return valid ? std::error_code() : valid.error();
}

// A record of our own making, to be wrong in one thing at a time.
struct Draft {
  PrivateKey key = value_or_throw(PrivateKey::from_ed25519_seed(Bytes(32, 9)));
  Bytes data =
      hex("a5"
          "6354544c00"
          "6556616c756541ff"
          "6853657175656e636501"
          "6856616c6964697479"
          "54323034302d30312d30325430323a30343a30355a"
          "6c56616c69646974795479706500");
  std::string prefix = "ipns-signature:";
  Bytes more;

  Bytes name() const { return record_key("ipns", PeerId::from_public_key(key.public_key()).bytes()); }
  Bytes encode() const {
    Bytes message = to_bytes(prefix);
    append(message, data);
    ProtobufWriter writer;
    writer.bytes(8, key.sign(message)).bytes(9, data);
    Bytes bytes = writer.take();
    append(bytes, more);
    return bytes;
  }
  std::error_code refused() const { return kad::refused(name(), encode()); }
};

// The data with one part replaced.
Bytes replaced(Bytes data, std::string_view from, std::string_view to) {
  std::string digits = to_hex(data);
  const auto at = digits.find(from);
  REQUIRE(at != std::string::npos);
  return hex(digits.replace(at, from.size(), to));
}

TEST_CASE("records that go made are valid under their name only") {
  const IpnsValidator validator;
  struct Case {
    std::string_view key, record;
  };
  for (const auto& [key, record] :
       {Case{kEdKey, kEdRecord}, Case{kEdKey, kEdRecordV2}, Case{kEdKey, kEdRecordZero},
        Case{kRsaKey, kRsaRecord}, Case{kSecpKey, kSecpRecord}}) {
    CHECK(value_or_throw(validator.validate(hex(key), hex(record), kNow)) == kNow + kRecordLifeMax);
    for (const auto other : {kEdKey, kRsaKey, kSecpKey}) {
      if (other != key) CHECK(refused(hex(other), hex(record)) == Errc::kBadRecord);
    }
  }
  const auto record = value_or_throw(IpnsRecord::decode(hex(kEdRecord)));
  CHECK(as_text(record.value) == "/ipfs/bafkqac3imvwgy3zao5xxe3de");
  CHECK(record.sequence == 42);
  CHECK(record.ttl_ns == 3'600'000'000'000);
  CHECK(record.valid_until == PreciseTime{kEnd, 901'234});
}

TEST_CASE("a record is valid until it says") {
  const IpnsValidator validator;
  CHECK(value_or_throw(validator.validate(hex(kEdKey), hex(kEdRecord), kEnd - 1s)) == kEnd);
  CHECK(refused(hex(kEdKey), hex(kEdRecord), kEnd) == Errc::kRecordExpired);
  CHECK(refused(hex(kEdKey), hex(kEdRecordExpired)) == Errc::kRecordExpired);
}

TEST_CASE("the higher sequence wins, then the longer validity, then the bytes") {
  const IpnsValidator validator;
  const Bytes key = hex(kEdKey);
  const auto wins = [&](const Bytes& a, const Bytes& b) {
    CHECK(validator.supersedes(key, a, b));
    CHECK(!validator.supersedes(key, b, a));
    CHECK(!validator.supersedes(key, a, a));
  };
  wins(hex(kEdRecordV2), hex(kEdRecord));
  wins(hex(kEdRecord), hex(kEdRecordZero));
  Draft longer, bytes;
  longer.data = replaced(longer.data, "30355a", "30365a");
  wins(longer.encode(), Draft().encode());
  bytes.more = hex("aa0100");  // an unknown field
  wins(bytes.encode(), Draft().encode());
}

TEST_CASE("any changed byte makes a record invalid, or is of no effect") {
  const Bytes record = hex(kEdRecord);
  const auto original = value_or_throw(IpnsRecord::decode(record));
  for (std::size_t i = 0; i < record.size(); ++i) {
    Bytes changed = record;
    changed[i] ^= 1;
    if (refused(hex(kEdKey), changed)) continue;
    CHECK(value_or_throw(IpnsRecord::decode(changed)).data ==
          original.data);  // V1's signature, which nobody reads
  }
  for (std::size_t size = 0; size < record.size(); ++size)
    CHECK(refused(hex(kEdKey), Bytes(record.begin(), record.begin() + static_cast<std::ptrdiff_t>(size))));
}

TEST_CASE("what is signed has to be right as well") {
  CHECK(!Draft().refused());
  const Bytes data = Draft().data;
  const auto with_data = [&](std::string_view from, std::string_view to) {
    Draft draft;
    draft.data = replaced(data, from, to);
    return draft.refused();
  };
  CHECK(with_data("79706500", "79706501") == Errc::kBadRecord);            // another kind of validity
  CHECK(with_data("a56354544c00", "a4") == std::error_code());             // without TTL
  CHECK(with_data("a5", "a6") == Errc::kBadRecord);                        // one is missing
  CHECK(with_data("6354544c00", "6556616c756541ff") == Errc::kBadRecord);  // one twice
  CHECK(with_data("6354544c00", "6358585800") == std::error_code());       // one of its own
  CHECK(with_data("6354544c00", "635858581800") == Errc::kBadRecord);      // not minimal
  CHECK(with_data("656e636501", "656e636520") == Errc::kBadRecord);        // negative
  CHECK(with_data("323034302d", "333034302f") == Errc::kBadRecord);        // no time
  CHECK(with_data("79706500", "7970650000") == Errc::kBadRecord);          // something behind
  Draft prefix, empty;
  prefix.prefix = "ipns-signature";
  CHECK(prefix.refused() == Errc::kBadRecord);
  empty.data = {};
  CHECK(empty.refused() == Errc::kBadRecord);
}

TEST_CASE("the fields of V1, where they are, say the same") {
  Draft draft;
  draft.more =
      ProtobufWriter().bytes(1, hex("ff")).bytes(4, as_bytes("2040-01-02T02:04:05Z")).varint(5, 1).take();
  CHECK(!draft.refused());
  append(draft.more, hex("2802"));
  CHECK(draft.refused() == Errc::kBadRecord);
  Draft signature;
  signature.more = hex("120101");
  CHECK(signature.refused() == Errc::kBadRecord);  // a V1 signature over nothing
}

TEST_CASE("the key is that of the name") {
  Draft draft;
  draft.more = ProtobufWriter().bytes(7, draft.key.public_key().to_protobuf()).take();
  CHECK(!draft.refused());
  draft.more = ProtobufWriter().bytes(7, hex(kEdPublicKey)).take();
  CHECK(draft.refused() == Errc::kBadRecord);
  draft.more = ProtobufWriter().bytes(7, hex("00")).take();
  CHECK(draft.refused() == Errc::kBadRecord);
  CHECK(refused(record_key("ipns", {}), hex(kEdRecord)) == Errc::kBadRecord);
  // RSA without the key inside.
  auto record = value_or_throw(IpnsRecord::decode(hex(kRsaRecord)));
  const auto name = value_or_throw(PeerId::from_bytes(record_key_rest(hex(kRsaKey))));
  CHECK(record.verify(name));
  record.public_key.clear();
  CHECK(record.verify(name).error() == Errc::kBadKey);
}

TEST_CASE("large records are refused") {
  Draft draft;
  draft.more = ProtobufWriter().bytes(15, Bytes(kIpnsRecordSizeMax)).take();
  CHECK(draft.refused() == Errc::kTooLarge);
}

}  // namespace
}  // namespace warren::kad
