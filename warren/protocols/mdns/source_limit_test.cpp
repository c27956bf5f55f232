#include "warren/protocols/mdns/source_limit.hpp"

#include <doctest/doctest.h>

#include "warren/protocols/mdns/test_values.hpp"

namespace warren::mdns {
namespace {

IpAddress sender(std::uint16_t number) {
  return IpAddress::v4({10, 0, static_cast<std::uint8_t>(number >> 8), static_cast<std::uint8_t>(number)});
}

TEST_CASE("a sender of too much does not silence others") {
  const Limits limits;
  SourceLimit limit(limits, kStart);
  int taken = 0;
  for (int i = 0; i < 10'000; ++i) taken += limit.admits(sender(1), kStart) ? 1 : 0;
  CHECK(taken == static_cast<int>(limits.source_packets_burst_max));
  CHECK(limit.admits(sender(2), kStart));
  CHECK(limit.admits(sender(1), kStart + 1s));
}

TEST_CASE("forged senders are bounded in packets and in memory") {
  const Limits limits{.sources_max = 10, .packets_per_second_max = 50, .packets_burst_max = 100};
  SourceLimit limit(limits, kStart);
  int taken = 0;
  for (std::uint16_t i = 0; i < 5000; ++i) taken += limit.admits(sender(i), kStart) ? 1 : 0;
  CHECK(limit.size() == 10);
  CHECK(taken <= 10 + static_cast<int>(limits.source_packets_burst_max));
  for (std::uint16_t i = 0; i < 5000; ++i) taken += limit.admits(sender(i % 10), kStart) ? 1 : 0;
  CHECK(taken <= 100);
  // Their places are free for others once they are quiet.
  const Instant later = kStart + 10s;
  CHECK(limit.admits(sender(9999), later));
  CHECK(limit.size() == 1);
}

}  // namespace
}  // namespace warren::mdns
