// Two nodes in one program: one broadcasts on a topic, the other has subscribed to it.
#include <iostream>

#include "warren/env/real/loop.hpp"
#include "warren/node/node.hpp"

namespace {

using namespace warren;

Task<void> talk(Clock& clock, Node& alice, Node& bob) {
  co_await alice.start();
  co_await bob.start();
  // Signed by the node's key, and verified before this is called.
  std::size_t heard = 0;
  TopicHandler handler;
  handler.on_message = [&heard](const TopicMessage& message) {
    std::cout << message.from_node->to_string() << " tells all: " << to_text(message.payload) << "\n";
    ++heard;
  };
  const Subscription weather = bob.subscribe("weather", handler);
  const PeerInfo at{bob.peer_id(), bob.addresses()};
  co_await alice.connect(at);

  // Whoever has subscribed by then gets it; that nobody has is no error.
  while (heard == 0) {
    const BroadcastReport report = co_await alice.broadcast("weather", to_bytes("rain at noon"));
    std::cout << "sent to " << report.sent << " of " << report.queued << " peers\n";
    co_await clock.sleep_for(100ms);
  }

  co_await alice.stop();
  co_await bob.stop();
}

}  // namespace

int main() {
  real::Loop loop;
  Node alice(loop.env(), Config::ephemeral());
  Node bob(loop.env(), Config::ephemeral());
  loop.run(talk(loop.env().clock, alice, bob));
}
