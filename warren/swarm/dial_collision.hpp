// Two nodes that dial each other at the same instant, each from the port it listens on, get one TCP
// connection that both began (simultaneous open, https://www.rfc-editor.org/rfc/rfc9293#section-3.5). Then
// both speak first and take the other's first words for an answer, so that both handshakes fail. One of them
// has to come later.
#pragma once

#include <system_error>
#include <vector>

#include "warren/base/time.hpp"
#include "warren/env/random.hpp"
#include "warren/multiformats/multiaddr.hpp"

namespace warren {

// Whether a handshake that failed so, over a pipe with this near end, looks like that. `listening`: our own.
bool looks_like_collision(std::error_code error, const Multiaddr& local,
                          const std::vector<Multiaddr>& listening);

// Tries after the first one: the other side may wait as long as we do.
inline constexpr int kCollisionsMax = 3;

// How long to wait before the next one.
Duration collision_pause(Random& random);

}  // namespace warren
