// The same as coroutine.cpp for programs with threads of their own: every call waits for its result.
#include <iostream>

#include "warren/node/blocking_node.hpp"

namespace {

using namespace warren;

// Runs on a worker thread, and may block.
Bytes shout(const ServiceCall& call) {
  Bytes answer = call.payload;
  for (auto& byte : answer) byte = static_cast<std::uint8_t>(std::toupper(byte));
  return answer;
}

void show(const InboxMessage& message) {
  std::cout << message.from_node.to_string() << " wrote: " << to_text(message.payload) << "\n";
}

}  // namespace

int main() {
  BlockingNode alice(Config::ephemeral());
  BlockingNode bob(Config::ephemeral());
  bob.serve("shout", shout);
  bob.on_message(show);

  // Once connected, a node is named by who it is, wherever it may be.
  alice.connect(PeerInfo{bob.peer_id(), bob.addresses()});
  alice.send_message(bob.node_id(), to_bytes("hello, bob"));  // returns when bob has it on disk
  const Bytes answer = alice.request(bob.node_id(), "shout", to_bytes("how are you?"));
  std::cout << "bob answered: " << to_text(answer) << "\n";
}
