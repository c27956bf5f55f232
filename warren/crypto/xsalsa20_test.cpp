#include "warren/crypto/xsalsa20.hpp"

#include <doctest/doctest.h>

#include "warren/crypto/hash.hpp"
#include "warren/crypto/testing.hpp"

using namespace warren;

namespace {

// Key and nonce of NaCl's own test (tests/stream.c): its first 4 MiB of key stream have this SHA-256.
const Bytes kKey = testing::hex("1b27556473e985d462cd51197a9a46c76009549eac6474f206c4ee0844f68389");
const Bytes kNonce = testing::hex("69696ee955b62b73cd62bda875fc73d68219e0036b7a0b37");
constexpr std::string_view kStreamHash = "662b9d0e3463029156069b12f918691a98f7dfb2ca0393c96bbfc6b1fbd630a2";

XSalsa20 cipher() {
  return XSalsa20(std::span<const std::uint8_t, 32>(kKey), std::span<const std::uint8_t, 24>(kNonce));
}

}  // namespace

TEST_CASE("XSalsa20: NaCl's key stream") {
  Bytes stream(4 * 1024 * 1024);
  cipher().apply(stream);
  CHECK(to_hex(sha256(stream)) == kStreamHash);
}

TEST_CASE("XSalsa20: pieces of any size give the same stream") {
  Bytes whole(10'000);
  cipher().apply(whole);
  for (const std::size_t piece : {1, 7, 63, 64, 65, 1000}) {
    Bytes pieces(whole.size());
    XSalsa20 stream = cipher();
    for (std::size_t at = 0; at < pieces.size(); at += piece) {
      stream.apply(MutableBytes(pieces).subspan(at, std::min(piece, pieces.size() - at)));
    }
    CHECK(pieces == whole);
  }
}
