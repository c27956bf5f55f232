// RPCs are cut out of a stream however it comes in pieces, and memory follows what has come.
#include "warren/protocols/pubsub/rpc_reader.hpp"

#include <doctest/doctest.h>

#include "warren/async/as_result.hpp"
#include "warren/base/varint.hpp"
#include "warren/sim/loop.hpp"

using namespace warren;
using namespace warren::pubsub;

namespace {

constexpr std::size_t kSizeMax = 1024 * 1024;

// Gives its bytes in pieces of one size, then ends.
class Script final : public ByteStream {
 public:
  Script(Bytes bytes, std::size_t piece) : bytes_(std::move(bytes)), piece_(piece) {}
  Task<std::size_t> read_some(MutableBytes to) override {
    const std::size_t size = std::min({to.size(), piece_, bytes_.size() - read_});
    std::copy_n(bytes_.begin() + static_cast<std::ptrdiff_t>(read_), size, to.begin());
    read_ += size;
    largest_ = std::max(largest_, to.size());
    co_return size;
  }
  Task<void> write(BytesView) override { co_return; }
  Task<void> close_write() override { co_return; }
  void reset() override {}

  std::size_t largest_read() const { return largest_; }

 private:
  Bytes bytes_;
  std::size_t piece_;
  std::size_t read_ = 0;
  std::size_t largest_ = 0;
};

Bytes framed(std::size_t size, std::uint8_t mark) {
  Bytes bytes;
  append_varint(bytes, size);
  bytes.insert(bytes.end(), size, mark);
  return bytes;
}

// Size and first byte of each RPC.
using Seen = std::vector<std::pair<std::size_t, int>>;

Task<Seen> read_all(ByteStream& stream, ReadBudget& budget) {
  RpcReader reader(stream, kSizeMax, budget);
  Seen seen;
  while (true) {
    while (const auto rpc = reader.take()) seen.emplace_back(rpc->size(), rpc->empty() ? -1 : rpc->front());
    const bool more = co_await reader.fill();
    if (!more) co_return seen;
  }
}

}  // namespace

TEST_CASE("RPCs of all sizes come out as they went in, in whatever pieces") {
  Bytes bytes;
  Seen expected;
  std::uint8_t mark = 0;
  for (const std::size_t size : {0UL, 1UL, 127UL, 128UL, 5000UL, 3UL, 70'000UL, 0UL, 1024UL * 1024UL, 9UL}) {
    append(bytes, framed(size, ++mark));
    expected.emplace_back(size, size == 0 ? -1 : mark);
  }
  for (const std::size_t piece : {61UL, 4096UL, 1'000'000'000UL}) {
    CAPTURE(piece);
    sim::Loop loop;
    ReadBudget budget(4 * kSizeMax);
    Script stream(bytes, piece);
    CHECK(loop.run(read_all(stream, budget)) == expected);
    CHECK(budget.left() == 4 * kSizeMax);
  }
}

TEST_CASE("RPCs that come byte by byte") {
  Bytes bytes;
  for (const std::size_t size : {0UL, 200UL, 5000UL, 1UL}) append(bytes, framed(size, 7));
  sim::Loop loop;
  ReadBudget budget(0);
  Script stream(bytes, 1);
  CHECK(loop.run(read_all(stream, budget)) == Seen{{0, -1}, {200, 7}, {5000, 7}, {1, 7}});
}

TEST_CASE("many small ones are read in large pieces") {
  Bytes bytes;
  for (int i = 0; i < 10'000; ++i) append(bytes, framed(100, 1));
  sim::Loop loop;
  ReadBudget budget(0);
  Script stream(bytes, 1'000'000'000);
  CHECK(loop.run(read_all(stream, budget)).size() == 10'000);
  CHECK(stream.largest_read() == RpcReader::kBufferMax);
}

TEST_CASE("what is announced takes no memory, and too much is refused") {
  sim::Loop loop;
  ReadBudget budget(4 * kSizeMax);
  Bytes announced;
  append_varint(announced, kSizeMax);
  announced.push_back(1);
  Script little(announced, 100);
  CHECK(loop.run(as_result(read_all(little, budget))).error() == Errc::kEndOfStream);
  CHECK(little.largest_read() <= RpcReader::kBufferMin);

  Bytes huge;
  append_varint(huge, kVarintMax);
  Script liar(huge, 100);
  CHECK(loop.run(as_result(read_all(liar, budget))).error() == Errc::kTooLarge);
  Script overlong(Bytes{0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01}, 100);
  CHECK_FALSE(loop.run(as_result(read_all(overlong, budget))));
  Script padded(Bytes{0x81, 0x00}, 100);
  CHECK(loop.run(as_result(read_all(padded, budget))).error() == Errc::kNotMinimal);
}

TEST_CASE("what a large RPC took is given back when it has been read") {
  sim::Loop loop;
  ReadBudget budget(kSizeMax);
  Bytes bytes = framed(900 * 1024, 1);
  append(bytes, framed(10, 2));
  Script stream(bytes, 900 * 1024 + 3);  // the second one comes by itself
  RpcReader reader(stream, kSizeMax, budget);
  for (bool found = false; !found; found = reader.take().has_value()) REQUIRE(loop.run(reader.fill()));
  CHECK(budget.left() < kSizeMax / 2);
  REQUIRE(loop.run(reader.fill()));
  CHECK(budget.left() == kSizeMax);
  CHECK(reader.take()->size() == 10);
}

TEST_CASE("large RPCs of all streams together share one budget") {
  sim::Loop loop;
  ReadBudget budget(200 * 1024);
  Script fits(framed(100 * 1024, 1), 1000);
  CHECK(loop.run(read_all(fits, budget)).size() == 1);
  Script large(framed(900 * 1024, 1), 1000);
  CHECK(loop.run(as_result(read_all(large, budget))).error() == Errc::kLimitReached);
  CHECK(budget.left() == 200 * 1024);
}
