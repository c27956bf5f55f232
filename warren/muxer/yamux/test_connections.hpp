// For tests: connected ends over simulated pipes, and what is said over them.
#pragma once

#include "warren/core/muxer_contract.hpp"
#include "warren/muxer/yamux/muxer.hpp"
#include "warren/sim/pipe.hpp"

namespace warren::yamux {

inline MuxedPair connect(sim::Loop& loop, sim::PipeOptions options = {}) {
  auto [left, right] = sim::pipe(loop, options);
  YamuxMuxer muxer(loop.executor(), loop.clock());
  MuxedPair pair(muxer.multiplex(std::move(left), Side::kInitiator),
                 muxer.multiplex(std::move(right), Side::kResponder));
  pair.first->start();
  pair.second->start();
  return pair;
}

// One end, started; the other is the script's.
inline std::unique_ptr<MuxedConnection> over(sim::Loop& loop, StreamPtr channel) {
  auto connection = YamuxMuxer(loop.executor(), loop.clock()).multiplex(std::move(channel), Side::kInitiator);
  connection->start();
  return connection;
}

inline Task<void> close(MuxedPair& pair) {
  co_await pair.first->close();
  co_await pair.second->close();
}

inline Task<sim::StreamPair> stream_pair(MuxedPair& pair) {
  StreamPtr ours = co_await pair.first->open_stream();
  StreamPtr theirs = co_await pair.second->accept_stream();
  co_return sim::StreamPair(std::move(ours), std::move(theirs));
}

// Reads to the end; returns how many bytes that were.
inline Task<std::size_t> drain(ByteStream& stream) {
  Bytes buffer(64 * 1024);
  std::size_t total = 0;
  while (true) {
    const std::size_t size = co_await stream.read_some(buffer);
    if (size == 0) co_return total;
    total += size;
  }
}

}  // namespace warren::yamux
