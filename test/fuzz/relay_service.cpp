// A relay among peers that come, go, ask, answer, send and hang up in any order. The input is a list of
// steps: one byte that says what, then what the step needs. Whatever they do, no limit is passed, nobody is
// dialed, a circuit carries no more than it may, and in the end nothing is held for anybody.

#include <algorithm>

#include "test/fuzz/steps.hpp"
#include "warren/async/as_result.hpp"
#include "warren/base/assert.hpp"
#include "warren/base/writer.hpp"
#include "warren/core/stream.hpp"
#include "warren/protocols/relay/service.hpp"
#include "warren/protocols/relay/test_host.hpp"

namespace warren::relay {
namespace {

constexpr std::size_t kInputMax = 256;  // some eighty steps
constexpr std::size_t kLinksMax = 24;
constexpr std::size_t kEndsMax = 48;
constexpr std::uint64_t kBytesMax = 5000;
// Some share an address or a network, some may not reserve.
constexpr std::array<std::string_view, 8> kAddresses = {
    "/ip4/192.0.2.1/tcp/1",
    "/ip4/192.0.2.2/tcp/1",
    "/ip4/198.51.100.1/tcp/1",
    "/ip6/2001:db8::1/tcp/1",
    "/ip6/2001:db8::2/tcp/1",
    "/ip4/10.0.0.1/tcp/1",
    "/ip4/127.0.0.1/tcp/1",
    "/ip4/203.0.113.1/tcp/1/p2p/QmYyQSo1c1Ym7orWxLYvCrM2EmxFTANf8wXmmE7DWjhx5N/p2p-circuit"};

Task<void> read_once(ByteStream& stream, std::size_t size) {
  Bytes buffer(size);
  co_await stream.read_some(buffer);
}

class Test {
 public:
  Test() { service_.start(); }

  // One after the other: arguments of a call are read in any order.
  void step(Reader& reader) {
    const std::uint8_t what = reader.u8() % 12;
    const std::uint8_t whom = reader.u8();
    const Link link = links_.empty() ? nullptr : links_[whom % links_.size()];
    switch (what) {
      case 0: return come(whom % 16, reader.u8());
      case 1: return go(link);
      case 2: return say_what_comes(link, reader);
      case 3: return say(link, Bytes{0x02, 0x08, 0x00});
      case 4: return connect(link, reader.u8() % 16);
      case 5: return answer(link, reader.u8());
      case 6: return write(whom, reader.u16());
      case 7: return read(whom, reader.u16());
      case 8: return close_write(whom);
      case 9: return drop_end(whom);
      case 10: return world_.loop().advance(whom * Duration(5s));
      default: return restart(whom);
    }
  }

  void check() {
    world_.loop().run_until_idle();
    const ServiceCounters now = service_.counters();
    for (const Limit* limit : {&all_, &per_ip_, &per_network_, &circuits_, &per_peer_}) {
      WARREN_ASSERT(limit->used() <= limit->max());
    }
    WARREN_ASSERT(now.reservations == all_.used());
    WARREN_ASSERT(now.circuits == circuits_.used());
    WARREN_ASSERT(host_.protected_peers.size() == now.reservations);
    for (const PeerId& peer : host_.protected_peers) WARREN_ASSERT(!host_.connections(peer).empty());
    WARREN_ASSERT(now.bytes_relayed <= 2 * kBytesMax * now.circuits_opened);
    WARREN_ASSERT(host_.dials == 0);
  }

  void finish() {
    host_.go_all();
    world_.run(service_.close());
    ends_.clear();
    for (const Limit* limit : {&all_, &per_ip_, &per_network_, &circuits_, &per_peer_}) {
      WARREN_ASSERT(limit->used() == 0);
    }
    WARREN_ASSERT(host_.protected_peers.empty());
    WARREN_ASSERT(!world_.loop().busy());
  }

 private:
  using Link = FakeHost::Link;

