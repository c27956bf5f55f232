// Nodes on this machine's real loopback: the blocking form, and what survives a restart. Scenarios in virtual
// time are in test/sim.
#include <doctest/doctest.h>

#include <atomic>
#include <filesystem>
#include <future>
#include <thread>

#include "warren/node/blocking_node.hpp"

using namespace warren;

namespace {

struct Folder {
  Folder() {
    std::string name = (std::filesystem::temp_directory_path() / "warren-node-XXXXXX").string();
    path = mkdtemp(name.data());
  }
  ~Folder() { std::filesystem::remove_all(path); }
  std::string path;
};

Target target_of(BlockingNode& node) {
  return PeerInfo{node.peer_id(), node.addresses()};
}

Config with_keys_of(const Config& other) {
  return Config{.node_key = value_or_throw(Sm2PrivateKey::from_scalar(other.node_key.scalar().view())),
                .peer_key = value_or_throw(PrivateKey::from_protobuf(other.peer_key->to_protobuf().view())),
                .listen = other.listen,
                .data_dir = other.data_dir};
}

std::error_code code_of(const std::function<void()>& call) {
  try {
    call();
  } catch (const std::system_error& error) {
    return error.code();
  }
  return {};
}

}  // namespace

TEST_CASE("blocking nodes talk, from several threads at once") {
  BlockingNode alice(Config::ephemeral());
  BlockingNode bob(Config::ephemeral());
  bob.serve("double", [](const ServiceCall& call) {
    Bytes twice = call.payload;
    append(twice, call.payload);
    return twice;
  });
  std::promise<InboxMessage> arrived;
  bob.on_message([&](const InboxMessage& message) { arrived.set_value(message); });

  const PeerStatus status = alice.connect(target_of(bob));
  CHECK(status.node_id == bob.node_id());
  CHECK(status.direction == Direction::kOutbound);
  alice.send_message(bob.node_id(), to_bytes("hello"));
  const InboxMessage message = arrived.get_future().get();
  CHECK(to_text(message.payload) == "hello");
  CHECK(message.from_node == alice.node_id());
  CHECK(message.from_peer == alice.peer_id());

  std::atomic<int> right = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&, i] {
      const Bytes question(1000 + i, static_cast<std::uint8_t>(i));
      if (alice.request(bob.node_id(), "double", question).size() == 2 * question.size()) ++right;
    });
  }
  for (auto& thread : threads) thread.join();
  CHECK(right == 4);
  CHECK(alice.ping(bob.node_id()).round_trip_time > Duration::zero());
  CHECK(bob.peers().size() == 1);
  CHECK(alice.find_peer(bob.node_id()).id == bob.peer_id());
}

TEST_CASE("what a blocking handler throws is the caller's error") {
  BlockingNode alice(Config::ephemeral());
  BlockingNode bob(Config::ephemeral());
  bob.serve("fails", [](const ServiceCall&) -> Bytes { throw std::runtime_error("out of paper"); });
  CHECK(code_of([&] { alice.request(target_of(bob), "fails", {}); }) == Errc::kServiceFailed);
  CHECK_THROWS_WITH_AS(alice.request(bob.peer_id(), "fails", {}), doctest::Contains("out of paper"),
                       std::system_error);
}

TEST_CASE("a node comes back with its inbox and its bindings") {
  Folder folder;
  Config config = Config::ephemeral();
  config.data_dir = folder.path;
  const NodeId node_id(config.node_key.public_key());
  BlockingNode alice(Config::ephemeral());
  {
    BlockingNode bob(with_keys_of(config));
    alice.send_message(target_of(bob), to_bytes("before"));
  }
  BlockingNode bob(with_keys_of(config));
  CHECK(bob.node_id() == node_id);
  alice.send_message(target_of(bob), to_bytes("after"));
  const auto messages = bob.inbox(0, 10);
  REQUIRE(messages.size() == 2);
  CHECK(to_text(messages[0].payload) == "before");
  CHECK(to_text(messages[1].payload) == "after");
}

TEST_CASE("a node that cannot start says why, and leaves nothing behind") {
  BlockingNode first(Config::ephemeral());
  Config same_port = Config::ephemeral();
  same_port.listen = first.addresses();
  CHECK(code_of([&] { BlockingNode second(std::move(same_port)); }) == Errc::kAddressInUse);

  Config bad_network = Config::ephemeral();
  bad_network.network = "no|bars";
  CHECK(code_of([&] { BlockingNode node(std::move(bad_network)); }) == Errc::kBadConfig);

  Config bad_bootstrap = Config::ephemeral();
  bad_bootstrap.bootstrap = first.addresses();  // without /p2p
  CHECK(code_of([&] { BlockingNode node(std::move(bad_bootstrap)); }) == Errc::kBadConfig);

  Config no_folder = Config::ephemeral();
  no_folder.data_dir = "/nonexistent/folder";
  CHECK(code_of([&] { BlockingNode node(std::move(no_folder)); }) == Errc::kStorage);
}

TEST_CASE("a service that is not served any more is unknown") {
  BlockingNode alice(Config::ephemeral());
  BlockingNode bob(Config::ephemeral());
  bob.serve("echo", [](const ServiceCall& call) { return call.payload; });
  CHECK(to_text(alice.request(target_of(bob), "echo", to_bytes("one"))) == "one");
  bob.stop_serving("echo");
  CHECK(code_of([&] { alice.request(bob.node_id(), "echo", {}); }) == Errc::kNoSuchService);
}

TEST_CASE("stop() ends a call in progress, and every later one") {
  std::promise<void> asked;  // these outlive bob, whose handler uses them
  std::promise<void> answer;
  BlockingNode alice(Config::ephemeral());
  BlockingNode bob(Config::ephemeral());
  bob.serve("patience", [&](const ServiceCall&) {
    asked.set_value();
    answer.get_future().wait();
    return Bytes();
  });
  const Target to_bob = target_of(bob);
  auto waiting =
      std::async(std::launch::async, [&] { return code_of([&] { alice.request(to_bob, "patience", {}); }); });
  asked.get_future().wait();
  alice.stop();
  CHECK(waiting.get() == Errc::kCanceled);
  answer.set_value();

  alice.stop();
  CHECK(code_of([&] { alice.connect(to_bob); }) == Errc::kCanceled);
  CHECK(code_of([&] { alice.peers(); }) == Errc::kCanceled);
  CHECK(code_of([&] { alice.on_message([](const InboxMessage&) {}); }) == Errc::kCanceled);
  const Sm2Signature signature = alice.sm2_sign("example/contract/1", to_bytes("still"));
  CHECK(Node::sm2_verify(alice.node_id(), "example/contract/1", to_bytes("still"), signature));
}

TEST_CASE("SM2 signatures are bound to their domain") {
  BlockingNode node(Config::ephemeral());
  const Bytes message = to_bytes("a contract");
  const Sm2Signature signature = node.sm2_sign("example/contract/1", message);
  CHECK(Node::sm2_verify(node.node_id(), "example/contract/1", message, signature));
  CHECK_FALSE(Node::sm2_verify(node.node_id(), "example/other/1", message, signature));
  CHECK_FALSE(Node::sm2_verify(node.node_id(), "example/contract/1", to_bytes("another"), signature));
}
