// DNS packets of anybody on the network: everything stays within the limits, and what was announced is
// encoded to packets that say the same.

#include <algorithm>

#include "warren/base/assert.hpp"
#include "warren/protocols/mdns/packet.hpp"

namespace warren::mdns {
namespace {

// Names as we make them; others are read only.
bool is_plain(const std::string& name) {
  return std::ranges::all_of(name, [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); });
}

void check(const Announcement& announcement) {
  WARREN_ASSERT(!announcement.name.empty() && announcement.name.size() <= 63);
  WARREN_ASSERT(announcement.addresses.size() <= kAddressesMax);
  WARREN_ASSERT(announcement.addresses.empty() == announcement.peer.empty());
  if (!is_plain(announcement.name)) return;
  std::size_t encoded = 0;
  for (const Bytes& packet : encode(announcement)) {
    WARREN_ASSERT(packet.size() <= kAnswerSizeMax);
    const auto again = parse(packet);
    WARREN_ASSERT(again && again->announcements.size() == 1);
    const Announcement& part = again->announcements.front();
    WARREN_ASSERT(part.name == announcement.name && part.peer == announcement.peer);
    WARREN_ASSERT(part.ttl == announcement.ttl);
    for (const Multiaddr& it : part.addresses) {
      WARREN_ASSERT(std::ranges::count(announcement.addresses, it) > 0);
    }
    encoded += part.addresses.size();
  }
  WARREN_ASSERT(encoded <= announcement.addresses.size());
}

}  // namespace
}  // namespace warren::mdns

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace warren::mdns;
  const auto packet = parse({data, size});
  if (!packet) return 0;
  WARREN_ASSERT(packet->query.names.size() <= kRecordsMax);
  WARREN_ASSERT(packet->announcements.size() <= kRecordsMax);
  WARREN_ASSERT(packet->query.empty() || packet->announcements.empty());
  for (const Announcement& it : packet->announcements) check(it);
  return 0;
}
