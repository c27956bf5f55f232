// A Noise channel after its handshake. The input is a list of steps: one byte that says what, two that say
// how much, then what the step needs. The peer holds the right key, so that steps can mix honest records with
// changed, cut and made-up ones. Whatever comes, nothing is read but what the peer sealed, in its order;
// without foul play all of it is; and what we write the peer can read.

#include <algorithm>

#include "warren/async/as_result.hpp"
#include "warren/async/task_group.hpp"
#include "warren/base/assert.hpp"
#include "warren/base/reader.hpp"
#include "warren/security/noise/channel.hpp"
#include "warren/sim/pipe.hpp"

namespace warren {
namespace {

enum class Step : std::uint8_t {
  kSend,         // the peer sends a record of so many bytes
  kSendFlipped,  // the same, and a bit is changed
  kSendCut,      // the same, without its last byte
  kSendRaw,      // so many bytes of the input go on the wire as they are
  kWrite,        // we write so many bytes
};
constexpr std::uint8_t kSteps = 5;

noise::CipherState cipher(std::uint8_t seed) {
  std::array<std::uint8_t, noise::kKeySize> key;
  key.fill(seed);
  return noise::CipherState(key);
}

PublicKey some_key() {
  const Bytes seed(32, 1);
  return value_or_throw(PrivateKey::from_ed25519_seed(seed)).public_key();
}

// Reads in pieces whose sizes go up and down, until the end or an error.
Task<void> read_all(ByteStream& stream, Bytes& to) {
  for (std::size_t size = 1;; size = size * 7 % 5003) {
    Bytes piece(size);
    const std::size_t got = co_await stream.read_some(piece);
    if (got == 0) co_return;
    append(to, BytesView(piece).first(got));
  }
}

Task<void> note(Task<void> task, Result<>& end) {
  end = co_await as_result(std::move(task));
}

Task<void> write(ByteStream& stream, Bytes bytes) {
  co_await stream.write(bytes);
}

class Test {
 public:
  explicit Test(sim::Loop& loop) : loop_(loop), readers_(loop.executor(), "fuzz") {
    auto [ours, theirs] = sim::pipe(loop, {.buffer = 16 << 20});
    static const PublicKey key = some_key();
    noise::Session session{key, PeerId::from_public_key(key), {}, std::nullopt, cipher(1), cipher(2)};
    channel_ = std::make_unique<noise::Channel>(std::move(ours), std::move(session), pool_);
    pipe_ = std::move(theirs);
    readers_.spawn(note(read_all(*channel_, got_), end_));
    readers_.spawn(note(read_all(*pipe_, wire_), wire_end_));
  }

  void step(Step step, std::size_t size, BytesView input) {
    if (step == Step::kWrite) {
      if (loop_.run(as_result(write(*channel_, plaintext(size))))) append(written_, plaintext(size));
    } else {
      Bytes record = step == Step::kSendRaw ? to_bytes(input) : seal(size);
      if (step == Step::kSendFlipped)
        record[size % record.size()] ^= static_cast<std::uint8_t>(1 << size % 8);
      if (step == Step::kSendCut) record.pop_back();
      // What comes next may happen to be the byte that was cut off.
      const bool readable = !foul_ && (step == Step::kSend || step == Step::kSendCut);
      if (readable) append(sealed_, plaintext(size));
      foul_ = foul_ || (step != Step::kSend && !record.empty());
      loop_.run(as_result(write(*pipe_, std::move(record))));
    }
    loop_.run_until_idle();
    const bool in_order =
        got_.size() <= sealed_.size() && std::equal(got_.begin(), got_.end(), sealed_.begin());
    WARREN_ASSERT(in_order);
  }

  void finish() {
    loop_.run(as_result(pipe_->close_write()));
    loop_.run(as_result(channel_->close_write()));
    loop_.run(readers_.join());
    const bool complete = end_ && wire_end_ && got_ == sealed_ && opened() == written_;
    WARREN_ASSERT(complete || foul_);
  }

 private:
  static Bytes plaintext(std::size_t size) {
    Bytes bytes(size);
    for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<std::uint8_t>(i * 31);
    return bytes;
  }

  Bytes seal(std::size_t size) {
    const std::size_t record_size = size + noise::kTagSize;
    Bytes record = {static_cast<std::uint8_t>(record_size >> 8), static_cast<std::uint8_t>(record_size)};
    record.resize(2 + record_size);
    value_or_throw(sealing_.seal({}, plaintext(size), MutableBytes(record).subspan(2)));
    return record;
  }

  // What the peer reads of what we wrote.
  Bytes opened() {
    noise::RecordReader reader(cipher(1), pool_);
    Bytes all;
    for (BytesView rest = wire_; !rest.empty();) {
      const MutableBytes space = reader.space();
      const std::size_t size = std::min(space.size(), rest.size());
      std::ranges::copy(rest.first(size), space.begin());
      reader.add(size);
      rest = rest.subspan(size);
      Bytes piece(noise::kSealMax);
      while (const std::size_t got = value_or_throw(reader.read(piece)))
        append(all, BytesView(piece).first(got));
    }
    return all;
  }

  sim::Loop& loop_;
  BufferPool pool_;
  noise::CipherState sealing_ = cipher(2);
  std::unique_ptr<noise::Channel> channel_;
  StreamPtr pipe_;
  TaskGroup readers_;
  Bytes sealed_;  // what the peer sealed and we might read
  Bytes got_;     // what we read of it
  Result<> end_;
  Bytes written_;  // what we wrote
  Bytes wire_;     // what arrived of it at the peer
  Result<> wire_end_;
  bool foul_ = false;
};

}  // namespace
}  // namespace warren

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  warren::sim::Loop loop;
  warren::Test test(loop);
  warren::Reader reader(warren::BytesView(data, size));
  for (int steps = 0; reader.remaining() >= 3 && steps < 64; ++steps) {
    const auto step = static_cast<warren::Step>(reader.u8() % warren::kSteps);
    const std::size_t wanted = std::min<std::size_t>(reader.u16(), warren::noise::kRecordPlaintextMax);
    const std::size_t raw = step == warren::Step::kSendRaw ? std::min(wanted, reader.remaining()) : 0;
    test.step(step, wanted, reader.bytes(raw));
  }
  test.finish();
  return 0;
}
