// Two connected byte streams in memory: for nodes in one process (transport/memory), and with delays and
// faults for simulations (sim/pipe.hpp).
#pragma once

#include <functional>
#include <memory>
#include <utility>

#include "warren/env/byte_stream.hpp"

namespace warren {

// Brings what one end says to the other: calls `arrive`, at once or later, in the order of the calls.
using Delivery = std::function<void(std::function<void()> arrive)>;

// In each direction a writer waits while `buffer` bytes are unread; buffer > 0. Without a delivery all
// arrives at once. A reset, and the destruction of an end of which a half is open, throw away what the other
// end has not read yet. Both ends belong to one loop.
std::pair<std::unique_ptr<ByteStream>, std::unique_ptr<ByteStream>> memory_pipe(std::size_t buffer,
                                                                                Delivery delivery = {});

}  // namespace warren
