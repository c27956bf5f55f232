// The tokens that servers gave us, by their addresses: with one, the next connection is not asked to show
// first that it is where it says, however loaded the server is. RFC 9000, section 8.1.3
#pragma once

#include <algorithm>
#include <deque>
#include <utility>

#include "warren/env/endpoint.hpp"

namespace warren::quic {

class TokenCache {
 public:
  explicit TokenCache(std::size_t max) : max_(max) {}

  // The newest one for an address counts; beyond `max` the oldest is forgotten.
  void put(const Endpoint& server, Bytes token) {
    take(server);
    if (tokens_.size() >= max_) tokens_.pop_front();
    tokens_.emplace_back(server, std::move(token));
  }

  // Each serves once, since two connections with the same one could be told to be of the same client. Empty
  // when there is none.
  Bytes take(const Endpoint& server) {
    const auto found = std::ranges::find(tokens_, server, &Entry::first);
    if (found == tokens_.end()) return {};
    Bytes token = std::move(found->second);
    tokens_.erase(found);
    return token;
  }

  std::size_t size() const { return tokens_.size(); }

 private:
  using Entry = std::pair<Endpoint, Bytes>;

  std::size_t max_;
  std::deque<Entry> tokens_;  // the newest last; few enough to be searched once a dial
};

}  // namespace warren::quic
