#include "warren/security/noise/records.hpp"

#include <doctest/doctest.h>

#include <algorithm>

#include "warren/sim/random.hpp"

using namespace warren;
using namespace warren::noise;

namespace {

CipherState cipher() {
  return CipherState(std::array<std::uint8_t, kKeySize>{1, 2, 3});
}

struct Ends {
  BufferPool pool;
  RecordWriter writer{cipher(), pool};
  RecordReader reader{cipher(), pool};

  Bytes seal(BytesView plaintext) {
    auto sealed = writer.seal(plaintext);
    REQUIRE(sealed);
    return to_bytes(sealed->buffer.bytes().first(sealed->size));
  }
  // Puts all of `bytes` in, as far as there is space at once; returns how much that was.
  std::size_t put(BytesView bytes) {
    const MutableBytes space = reader.space();
    const std::size_t size = std::min(space.size(), bytes.size());
    std::ranges::copy(bytes.first(size), space.begin());
    reader.add(size);
    return size;
  }
  Result<std::size_t> read(Bytes& to, std::size_t size_max = 4096) {
    const std::size_t have = to.size();
    to.resize(have + size_max);
    const auto size = reader.read(MutableBytes(to).subspan(have));
    to.resize(have + size.value_or(0));
    return size;
  }
};

Bytes random_bytes(std::size_t size, std::uint64_t seed) {
  Bytes bytes(size);
  sim::SeededRandom(seed).fill(bytes);
  return bytes;
}

}  // namespace

TEST_CASE("records are as large as the wire format allows, and no larger") {
  Ends ends;
  CHECK(ends.seal({}).empty());
  CHECK(to_hex(BytesView(ends.seal(as_bytes("abc"))).first(2)) == "0013");
  const Bytes full = ends.seal(Bytes(kRecordPlaintextMax));
  CHECK(full.size() == 2 + 65535);
  CHECK(to_hex(BytesView(full).first(2)) == "ffff");
  const Bytes two = ends.seal(Bytes(kRecordPlaintextMax + 1));
  CHECK(two.size() == 2 + 65535 + 2 + 17);
  CHECK(to_hex(BytesView(two).subspan(65537, 2)) == "0011");
  CHECK(ends.seal(Bytes(kSealMax)).size() == 2 * (2 + 65535));
}

