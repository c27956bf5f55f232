#include "warren/swarm/dial_collision.hpp"

#include <algorithm>

#include "warren/base/error.hpp"
#include "warren/core/ip_address.hpp"

namespace warren {

namespace {

// Of the times apart that two nodes get, nine in ten are longer than 20 ms, which is what a connection takes
// to cross a country.
constexpr std::uint64_t kPauseMaxMs = 400;

// What an answer is that was meant as a beginning: a Noise message that ends too early, a TLS message of the
// wrong kind.
bool is_no_answer(std::error_code error) {
  return error == Errc::kTruncated || error == Errc::kMalformed || error == Errc::kDecryptFailed;
}

bool is_same_port(const Multiaddr& one, const Multiaddr& other) {
  const auto left = endpoint_of(one, Protocol::kTcp);
  const auto right = endpoint_of(other, Protocol::kTcp);
  return left && right ? left->port == right->port : one == other;
}

}  // namespace

bool looks_like_collision(std::error_code error, const Multiaddr& local,
                          const std::vector<Multiaddr>& listening) {
  return is_no_answer(error) && std::ranges::any_of(listening, [&](const Multiaddr& address) {
           return is_same_port(local, address);
         });
}

Duration collision_pause(Random& random) {
  return std::chrono::milliseconds(random.below(kPauseMaxMs));
}

}  // namespace warren