  void come(std::uint32_t peer, std::uint8_t address) {
    if (links_.size() < kLinksMax)
      links_.push_back(host_.come(peer, kAddresses[address % kAddresses.size()]));
  }
  void go(const Link& link) {
    if (!link) return;
    std::erase(links_, link);
    host_.go(link);
  }

  void say_what_comes(const Link& link, Reader& reader) {
    const std::size_t size = reader.u8();
    say(link, reader.bytes(std::min(size, reader.remaining())));
  }
  void say(const Link& link, BytesView bytes) {
    if (!link || ends_.size() >= kEndsMax || !service_.is_offered()) return;
    ends_.push_back(host_.speak(link, kHopProtocol));
    send(ends_.size() - 1, bytes);
  }
  void connect(const Link& link, std::uint32_t peer) {
    const HopMessage message{.type = HopMessage::Type::kConnect,
                             .peer = Peer{testing::keyless_peer(peer), {}},
                             .reservation = {},
                             .limit = {},
                             .status = {}};
    const Bytes encoded = encode(message);
    say(link, Writer().delimited(encoded).view());
  }
  // To the oldest STOP that the peer has not answered yet.
  void answer(const Link& link, std::uint8_t how) {
    if (!link || link->offered.empty() || ends_.size() >= kEndsMax) return;
    WARREN_ASSERT(link->offered.front().first == kStopProtocol);
    ends_.push_back(std::move(link->offered.front().second));
    link->offered.erase(link->offered.begin());
    if (how % 4 == 3) return drop_end(static_cast<std::uint8_t>(ends_.size() - 1));
    const Bytes accepted = {0x04, 0x08, 0x01, 0x20, 0x64};
    const Bytes refused = {0x05, 0x08, 0x01, 0x20, 0xcb, 0x01};
    send(ends_.size() - 1, how % 4 == 2 ? refused : accepted);
  }

  // One that would have to wait gives up, and may have been done in part.
  void send(std::size_t end, BytesView bytes) {
    const auto sent =
        world_.run(as_result(with_timeout(world_.clock(), Duration(1ms), ends_[end]->write(bytes))));
    if (!sent) ends_[end]->reset();
  }
  void write(std::uint8_t end, std::size_t size) {
    if (!ends_.empty()) send(end % ends_.size(), Bytes(size % 10'000));
  }
  void read(std::uint8_t end, std::size_t size) {
    if (ends_.empty()) return;
    ByteStream& stream = *ends_[end % ends_.size()];
    const auto got =
        world_.run(as_result(with_timeout(world_.clock(), Duration(1ms), read_once(stream, size + 1))));
    if (!got && got.error() != Errc::kTimedOut) drop_end(end);
  }
  void close_write(std::uint8_t end) {
    if (ends_.empty()) return;
    const auto closed = world_.run(as_result(ends_[end % ends_.size()]->close_write()));
    if (!closed) drop_end(end);
  }
  void drop_end(std::uint8_t end) {
    if (ends_.empty()) return;
    ends_.erase(ends_.begin() + end % static_cast<std::ptrdiff_t>(ends_.size()));
  }
  void restart(std::uint8_t how) {
    if (how % 8 == 0) world_.run(service_.close());
    if (how % 8 == 1) service_.start();
  }

  sim::World world_{1};
  FakeHost host_{world_, world_.add_machine("relay")};
  // Small, so that short inputs reach them.
  Limit all_{"all", "", 6}, per_ip_{"ip", "", 2}, per_network_{"network", "", 3},
      circuits_{"circuits", "", 5}, per_peer_{"peer", "", 2};
  Service service_{host_,
                   {.reservation_life = 10min, .circuit = {.time_max = 1min, .bytes_max = kBytesMax}},
                   {&all_, &per_ip_, &per_network_, &circuits_, &per_peer_}};
  std::vector<Link> links_;
  std::vector<StreamPtr> ends_;  // the peers', of all streams
};

}  // namespace
}  // namespace warren::relay

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace warren;
  return fuzz::run_steps<relay::Test>({data, size}, relay::kInputMax);
}
