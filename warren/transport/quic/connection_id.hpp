// A connection's name in its packets (RFC 9000, section 5.1), and what a datagram's way is.
#pragma once

#include <algorithm>
#include <array>
#include <cstring>
#include <functional>

#include "warren/base/assert.hpp"
#include "warren/env/endpoint.hpp"
#include "warren/env/random.hpp"

namespace warren::quic {

// Of those that we choose. 8 bytes cannot be guessed within a connection's life; shorter ones would save a
// few bytes a packet.
inline constexpr std::size_t kConnectionIdSize = 8;

struct ConnectionId {
  static constexpr std::size_t kSizeMax = 20;  // of QUIC version 1

  std::array<std::uint8_t, kSizeMax> bytes = {};
  std::uint8_t size = 0;

  static ConnectionId from(BytesView view) {
    WARREN_ASSERT(view.size() <= kSizeMax);
    ConnectionId id;
    std::ranges::copy(view, id.bytes.begin());
    id.size = static_cast<std::uint8_t>(view.size());
    return id;
  }
  static ConnectionId make(Random& random) { return from(random.bytes<kConnectionIdSize>()); }

  BytesView view() const { return BytesView(bytes).first(size); }
  auto operator<=>(const ConnectionId&) const = default;
};

// Connection IDs of ours are random, those of strangers are looked up only: no hash needs to be defended.
struct ConnectionIdHash {
  std::size_t operator()(const ConnectionId& id) const {
    return std::hash<std::string_view>()(as_text(id.view()));
  }
};

// The two ends of a datagram's way. The local one names the socket, too: its port is the socket's.
struct Path {
  Endpoint local;
  Endpoint remote;

  auto operator<=>(const Path&) const = default;
};

}  // namespace warren::quic
