// How the answering side of a conversation ends it: an end that is destroyed while the peer's half is open
// resets the stream, and the answer may be lost on its way.
#pragma once

#include "warren/core/stream.hpp"
#include "warren/env/clock.hpp"

namespace warren {

// Ends our half and waits, some seconds at most, until the peer has ended its own. Throws what close_write
// throws; what the peer does then does not matter.
Task<void> say_farewell(Clock& clock, ByteStream& stream);

// The last words to a stranger, such as why he is refused: a pipe that is reset behind them may lose them. He
// has a moment to end his half. What goes wrong does not matter.
Task<void> say_last(Clock& clock, ByteStream& pipe, Bytes words);

}  // namespace warren
