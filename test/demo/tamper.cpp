// Sends a node a signed envelope with one flipped bit, which no honest program can do, and then an honest one
// over the same connection. One JSON line for each step; exit status 0 when the first was refused for its
// signature and the second accepted.
//
//   warren_tamper MULTIADDR [NETWORK]
#include <cstdio>
#include <nlohmann/json.hpp>

#include "warren/async/as_result.hpp"
#include "warren/env/real/loop.hpp"
#include "warren/messaging/bodies.hpp"
#include "warren/messaging/envelope.hpp"
#include "warren/node/node.hpp"

namespace warren {
namespace {

constexpr std::string_view kProtocol = "/warren/message/1.0.0";
constexpr Duration kLimit = 20s;

void tell(const nlohmann::ordered_json& event) {
  std::puts(event.dump().c_str());
  std::fflush(stdout);
}

// What an honest sender would have signed, with one bit of its text turned over afterwards.
Envelope tampered(Env& env, const Sm2PrivateKey& key, const NodeId& to, std::string_view network) {
  Header header;
  header.sender = NodeId(key.public_key()).key_bytes();
  header.recipient = to.key_bytes();
  header.context = make_context(network, kProtocol);
  header.timestamp = env.clock.wall_now();
  header.nonce = env.random.bytes<16>();
  header.epoch = env.random.bytes<8>();
  header.seq = 1;
  Envelope envelope = Envelope::seal(header, to_bytes("pay 100 to mallory"), key);
  envelope.body[4] ^= 0x08;  // "pay 900 to mallory"
  return envelope;
}

Task<Verdict> offer(ConnectionPtr connection, Bytes envelope) {
  const StreamPtr stream = co_await connection->open_stream(std::string(kProtocol));
  co_await write_delimited(*stream, envelope);
  co_await stream->close_write();
  const Bytes answer = co_await read_delimited(*stream, kAckSizeMax);
  co_return value_or_throw(decode_ack(answer));
}

Task<bool> attack(Env& env, Node& node, const Sm2PrivateKey& key, Target target, std::string network) {
  co_await node.start();
  const PeerStatus peer = co_await node.connect(target);
  if (!peer.node_id) throw_error(Errc::kNoBinding);
  tell({{"event", "connected"},
        {"node_id", node.node_id().to_string()},
        {"to_node_id", peer.node_id->to_string()},
        {"path", peer.address.to_string()}});

  const ConnectionPtr connection = node.host().connections(peer.peer_id).at(0);
  const Envelope envelope = tampered(env, key, *peer.node_id, network);
  const Verdict verdict = co_await offer(connection, envelope.encode());
  tell({{"event", verdict.status == Status::kOk ? "accepted" : "refused"},
        {"payload", to_text(envelope.body)},
        {"reason", to_error(verdict.status).message()}});
  if (verdict.status != Status::kBadSignature) co_return false;

  const std::string honest = "pay nothing to mallory";
  co_await node.send_message(*peer.node_id, to_bytes(honest));
  tell({{"event", "accepted"}, {"payload", honest}, {"same_connection", connection->is_open()}});
  co_return connection->is_open();
}

Task<bool> run(Env& env, Target target, std::string network) {
  Config config = Config::ephemeral();
  config.listen.clear();
  config.network = network;
  const auto key = value_or_throw(Sm2PrivateKey::from_scalar(config.node_key.scalar().view()));
  Node node(env, std::move(config));
  auto attempt =
      with_timeout(env.clock, kLimit, attack(env, node, key, std::move(target), std::move(network)));
  const Result<bool> refused = co_await as_result(std::move(attempt));
  co_await node.stop();
  if (!refused) tell({{"event", "failed"}, {"reason", refused.error().message()}});
  co_return refused.value_or(false);
}

}  // namespace
}  // namespace warren

int main(int argc, char** argv) {
  if (argc < 2 || argc > 3) {
    std::fputs("usage: warren_tamper MULTIADDR [NETWORK]\n", stderr);
    return 2;
  }
  auto target = warren::Target::parse(argv[1]);
  if (!target) {
    std::fprintf(stderr, "warren_tamper: %s\n", target.error().message().c_str());
    return 2;
  }
  warren::real::Loop loop;
  return loop.run(warren::run(loop.env(), std::move(*target), argc == 3 ? argv[2] : "main")) ? 0 : 1;
}
