#include "warren/sim/stream_contract.hpp"

#include "warren/muxer/yamux/muxer.hpp"

using namespace warren;

namespace {

struct Connections {
  std::unique_ptr<MuxedConnection> first;
  std::unique_ptr<MuxedConnection> second;
};

Connections connect(sim::Loop& loop) {
  auto [left, right] = sim::pipe(loop, {.delay = 1ms, .read_max = 10'000});
  yamux::YamuxMuxer muxer(loop.executor(), loop.clock());
  Connections ends{muxer.multiplex(std::move(left), Side::kInitiator),
                   muxer.multiplex(std::move(right), Side::kResponder)};
  ends.first->start();
  ends.second->start();
  return ends;
}

Task<sim::StreamPair> open(Connections& ends) {
  StreamPtr ours = co_await ends.first->open_stream();
  StreamPtr theirs = co_await ends.second->accept_stream();
  co_return sim::StreamPair(std::move(ours), std::move(theirs));
}

Task<void> close(Connections& ends) {
  co_await ends.first->close();
  co_await ends.second->close();
}

}  // namespace

TEST_CASE("a yamux stream is a ByteStream") {
  sim::Loop loop;
  Connections ends = connect(loop);
  sim::check_stream_contract({.executor = loop.executor(),
                              .clock = loop.clock(),
                              .run = [&](Task<void> task) { loop.run(std::move(task)); },
                              .connect = [&] { return open(ends); },
                              .disconnect = [&] { return close(ends); }});
  CHECK_FALSE(loop.busy());
}
