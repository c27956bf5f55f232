// Packets of anybody to the userspace router of test/net, from both sides: nothing beyond them is touched,
// what passes keeps its size, and where its checksums were right they still are.

#include "test/net/gateway.hpp"
#include "test/net/test_packets.hpp"
#include "warren/base/assert.hpp"

namespace {

using namespace warren;
using namespace warren::net;

bool is_sound(BytesView packet, Towards towards) {
  const auto headers = parse(packet, towards);
  return headers && headers->size == packet.size() && (packet[0] == 0x45 || packet[0] == 0x60) &&
         checksums_are_right(packet);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Gateway gateway(1);
  WARREN_ASSERT(!gateway.command("v4 type full-cone outside 31.2.0.1 hairpin on resets_unwanted_tcp on"));
  WARREN_ASSERT(!gateway.command("v6 type firewall"));
  const Endpoint host = at("192.168.1.2", 4001);
  Bytes opener = udp(host, at("31.9.0.1", 443));
  WARREN_ASSERT(gateway.from_inside(opener, Instant{}) == Gateway::Way::kOn);

  const Bytes input(data, data + size);
  for (const Towards towards : {Towards::kOutside, Towards::kInside}) {
    Bytes packet = input;
    const bool sound = is_sound(packet, towards);
    const auto way = towards == Towards::kOutside ? gateway.from_inside(packet, Instant{})
                                                  : gateway.from_outside(packet, Instant{});
    if (way == Gateway::Way::kOn) WARREN_ASSERT(packet.size() == input.size());
    if (sound && way != Gateway::Way::kDrop) WARREN_ASSERT(checksums_are_right(packet));
  }
  return 0;
}
