// Test support: peers, addresses and a beginning.
#pragma once

#include "warren/core/test_values.hpp"
#include "warren/env/clock.hpp"

namespace warren::mdns {

using testing::address;
using testing::hex;
using testing::ip;
using testing::peer_of;

inline constexpr Instant kStart(1h);

}  // namespace warren::mdns
