#include "warren/node/perf_access.hpp"

#include <doctest/doctest.h>

using namespace warren;

namespace {

Multiaddr at(const char* text) {
  return value_or_throw(Multiaddr::parse(text));
}

}  // namespace

TEST_CASE("whom perf runs are served to") {
  const Multiaddr far_off = at("/ip4/192.0.2.7/tcp/4001");
  const Multiaddr near_by = at("/ip4/10.1.2.3/udp/4001/quic-v1");
  const Multiaddr here = at("/ip4/127.0.0.1/tcp/4001");
  struct Row {
    PerfAccess to;
    bool stranger, neighbour, ourselves, allowed;
  };
  const Row rows[] = {{PerfAccess::kOff, false, false, false, false},
                      {PerfAccess::kAllowed, false, false, false, true},
                      {PerfAccess::kLocal, false, true, true, true},
                      {PerfAccess::kAnyone, true, true, true, true}};
  for (const Row& row : rows) {
    CHECK(serves_perf(row.to, Access::kNormal, far_off) == row.stranger);
    CHECK(serves_perf(row.to, Access::kNormal, near_by) == row.neighbour);
    CHECK(serves_perf(row.to, Access::kNormal, here) == row.ourselves);
    CHECK(serves_perf(row.to, Access::kAllowed, far_off) == row.allowed);
    CHECK(!serves_perf(row.to, Access::kDenied, here));
  }
}

TEST_CASE("local is what its address says, and a relay's says nothing") {
  for (const char* local : {"/ip6/::1/tcp/1", "/ip6/fe80::1/tcp/1", "/ip6/fd00::1/tcp/1",
                            "/ip4/192.168.1.1/tcp/1/ws", "/ip4/172.16.0.1/tcp/1", "/ip4/169.254.1.1/tcp/1"})
    CHECK_MESSAGE(serves_perf(PerfAccess::kLocal, Access::kNormal, at(local)), local);
  for (const char* other : {"/ip6/2001:db8::1/tcp/1", "/ip4/198.51.100.1/udp/1/quic-v1", "/memory/1",
                            "/ip4/10.0.0.1/tcp/1/p2p/12D3KooWAn77DQ4Xz3BcoEE8yA5nX6xTGNmD7EnsRmNuXmcF1chE/"
                            "p2p-circuit"})
    CHECK_MESSAGE(!serves_perf(PerfAccess::kLocal, Access::kNormal, at(other)), other);
}
