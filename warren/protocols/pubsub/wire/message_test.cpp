#include "warren/protocols/pubsub/wire/message.hpp"

#include <doctest/doctest.h>

#include "warren/base/protobuf_wire.hpp"
#include "warren/crypto/hash.hpp"
#include "warren/crypto/testing.hpp"

namespace warren::pubsub {
namespace {

using warren::testing::hex;
using warren::testing::seeded;

// Signed by go-libp2p-pubsub 0.16, on "topic", with seqno 0x1802030405060708.
constexpr std::string_view kEd25519Seed = "0707070707070707070707070707070707070707070707070707070707070707";
constexpr std::string_view kEd25519Message =
    "0a26002408011220ea4a6c63e29c520abef5507b132ec5f9954776aebebe7b92421eea691446d22c"
    "120464617461"
    "1a081802030405060708"
    "2205746f706963"
    "2a4076ea8e6f9a1e1da9d9bb89a10215d18b72edd27bbd35e0ce22173c6d3b294ff3"
    "28bf3c6dc09b78a0fa6922e8f092b3f45e9ce36a0be4f7cc927b239b1e3d4c04";
// Its data is there and empty.
constexpr std::string_view kSecp256k1Message =
    "0a27002508021221032339643784c47ae87929c59940826e4a3fda51833c0b35c037decec3c52609cc"
    "1200"
    "1a081802030405060708"
    "2205746f706963"
    "2a473045022100d699df5a13971389aa2aa3e1b2d0a7bf38c1af8d1760ff1ce2b394e024da1e5d"
    "022069b7b6aa8d98727c8cf963112d17df3742bad46a4acb7c4e80b7f6a3a3c0b150";
constexpr std::string_view kEcdsaMessage =
    "0a2212201c2b573afc0f5c3df8362fb134e5d95ab7a316b71d8185e45a5a72daec6ac611"
    "120464617461"
    "1a081802030405060708"
    "2205746f706963"
    "2a4730450220648754f64381b74be168c250fd0449b8005f64f99f11a702f02e790e5dfdedf3"
    "02210085344d9ba018adf2f7df205c2d4389906c1b096eeb4ffdd2101df634ab70cbb7"
    "325f0803125b3059301306072a8648ce3d020106082a8648ce3d03010703420004"
    "c3de9c704c50bae80b4d4678394d99668c415162a1460fd3ae5f593b9e04259f"
    "f696b1eef35d8a003f3d1af0764c30a3ca458a11c5e96ea0b62b3e24e6f62cda";
constexpr std::string_view kRsaMessage =
    "0a2212207efc982c9e69be1e8d5d5368d2390e10ca0469bf125a1eac3e87bd41d5d7dc88"
    "120464617461"
    "1a081802030405060708"
    "2205746f706963"
    "2a80022906293bd14927f1f2938608d0758f45496849c46bfb7aabf2ab6c40ca061c61"
    "7200813d692a10b43ed5d1528f6f918db087062c75352a9da545235334b8a991"
    "561301f452979ce3c03434959d0491a46df5f88c98b2222c4a8b1ee379767339"
    "de1736f1f4267421dffd07dc37c96b3cab06b819f24f50f327cb388fc87160ed"
    "395bd0a7385c5d72baf13b28ae094b7dd21a5019ee072675fe24e8a054a16b86"
    "5aebf03377e30309b3822999ab8cff9dbfc18c105143a7facdcac3a3f8d6508c"
    "1788d470d6f3790ed7906b66c8dc489913be2084f1a81fad755127895d49de37"
    "18a21fd731ca8cb698d6a60ce4a7693fc210a576287c7c8b2275f26a090652c6"
    "32ab02080012a60230820122300d06092a864886f70d01010105000382010f003082010a0282010100"
    "b7957f4da787d6979a2f4a1a9605f12425caee7d089d4035ed5c598687357ddc"
    "393937341bc8451382c53670fb1ac0188644896ec1f5d54721a3442de7a004fe"
    "e45598d4bed53657903514ed4b4611a9ed60573a5cb9e0e4b48faf6a305ba507"
    "c210ebbe0741fddb3e83eb83f21dd5cb6c39de0e48dafc51a69bb5453674f8e3"
    "209ff61c5d1c1fda1e232e61dab039f324cf57159320a48d4ab992c673a2d4df"
    "d35e886cff68c3dee479a179596ad797af3c91702bff0b1c477dd5ed8b615cf1"
    "8ea317887f09a7ecc6d7029fddb88ac66ebb1ed094b421b43e889ce3f1837e3a"
    "ac1f891cfc03a23a0d584cac19b3b53e5afc13d9f1f457d49c69b3ad1cef75dd"
    "0203010001";

PrivateKey ed25519_key() {
  return value_or_throw(PrivateKey::from_ed25519_seed(hex(kEd25519Seed)));
}

std::error_code error_of(BytesView encoded) {
  const auto message = read_message(encoded);
  if (!message) return message.error();
  const auto verified = verify_message(*message);
  return verified ? std::error_code() : verified.error();
}

// What the cheap part says.
std::error_code early_error_of(BytesView encoded) {
  const auto author = check_author(value_or_throw(read_message(encoded)));
  return author ? std::error_code() : author.error();
}

// The fields of a message, to be written with one of them changed, or none (nothing) or empty.
struct Draft {
  std::array<std::optional<Bytes>, 6> fields;

