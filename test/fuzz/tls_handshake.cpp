// The TLS handshake and the channel after it, against a peer that is not quite honest. The first byte
// chooses: bit 0, whether we are the responder; bit 1, whether the rest is what the peer puts on the wire, or
// a list of changes (where, two bytes; what, one byte; how, one byte) to what an honest peer writes: a
// handshake, some texts and the end. Whatever comes, both sides end, we speak with nobody but that peer, and
// read nothing but what it wrote.

#include <algorithm>

#include "warren/async/as_result.hpp"
#include "warren/async/task_group.hpp"
#include "warren/base/assert.hpp"
#include "warren/base/reader.hpp"
#include "warren/security/tls/transport.hpp"
#include "warren/sim/pipe.hpp"
#include "warren/sim/random.hpp"

namespace warren {
namespace {

const std::vector<ProtocolId> kMuxers = {"/yamux/1.0.0"};

PrivateKey fixed_key(std::uint8_t seed) {
  const Bytes bytes(32, seed);
  return value_or_throw(PrivateKey::from_ed25519_seed(bytes));
}

struct Node {
  Node(sim::Loop& loop, std::uint8_t seed)
      : random(seed), key(fixed_key(seed)), transport(key, loop.clock(), random) {}
  PeerId peer() const { return PeerId::from_public_key(key.public_key()); }

  sim::SeededRandom random;
  PrivateKey key;
  tls::TlsTransport transport;
};

struct Change {
  std::size_t place = 0;
  std::uint8_t kind = 0;
  std::uint8_t value = 0;
};

// Changes what is written to the stream.
class Meddler final : public ByteStream {
 public:
  Meddler(StreamPtr stream, std::vector<Change> changes)
      : stream_(std::move(stream)), changes_(std::move(changes)) {}

  Task<std::size_t> read_some(MutableBytes to) override { return stream_->read_some(to); }
  Task<void> write(BytesView bytes) override {
    Bytes changed;
    while (!bytes.empty()) {
      const std::size_t same = std::min(bytes.size(), unchanged());
      append(changed, bytes.first(same));
      written_ += same;
      bytes = bytes.subspan(same);
      if (bytes.empty()) break;
      append_changed(changed, bytes.front());
      bytes = bytes.subspan(1);
    }
    co_await stream_->write(changed);
  }
  Task<void> close_write() override { return stream_->close_write(); }
  void reset() override { stream_->reset(); }

 private:
  // How many bytes from here on are written as they are.
  std::size_t unchanged() const {
    std::size_t next = SIZE_MAX;
    for (const Change& change : changes_) {
      if (change.place >= written_) next = std::min(next, change.place - written_);
    }
    return next;
  }
  void append_changed(Bytes& to, std::uint8_t byte) {
    const auto change = std::ranges::find(changes_, written_++, &Change::place);
    if (change == changes_.end()) {
      to.push_back(byte);
      return;
    }
    switch (change->kind % 4) {
      case 0: to.push_back(byte ^ change->value); break;
      case 1: break;                                                     // left out
      case 2: to.insert(to.end(), 1 + change->value % 16, byte); break;  // more than once
      default: to.push_back(change->value), to.push_back(byte); break;   // something before it
    }
  }

  StreamPtr stream_;
  std::vector<Change> changes_;
  std::size_t written_ = 0;
};

Bytes sent_texts() {
  Bytes all;
  for (const std::size_t size : {1, 100, 20'000}) append(all, Bytes(size, static_cast<std::uint8_t>(size)));
  return all;
}

Task<void> speak(SecureChannel& channel) {
  for (const std::size_t size : {1, 100, 20'000}) {
    const Bytes text(size, static_cast<std::uint8_t>(size));
    co_await channel.write(text);
  }
  co_await channel.close_write();
  Bytes ignored(100);
  for (std::size_t size = 1; size > 0;) size = co_await channel.read_some(ignored);
}

Task<void> be_honest(Node& node, Side side, StreamPtr pipe) {
  auto securing = node.transport.secure(std::move(pipe), side, std::nullopt, kMuxers);
  const auto channel = co_await as_result(std::move(securing));
  if (channel) co_await as_result(speak(**channel));
}

// Sends `bytes` as they are, ends its half, and takes what is answered.
Task<void> send_raw(ByteStream& pipe, Bytes bytes) {
  co_await pipe.write(bytes);
  co_await pipe.close_write();
  co_await read_to_end(pipe, 1 << 20);
}

Task<void> be_raw(StreamPtr pipe, Bytes bytes) {
  co_await as_result(send_raw(*pipe, std::move(bytes)));
}

struct Got {
  std::optional<PeerId> peer;
  Bytes bytes;
  bool all = false;
};

Task<void> listen(SecureChannel& channel, Got& got) {
  Bytes piece(3000);
  while (const std::size_t size = co_await channel.read_some(piece))
    append(got.bytes, BytesView(piece).first(size));
  got.all = true;
  co_await channel.close_write();
}

Task<void> take_part(Node& node, Side side, StreamPtr pipe, Got& got) {
  auto securing = node.transport.secure(std::move(pipe), side, std::nullopt, kMuxers);
  const auto channel = co_await as_result(std::move(securing));
  if (!channel) co_return;
  got.peer = (*channel)->remote_peer();
  co_await as_result(listen(**channel, got));
}

std::vector<Change> read_changes(BytesView input) {
  std::vector<Change> changes;
  Reader reader(input);
  while (reader.remaining() >= 4 && changes.size() < 16) {
    const std::size_t place = reader.u16();
    const std::uint8_t kind = reader.u8();
    changes.push_back({place, kind, reader.u8()});
  }
  return changes;
}

void run(Side side, bool raw, BytesView input) {
  static const Bytes sent = sent_texts();
  const Side their_side = side == Side::kInitiator ? Side::kResponder : Side::kInitiator;

  sim::Loop loop;
  Node us(loop, 1);
  Node them(loop, 2);
  auto [ours, theirs] = sim::pipe(loop, {.buffer = 1 << 20});
  Got got;
  TaskGroup group(loop.executor(), "fuzz");
  group.spawn(take_part(us, side, std::move(ours), got));
  if (raw) {
    group.spawn(be_raw(std::move(theirs), to_bytes(input)));
  } else {
    auto meddler = std::make_unique<Meddler>(std::move(theirs), read_changes(input));
    group.spawn(be_honest(them, their_side, std::move(meddler)));
  }
  loop.run_until_idle();
  loop.run(group.close());  // a size that was made larger is waited for
  WARREN_ASSERT(!got.peer || *got.peer == them.peer());
  WARREN_ASSERT(got.bytes.size() <= sent.size() &&
                std::equal(got.bytes.begin(), got.bytes.end(), sent.begin()));
  WARREN_ASSERT(!got.all || got.bytes == sent);
  const bool honest = !raw && input.size() < 4;
  WARREN_ASSERT(!honest || got.all);
}

}  // namespace
}  // namespace warren

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0 || size > 60'000) return 0;
  const warren::Side side = data[0] & 1 ? warren::Side::kResponder : warren::Side::kInitiator;
  warren::run(side, (data[0] & 2) == 0, warren::BytesView(data + 1, size - 1));
  return 0;
}