TEST_CASE("what is sealed is read, whatever the pieces that it arrives and is read in") {
  sim::SeededRandom random(5);
  for (int round = 0; round < 27; ++round) {
    Ends ends;
    Bytes plaintext;
    Bytes sealed;
    for (int i = 0; i < 6; ++i) {
      const std::size_t size_max = std::array{20uz, 3000uz, kSealMax}[round / 9];
      const Bytes part = random_bytes(1 + random.below(size_max), random.u64());
      append(plaintext, part);
      append(sealed, ends.seal(part));
    }
    Bytes got;
    const std::size_t piece_max = std::array{70uz, 2000uz, 200'000uz}[round % 3];
    const std::size_t read_max = std::array{110uz, 4096uz, 100'000uz}[round / 3 % 3];
    for (BytesView rest = sealed; !rest.empty();) {
      rest =
          rest.subspan(ends.put(rest.first(std::min<std::size_t>(rest.size(), 1 + random.below(piece_max)))));
      while (true) {
        if (value_or_throw(ends.read(got, read_max)) == 0) break;
      }
    }
    CHECK(got == plaintext);
    CHECK(ends.reader.empty());
  }
}

TEST_CASE("a record without plaintext is nothing to read, and the next one follows") {
  Ends ends;
  CipherState sealing = cipher();
  Bytes records = {0, 16};
  records.resize(2 + kTagSize);
  REQUIRE(sealing.seal({}, {}, MutableBytes(records).subspan(2)));
  Bytes got;
  ends.put(records);
  CHECK(ends.read(got) == 0uz);
  CHECK(ends.reader.empty());

  ends.seal(as_bytes("skipped"));  // the nonce that was used above
  ends.put(ends.seal(as_bytes("next")));
  CHECK(ends.read(got) == 4uz);
  CHECK(as_text(got) == "next");
}

TEST_CASE("small records are read together, and a read ends where a record does not fit") {
  Ends ends;
  Bytes sealed = ends.seal(as_bytes("one"));
  append(sealed, ends.seal(as_bytes("two")));
  append(sealed, ends.seal(as_bytes("three")));
  ends.put(sealed);
  Bytes got;
  CHECK(ends.read(got, 8) == 6uz);
  CHECK(ends.read(got, 2) == 2uz);
  CHECK(ends.read(got, 8) == 3uz);
  CHECK(as_text(got) == "onetwothree");
}

TEST_CASE("a record that was changed anywhere is refused, after what came before it") {
  const std::size_t size = 2 + 5 + kTagSize;
  for (std::size_t bit = 0; bit < 8 * size; ++bit) {
    INFO("bit ", bit);
    Ends ends;
    Bytes sealed = ends.seal(as_bytes("first"));
    append(sealed, ends.seal(as_bytes("other")));
    append(sealed, ends.seal(Bytes(600)));  // so that a larger size has bytes to stand for
    sealed[size + bit / 8] ^= static_cast<std::uint8_t>(1 << bit % 8);
    ends.put(sealed);
    Bytes got;
    REQUIRE(ends.read(got) == 5uz);
    CHECK(as_text(got) == "first");
    const auto bad = ends.read(got);
    if (bad) {
      CHECK(*bad == 0);  // a size that is still waited for
      CHECK(bit / 8 == 0);
      continue;
    }
    CHECK((bad.error() == Errc::kDecryptFailed || (bit / 8 < 2 && bad.error() == Errc::kMalformed)));
    CHECK(ends.read(got).error() == bad.error());
    CHECK(got.size() == 5);
  }
}

TEST_CASE("a record too short for a tag is refused") {
  for (std::uint8_t size = 0; size < kTagSize; ++size) {
    Ends ends;
    ends.put(Bytes{0, size});
    Bytes got;
    CHECK(ends.read(got).error() == Errc::kMalformed);
  }
}

TEST_CASE("a record that is repeated, left out or moved is refused") {
  Ends source;
  const Bytes first = source.seal(as_bytes("first"));
  const Bytes second = source.seal(as_bytes("second"));
  const auto read_all = [](const Bytes& a, const Bytes& b) {
    Ends ends;
    Bytes both = a;
    append(both, b);
    ends.put(both);
    Bytes got;
    auto size = ends.read(got);
    if (size) size = ends.read(got);
    return size ? std::error_code() : size.error();
  };
  CHECK(!read_all(first, second));
  CHECK(read_all(first, first) == Errc::kDecryptFailed);
  CHECK(read_all(second, first) == Errc::kDecryptFailed);
  CHECK(read_all(second, {}) == Errc::kDecryptFailed);
}

TEST_CASE("a peer gets memory for what it sent, not for what it announced") {
  Ends ends;
  ends.put(Bytes{0xff, 0xff, 1});
  Bytes got;
  REQUIRE(ends.read(got) == 0uz);
  CHECK(ends.reader.space().size() <= RecordReader::kWaitSize);

  std::size_t sent = 3;
  while (sent < 60'000) {
    sent += ends.put(Bytes(100));
    REQUIRE(ends.read(got) == 0uz);
    CHECK(ends.reader.space().size() <= 16 * sent + RecordReader::kWaitSize);
  }
  CHECK(ends.reader.space().size() <= kLargeBufferSize);
}

TEST_CASE("when all is read the large buffer is given back") {
  Ends ends;
  const Bytes plaintext = random_bytes(kSealMax, 1);
  const Bytes sealed = ends.seal(plaintext);
  Bytes got;
  for (BytesView rest = sealed; !rest.empty();) {
    rest = rest.subspan(ends.put(rest));
    while (*ends.read(got) > 0) continue;
  }
  CHECK(got == plaintext);
  CHECK(ends.reader.space().size() == RecordReader::kWaitSize);
}

TEST_CASE("a large buffer is used again, and outlives its pool") {
  Buffer buffer;
  {
    BufferPool pool;
    buffer = pool.take(kLargeBufferSize);
    CHECK(buffer.size() == kLargeBufferSize);
    const auto* memory = buffer.bytes().data();
    buffer = Buffer();
    BufferPool copy = pool;
    buffer = copy.take(kLargeBufferSize);
    CHECK(buffer.bytes().data() == memory);
  }
  std::ranges::fill(buffer.bytes(), 1);
}
