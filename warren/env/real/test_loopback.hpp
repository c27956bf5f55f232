// This machine's own addresses, which the tests of sockets use.
#pragma once

#include "warren/env/endpoint.hpp"

namespace warren::real {

inline const IpAddress kLoopback4 = IpAddress::v4({127, 0, 0, 1});
inline const IpAddress kLoopback6 = IpAddress::v6({0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1});

}  // namespace warren::real
