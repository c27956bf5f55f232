// Asks a relay for what no relay must do. Set on a daemon by test/cli/cases_relay_attacks.py; one line of
// JSON says what came of it, then it stays connected until it is killed.
//
//   warren_relay_attacker MULTIADDR PORT COUNT    has it connect to addresses of its own machine, port PORT
//                                                 among them, and others; then COUNT peers ask for
//                                                 reservations

#include <charconv>
#include <deque>
#include <iostream>
#include <nlohmann/json.hpp>

#include "warren/async/as_result.hpp"
#include "warren/base/writer.hpp"
#include "warren/core/peer_address.hpp"
#include "warren/core/stream.hpp"
#include "warren/crypto/testing.hpp"
#include "warren/env/clock.hpp"
#include "warren/env/real/loop.hpp"
#include "warren/protocols/relay/message.hpp"
#include "warren/swarm/test_tcp_node.hpp"

namespace warren::attacks {
namespace {

// Longer than any test looks on.
constexpr Duration kHold = 60s;
constexpr Duration kAnswerTimeout = 20s;

using testing::hex;

// HopMessage{CONNECT, Peer{id, {address}}}, framed.
Bytes connect_to(const PeerId& peer, BytesView address) {
  const Bytes inner = Writer().u8(0x0a).delimited(peer.bytes()).u8(0x12).delimited(address).take();
  const Bytes message = Writer().bytes(hex("0801")).u8(0x12).delimited(inner).take();
  return Writer().delimited(message).take();
}

// Addresses that a relay might be talked into dialing, with the port that somebody listens on.
std::vector<Bytes> addresses(std::uint16_t port) {
  std::vector<Bytes> addresses;
  for (const std::string_view ip :
       {"047f000001", "0400000000", "2900000000000000000000000000000001",
        "2900000000000000000000ffff7f000001", "2900000000000000000000000000000000", "04a9fea9fe",
        "040a000001", "2900000000000000000000ffffa9fea9fe", "29fe800000000000000000000000000001",
        "29fd00ec20000000000000000000000254"}) {
    addresses.push_back(Writer().bytes(hex(ip)).u8(0x06).u16(port).take());
  }
  return addresses;
}

Task<Bytes> ask(ConnectionPtr connection, Bytes framed) {
  StreamPtr stream = co_await connection->open_stream(ProtocolId(relay::kHopProtocol));
  co_await stream->write(framed);
  Bytes answer = co_await read_delimited(*stream, relay::kMessageSizeMax);
  co_await stream->close_write();
  co_return answer;
}

// What the relay said, in the specification's words; "" when it said nothing.
Task<std::string> status_of(Env& env, ConnectionPtr connection, Bytes framed) {
  const auto bytes = co_await as_result(
      with_timeout(env.clock, kAnswerTimeout, ask(std::move(connection), std::move(framed))));
  if (!bytes) co_return std::string();
  const auto answer = relay::decode_hop(*bytes);
  if (!answer || !answer->status) co_return std::string();
  co_return std::string(to_string(*answer->status));
}

Task<nlohmann::json> statuses_of(Env& env, ConnectionPtr connection, std::vector<Bytes> requests) {
  nlohmann::json statuses = nlohmann::json::array();
  for (Bytes& request : requests) {
    std::string status = co_await status_of(env, connection, std::move(request));
    statuses.push_back(std::move(status));
  }
  co_return statuses;
}

std::vector<Bytes> bad_messages() {
  return {hex("020801"),   hex("0408011200"), hex("020803"),
          hex("03ffffff"), hex("8120"),       hex("ffffffffffffffff7f")};
}

Task<std::map<std::string, int>> reserve_as_many(Env& env, PeerInfo relay, std::deque<TcpNode>& crowd,
                                                 std::size_t count) {
  std::map<std::string, int> answers;
  const Bytes request = hex("020800");
  for (std::size_t i = 0; i < count; ++i) {
    const auto connection = co_await as_result(crowd.emplace_back(env).host.connect(relay));
    if (!connection) {
      ++answers["not connected"];
      continue;
    }
    const std::string status = co_await status_of(env, *connection, request);
    ++answers[status];
  }
  co_return answers;
}

Task<void> attack(Env& env, PeerInfo relay, std::uint16_t port, std::size_t count) {
  std::deque<TcpNode> crowd;
  TcpNode& first = crowd.emplace_back(env);
  const ConnectionPtr connection = co_await first.host.connect(relay);
  const PeerId nobody = PeerId::from_public_key(TcpNode(env).key.public_key());
  std::vector<Bytes> connects;
  for (const Bytes& target : addresses(port)) {
    connects.push_back(connect_to(nobody, target));
    connects.push_back(connect_to(relay.id, target));
  }
  nlohmann::json report;
  report["connect"] = co_await statuses_of(env, connection, std::move(connects));
  report["bad"] = co_await statuses_of(env, connection, bad_messages());
  const std::vector<Bytes> status = {hex("0408022864")};
  report["status"] = co_await statuses_of(env, connection, status);
  report["reserve"] = co_await reserve_as_many(env, relay, crowd, count);
  std::cout << report.dump() << std::endl;
  co_await env.clock.sleep_for(kHold);
  for (TcpNode& each : crowd) co_await each.host.close();
}

std::size_t number(std::string_view text) {
  std::size_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

}  // namespace
}  // namespace warren::attacks

int main(int argc, char** argv) {
  using namespace warren;
  if (argc != 4) {
    std::cerr << "usage: warren_relay_attacker MULTIADDR PORT COUNT\n";
    return 2;
  }
  real::Loop loop;
  const auto relay = peer_at(argv[1]);
  if (!relay) return 2;
  const auto port = static_cast<std::uint16_t>(attacks::number(argv[2]));
  const auto done = loop.run(as_outcome(attacks::attack(loop.env(), *relay, port, attacks::number(argv[3]))));
  if (done) return 0;
  std::cerr << "warren_relay_attacker: " << done.error().what() << "\n";
  return 1;
}
