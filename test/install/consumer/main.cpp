// Two nodes on loopback, a request and its answer.
#include <cstdio>
#include <warren/node/blocking_node.hpp>

namespace {

warren::Bytes shout(const warren::ServiceCall& call) {
  warren::Bytes answer = call.payload;
  for (std::uint8_t& byte : answer) {
    if (byte >= 'a' && byte <= 'z') byte -= 'a' - 'A';
  }
  return answer;
}

}  // namespace

int main() {
  warren::BlockingNode server(warren::Config::ephemeral());
  warren::BlockingNode client(warren::Config::ephemeral());
  server.serve("shout", shout);
  const warren::Target target(warren::PeerInfo{server.peer_id(), server.addresses()});
  const warren::Bytes answer = client.request(target, "shout", warren::to_bytes("hello"));
  std::puts(warren::to_text(answer).c_str());
  return 0;
}
