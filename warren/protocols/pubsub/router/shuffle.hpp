// Random order, reproducibly: std::shuffle gives another one in each standard library.
#pragma once

#include <algorithm>
#include <utility>
#include <vector>

#include "warren/env/random.hpp"

namespace warren::pubsub {

template <class T>
void shuffle(std::vector<T>& items, Random& random) {
  for (std::size_t i = items.size(); i > 1; --i) std::swap(items[i - 1], items[random.below(i)]);
}

// Leaves at most `count` of them, chosen at random, in random order.
template <class T>
void choose(std::vector<T>& items, std::size_t count, Random& random) {
  count = std::min(count, items.size());
  for (std::size_t i = 0; i < count; ++i) std::swap(items[i], items[i + random.below(items.size() - i)]);
  items.resize(count);
}

}  // namespace warren::pubsub
