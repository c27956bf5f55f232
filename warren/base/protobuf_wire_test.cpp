#include "warren/base/protobuf_wire.hpp"

#include <doctest/doctest.h>

using namespace warren;

namespace {

struct Message {
  std::uint64_t number = 0;
  std::vector<Bytes> items;
};

// 1: varint, 3: repeated bytes.
Result<Message> read(std::string_view hex, ProtobufForm form) {
  const Bytes bytes = *from_hex(hex);
  ProtobufReader reader(bytes, form);
  Message message;
  while (reader.next()) {
    switch (reader.field()) {
      case 1: message.number = reader.varint(); break;
      case 3: message.items.push_back(to_bytes(reader.repeated_bytes())); break;
      default: reader.unknown();
    }
  }
  if (const auto end = reader.finish(); !end) return fail(end.error());
  return message;
}

Result<Message> lenient(std::string_view hex) {
  return read(hex, ProtobufForm::kLenient);
}
Result<Message> canonical(std::string_view hex) {
  return read(hex, ProtobufForm::kCanonical);
}

}  // namespace

TEST_CASE("what a ProtobufWriter writes is canonical and reads back") {
  ProtobufWriter writer;
  writer.varint(1, 150).bytes(3, as_bytes("a")).bytes(3, as_bytes("bc"));
  CHECK(to_hex(writer.view()) == "0896011a01611a026263");
  for (const auto form : {ProtobufForm::kLenient, ProtobufForm::kCanonical}) {
    const auto message = read(to_hex(writer.view()), form);
    REQUIRE(message);
    CHECK(message->number == 150);
    CHECK(message->items == std::vector<Bytes>{to_bytes("a"), to_bytes("bc")});
  }

  ProtobufWriter largest;
  largest.varint(1, ~std::uint64_t{0});
  CHECK(to_hex(largest.view()) == "08ffffffffffffffffff01");
  CHECK(canonical(to_hex(largest.view()))->number == ~std::uint64_t{0});
}

TEST_CASE("the canonical form has one encoding, the lenient form ignores what it does not know") {
  for (const auto* hex : {"0801a20601ff", "0801210102030405060708", "08012501020304",
                          "0801"
                          "1001"}) {
    CHECK(lenient(hex)->number == 1);
    CHECK(canonical(hex).error() == Errc::kMalformed);
  }
  CHECK(lenient("1a00"
                "0801")
            ->number == 1);
  CHECK(canonical("1a00"
                  "0801")
            .error() == Errc::kMalformed);
  CHECK(lenient("0801"
                "0802")
            ->number == 2);
  CHECK(canonical("0801"
                  "0802")
            .error() == Errc::kMalformed);
  CHECK(lenient("088100")->number == 1);
  CHECK(canonical("088100").error() == Errc::kNotMinimal);
  CHECK(lenient("880001")->number == 1);
  CHECK(canonical("880001").error() == Errc::kNotMinimal);
}

TEST_CASE("neither form accepts bytes that are no message") {
  for (const auto read_form : {lenient, canonical}) {
    CHECK(read_form("")->number == 0);
    CHECK(read_form("08").error() == Errc::kTruncated);
    CHECK(read_form("0880").error() == Errc::kTruncated);
    CHECK(read_form("1a0561").error() == Errc::kTruncated);
    CHECK(read_form("1affffffffffffffffff01").error() == Errc::kTruncated);
    CHECK(read_form("2501").error() == Errc::kTruncated);
    CHECK(read_form("08ffffffffffffffffff02").error() == Errc::kMalformed);
    CHECK(read_form("08ffffffffffffffffffff01").error() == Errc::kMalformed);
    CHECK(read_form("0001").error() == Errc::kMalformed);    // field 0
    CHECK(read_form("0b0c").error() == Errc::kMalformed);    // a group
    CHECK(read_form("0a0161").error() == Errc::kMalformed);  // bytes for a number
    CHECK(read_form("1801").error() == Errc::kMalformed);    // a number for bytes
  }
}
