// Whether a path still carries anything: one ping, and how long its answer is waited for.
#pragma once

#include <functional>

#include "warren/core/host.hpp"

namespace warren {

// Why a path is looked after.
enum class Doubt {
  kMoved,    // this machine has other addresses than before, or slept: most paths are gone
  kChanged,  // a link or a route is another, and the addresses are the same
  kUnsure,   // another path fell silent, the peer has come by a second one, or it is time to ask
};

// What an answer may take, after its round trip is known (zero: it is not).
struct PathPatience {
  Duration suspect{};  // later, other paths are better
  Duration give_up{};  // later, the path is gone
};
PathPatience path_patience(Doubt doubt, Duration round_trip_time);

// Pings over the connection. When the answer is late, the connection is suspect (PathHealth); when it does
// not come, it is closed with kPathSilent. Who refuses is there, too. Whether it is open when that is known.
// `on_late` is called when the answer is late; it may be empty.
Task<bool> check_path(Env* env, ConnectionPtr connection, Doubt doubt, std::function<void()> on_late = {});

}  // namespace warren
