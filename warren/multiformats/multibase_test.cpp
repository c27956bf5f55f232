#include "warren/multiformats/multibase.hpp"

#include <doctest/doctest.h>

using namespace warren;

// https://github.com/multiformats/multibase/tree/master/tests
TEST_CASE("multibase: the specification's vectors") {
  struct Vector {
    Multibase base;
    std::string_view bytes;
    std::string_view text;
  };
  using namespace std::string_view_literals;
  const Vector vectors[] = {
      {Multibase::kBase16, "Decentralize everything!!!",
       "f446563656e7472616c697a652065766572797468696e67212121"},
      {Multibase::kBase32, "Decentralize everything!!!", "birswgzloorzgc3djpjssazlwmvzhs5dinfxgoijbee"},
      {Multibase::kBase36, "Decentralize everything!!!", "km552ng4dabi4neu1oo8l4i5mndwmpc3mkukwtxy9"},
      {Multibase::kBase58Btc, "Decentralize everything!!!", "z36UQrhJq9fNDS7DiAHM9YXqDHMPfr4EMArvt"},
      {Multibase::kBase64Url, "Decentralize everything!!!", "uRGVjZW50cmFsaXplIGV2ZXJ5dGhpbmchISE"},
      {Multibase::kBase16, "yes mani !", "f796573206d616e692021"},
      {Multibase::kBase32, "yes mani !", "bpfsxgidnmfxgsibb"},
      {Multibase::kBase36, "yes mani !", "k2lcpzo5yikidynfl"},
      {Multibase::kBase58Btc, "yes mani !", "z7paNL19xttacUY"},
      {Multibase::kBase64Url, "yes mani !", "ueWVzIG1hbmkgIQ"},
      {Multibase::kBase16, "\0yes mani !"sv, "f00796573206d616e692021"},
      {Multibase::kBase32, "\0yes mani !"sv, "bab4wk4zanvqw42jaee"},
      {Multibase::kBase36, "\0yes mani !"sv, "k02lcpzo5yikidynfl"},
      {Multibase::kBase58Btc, "\0yes mani !"sv, "z17paNL19xttacUY"},
      {Multibase::kBase64Url, "\0yes mani !"sv, "uAHllcyBtYW5pICE"},
      {Multibase::kBase36, "\0\0yes mani !"sv, "k002lcpzo5yikidynfl"},
      {Multibase::kBase58Btc, "\0\0yes mani !"sv, "z117paNL19xttacUY"},
  };
  for (const auto& vector : vectors) {
    CAPTURE(vector.text);
    CHECK(multibase_encode(vector.base, as_bytes(vector.bytes)) == vector.text);
    const auto decoded = multibase_decode(vector.text);
    REQUIRE(decoded);
    CHECK(as_text(*decoded) == vector.bytes);
  }
}

// draft-msporny-base58, section 5
TEST_CASE("base58: the draft's vectors") {
  const std::pair<std::string_view, std::string_view> vectors[] = {
      {"48656c6c6f20576f726c6421", "2NEpo7TZRRrLZSi2U"},
      {"54686520717569636b2062726f776e20666f78206a756d7073206f76657220746865206c617a7920646f672e",
       "USm3fpXnKG5EUBx2ndxBDMPVciP5hGey2Jh4NDv6gmeo1LkMeiKrLJUUBk6Z"},
      {"0000287fb4cd", "11233QC4"},
      {"", ""},
      {"00", "1"},
  };
  for (const auto& [hex, text] : vectors) {
    CHECK(base58_encode(*from_hex(hex)) == text);
    CHECK(*base58_decode(text) == *from_hex(hex));
  }
}

TEST_CASE("multibase: every length goes there and back") {
  for (const auto base : {Multibase::kBase16, Multibase::kBase32, Multibase::kBase36, Multibase::kBase58Btc,
                          Multibase::kBase64Url}) {
    Bytes bytes;
    for (int size = 0; size < 100; ++size) {
      CHECK(*multibase_decode(multibase_encode(base, bytes)) == bytes);
      bytes.push_back(static_cast<std::uint8_t>(size * 73 % 251));  // begins with zero
    }
  }
}

TEST_CASE("multibase: what is not text of a base") {
  for (const auto* text : {"", "x00", "z0", "zO", "zl", "zI", "f0", "f0g", "fAB", "bA", "b1", "u+",
                           "u=", "uAA==", "kA", "b!", "z\x01"}) {
    CAPTURE(text);
    CHECK(multibase_decode(text).error() == Errc::kBadEncoding);
  }
  // Digits that make no whole byte, and padding bits that are not zero.
  for (const auto* text : {"ba", "baaa", "bab", "uA", "uAB", "uAAB"}) {
    CAPTURE(text);
    CHECK(multibase_decode(text).error() == Errc::kBadEncoding);
  }
}

TEST_CASE("base58: longer texts are refused before any work") {
  CHECK(base58_decode(std::string(kRadixTextMax, '1')));
  CHECK(base58_decode(std::string(kRadixTextMax + 1, '1')).error() == Errc::kTooLarge);
  CHECK(multibase_decode("k" + std::string(kRadixTextMax + 1, '0')).error() == Errc::kTooLarge);
}