  explicit Draft(BytesView encoded) {
    ProtobufReader reader(encoded, ProtobufForm::kLenient);
    while (reader.next()) fields.at(reader.field() - 1) = to_bytes(reader.bytes());
  }
  Bytes encode() const {
    ProtobufWriter writer;
    for (std::uint32_t i = 0; i < fields.size(); ++i) {
      if (fields[i]) writer.bytes(i + 1, *fields[i]);
    }
    return writer.take();
  }
  Bytes with(std::uint32_t field, std::optional<Bytes> value) const {
    Draft changed = *this;
    changed.fields[field - 1] = std::move(value);
    return changed.encode();
  }
};

TEST_CASE("go's messages are their authors'") {
  for (const std::string_view encoded : {kEd25519Message, kSecp256k1Message, kEcdsaMessage, kRsaMessage}) {
    const Bytes bytes = hex(encoded);
    CHECK(error_of(bytes) == std::error_code());
    const MessageView message = value_or_throw(read_message(bytes));
    CHECK(message.topic == "topic");
    CHECK(to_hex(message.seqno) == "1802030405060708");
    CHECK(as_text(message.data) == (encoded == kSecp256k1Message ? "" : "data"));
    CHECK(equal(value_or_throw(check_author(message)).bytes(), message.from));
    CHECK(default_message_id(message) == to_text(message.from) + to_text(message.seqno));
  }
}

TEST_CASE("a message that we sign has go's bytes") {
  const Bytes bytes = sign_message(ed25519_key(), 0x1802030405060708, "topic", as_bytes("data"));
  CHECK(to_hex(bytes) == kEd25519Message);
}

TEST_CASE("messages are signed with keys of all types, which are beside the PeerID that has no room") {
  const Bytes data(1024, 5);
  for (const KeyType type :
       {KeyType::kEd25519, KeyType::kSecp256k1, KeyType::kEcdsa, KeyType::kRsa, KeyType::kSm2}) {
    CAPTURE(name_of(type));
    const PrivateKey key = PrivateKey::generate(type, seeded(3));
    for (const BytesView content : {BytesView(data), BytesView()}) {
      const Bytes encoded = sign_message(key, 1, "a", content);
      CHECK(error_of(encoded) == std::error_code());
      const MessageView message = value_or_throw(read_message(encoded));
      CHECK(value_or_throw(check_author(message)) == PeerId::from_public_key(key.public_key()));
      CHECK(equal(message.data, content));
      CHECK(message.data.data() != nullptr);
      CHECK(to_hex(message.seqno) == "0000000000000001");
      const bool inlined = type == KeyType::kEd25519 || type == KeyType::kSecp256k1;
      CHECK(message.key.empty() == inlined);
    }
  }
}

TEST_CASE("whatever is signed cannot be changed") {
  const Bytes encoded = hex(kEd25519Message);
  const Draft draft(encoded);
  REQUIRE(draft.encode() == encoded);
  CHECK(error_of(draft.with(2, to_bytes("dat4"))) == Errc::kBadSignature);
  CHECK(error_of(draft.with(2, Bytes())) == Errc::kBadSignature);
  CHECK(error_of(draft.with(2, std::nullopt)) == Errc::kBadSignature);
  CHECK(error_of(draft.with(3, Bytes(8))) == Errc::kBadSignature);
  CHECK(error_of(draft.with(4, to_bytes("topics"))) == Errc::kBadSignature);
  CHECK(error_of(draft.with(4, std::nullopt)) == Errc::kBadSignature);
  const PrivateKey other = PrivateKey::generate(KeyType::kEd25519, seeded(4));
  CHECK(error_of(draft.with(1, to_bytes(PeerId::from_public_key(other.public_key()).bytes()))) ==
        Errc::kBadSignature);
  Bytes signature = *draft.fields[4];
  signature[10] ^= 1;
  CHECK(error_of(draft.with(5, signature)) == Errc::kBadSignature);
  CHECK(error_of(draft.with(5, Bytes(64))) == Errc::kBadSignature);
  CHECK(error_of(draft.with(5, Bytes(1))) == Errc::kBadSignature);
}

TEST_CASE("data that is missing and data that is empty are not the same") {
  const PrivateKey key = ed25519_key();
  const Draft draft(sign_message(key, 1, "a", {}));
  CHECK(error_of(draft.encode()) == std::error_code());
  CHECK(error_of(draft.with(2, std::nullopt)) == Errc::kBadSignature);
  // Signed without data, as go's peers can, too.
  Draft without = draft;
  without.fields[1].reset();
  without.fields[4].reset();
  Bytes covered = to_bytes("libp2p-pubsub:");
  append(covered, without.encode());
  CHECK(error_of(without.with(5, key.sign(covered))) == std::error_code());
}

TEST_CASE("the order of fields, and fields that come twice, change nothing: the last ones count") {
  const Draft draft(hex(kEd25519Message));
  ProtobufWriter writer;
  writer.bytes(2, as_bytes("other"));
  for (const std::uint32_t field : {5u, 4u, 3u, 2u, 1u}) writer.bytes(field, *draft.fields[field - 1]);
  CHECK(error_of(writer.view()) == std::error_code());
  writer.bytes(2, as_bytes("other"));
  CHECK(error_of(writer.view()) == Errc::kBadSignature);
}

TEST_CASE("what StrictSign wants is asked for before anything is computed") {
  const Draft draft(hex(kEd25519Message));
  CHECK(early_error_of(draft.with(1, std::nullopt)) == Errc::kMalformed);
  CHECK(early_error_of(draft.with(1, to_bytes("nobody"))) == Errc::kMalformed);
  CHECK(early_error_of(draft.with(3, std::nullopt)) == Errc::kMalformed);
  CHECK(early_error_of(draft.with(3, Bytes(7))) == Errc::kMalformed);
  CHECK(early_error_of(draft.with(3, Bytes(9))) == Errc::kMalformed);
  CHECK(early_error_of(draft.with(5, std::nullopt)) == Errc::kBadSignature);
  CHECK(early_error_of(draft.with(5, Bytes())) == Errc::kBadSignature);
  // A signature that is anything passes here.
  CHECK(early_error_of(draft.with(5, Bytes(1))) == std::error_code());
  CHECK(early_error_of(unsigned_message("topic", as_bytes("data"))) == Errc::kMalformed);
}

// Go signs what it does not know, others do not: whom to believe would be asked at each hop.
TEST_CASE("a message with unknown fields is nobody's") {
  Bytes encoded = hex(kEd25519Message);
  append(encoded, hex("3a0101"));
  CHECK(early_error_of(encoded) == Errc::kMalformed);
  CHECK(error_of(encoded) == Errc::kMalformed);
}

TEST_CASE("the key is the author's, whether in the PeerID or beside it") {
  SUBCASE("beside it although it is inside") {
    const Draft draft(hex(kEd25519Message));
    const Bytes inside(draft.fields[0]->begin() + 2, draft.fields[0]->end());
    CHECK(error_of(draft.with(6, inside)) == std::error_code());
    CHECK(early_error_of(draft.with(6, Bytes())) == Errc::kBadKey);
    Bytes other = inside;
    other[5] ^= 1;
    CHECK(early_error_of(draft.with(6, other)) == Errc::kPeerIdMismatch);
  }
  SUBCASE("nowhere") {
    CHECK(early_error_of(Draft(hex(kEcdsaMessage)).with(6, std::nullopt)) == Errc::kBadKey);
    CHECK(early_error_of(Draft(hex(kEcdsaMessage)).with(6, Bytes())) == Errc::kBadKey);
  }
  SUBCASE("another's") {
    const Draft rsa(hex(kRsaMessage));
    CHECK(early_error_of(Draft(hex(kEcdsaMessage)).with(6, rsa.fields[5])) == Errc::kPeerIdMismatch);
  }
  SUBCASE("no key at all, though its hash is right") {
    const Bytes junk =
        hex("0803"
            "1200");
    Draft draft(hex(kEcdsaMessage));
    draft.fields[0] = hex("1220");
    append(*draft.fields[0], sha256(junk));
    draft.fields[5] = junk;
    CHECK(early_error_of(draft.encode()) == std::error_code());
    CHECK(error_of(draft.encode()) == Errc::kBadKey);
    draft.fields[0] = hex("0004");
    append(*draft.fields[0], junk);
    draft.fields[5].reset();
    CHECK(error_of(draft.encode()) == Errc::kBadKey);
  }
  SUBCASE("of a type that we do not know") {
    const Bytes unknown =
        hex("0809"
            "120107");
    Draft draft(hex(kEcdsaMessage));
    draft.fields[0] = hex("1220");
    append(*draft.fields[0], sha256(unknown));
    draft.fields[5] = unknown;
    CHECK(error_of(draft.encode()) == Errc::kUnknownKeyType);
  }
}

TEST_CASE("an unsigned message is its data and its topic") {
  CHECK(to_hex(unsigned_message("a", hex("ff00"))) == "1202ff00220161");
  CHECK(to_hex(unsigned_message("", {})) == "12002200");
}

TEST_CASE("fields that are not there are empty") {
  const MessageView message = value_or_throw(read_message({}));
  CHECK(message.data.data() == nullptr);
  CHECK(message.topic.data() == nullptr);
  CHECK(default_message_id(message).empty());
  CHECK(error_of({}) == Errc::kMalformed);
}

TEST_CASE("truncations and other wire types are refused") {
  const Bytes encoded = hex(kEcdsaMessage);
  std::size_t between = 0;
  for (std::size_t size = 0; size < encoded.size(); ++size) {
    const auto message = read_message(BytesView(encoded).first(size));
    between += message.has_value();
    if (!message) CHECK(message.error() == Errc::kTruncated);
    CHECK(error_of(BytesView(encoded).first(size)));
  }
  CHECK(between == 6);
  for (const char* bad : {"0801", "1001", "1801", "2001", "2801", "3001", "0b", "00"}) {
    CHECK_MESSAGE(error_of(hex(bad)) == Errc::kMalformed, bad);
  }
  for (const char* bad : {"0a", "12ffffffffffffffff7f", "12ffffffffffffffffff01", "3a"}) {
    CHECK_MESSAGE(error_of(hex(bad)) == Errc::kTruncated, bad);
  }
}

}  // namespace
}  // namespace warren::pubsub
