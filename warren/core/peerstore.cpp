#include "warren/core/peerstore.hpp"

#include <algorithm>
#include <cmath>

namespace warren {

namespace {

double worth(AddressSource source) {
  switch (source) {
    case AddressSource::kReported: return 0.3;
    case AddressSource::kIdentify: return 0.4;
    case AddressSource::kPeerRecord: return 0.5;
    case AddressSource::kConnected: return 0.6;
    case AddressSource::kConfigured: return 0.7;
  }
  return 0;
}

// A connection that was made says more than any source.
constexpr double kSuccessWorth = 0.3;
// After so many failures an address is worth next to nothing, and the exponent stays small.
constexpr std::uint32_t kFailuresMax = 16;

}  // namespace

double KnownAddress::confidence() const {
  const double base = worth(source) + (last_success ? kSuccessWorth : 0);
  return std::ldexp(base, -static_cast<int>(std::min(failures, kFailuresMax)));
}

}  // namespace warren
