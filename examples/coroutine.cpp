// Two nodes in one program, as coroutines of one loop: a message, and a request with its reply.
#include <iostream>

#include "warren/env/real/loop.hpp"
#include "warren/node/node.hpp"

namespace {

using namespace warren;

// A service: bytes in, bytes out. The caller's identity is verified before this runs.
Task<Bytes> shout(ServiceCall call) {
  for (auto& byte : call.payload) byte = static_cast<std::uint8_t>(std::toupper(byte));
  co_return call.payload;
}

Task<void> talk(Node& alice, Node& bob) {
  co_await alice.start();
  co_await bob.start();
  bob.serve("shout", shout);
  const Subscription inbox = bob.on_message([](const InboxMessage& message) {
    std::cout << message.from_node.to_string() << " wrote: " << to_text(message.payload) << "\n";
  });

  // Once connected, a node is named by who it is, wherever it may be.
  const PeerInfo at{bob.peer_id(), bob.addresses()};
  co_await alice.connect(at);
  co_await alice.send_message(bob.node_id(), to_bytes("hello, bob"));  // returns when bob has it on disk
  const Bytes answer = co_await alice.request(bob.node_id(), "shout", to_bytes("how are you?"));
  std::cout << "bob answered: " << to_text(answer) << "\n";

  co_await alice.stop();
  co_await bob.stop();
}

}  // namespace

int main() {
  real::Loop loop;
  Node alice(loop.env(), Config::ephemeral());
  Node bob(loop.env(), Config::ephemeral());
  loop.run(talk(alice, bob));
}
