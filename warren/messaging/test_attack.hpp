// Test support: a peer that has keys of its own and sends what it likes. After each attack, nothing may have
// been delivered, and a good message must pass on the same connection.
#pragma once

#include <doctest/doctest.h>

#include "warren/messaging/test_messenger.hpp"

namespace warren::test {

// Mallory dials bob, and has bound herself unless the test wants to see to that.
struct Attack {
  TestNetwork& network;
  RawPeer& mallory;
  Messenger& bob;
  ConnectionPtr connection;

  Task<Status> send(Header header, std::string body = "hello") {
    Bytes wire = mallory.seal(header, body).encode();
    return mallory.send(connection, std::move(wire));
  }
  Header header() { return mallory.header(bob.node()); }
};

using AttackScenario = Task<void> (*)(Attack&);

inline Task<void> stop_both(RawPeer& mallory, Messenger& bob) {
  co_await mallory.host.close();
  co_await bob.stop();
}

inline Task<void> connect_and(Attack& attack, AttackScenario scenario, bool bind) {
  attack.connection = co_await attack.mallory.host.connect(attack.bob.info());
  if (bind) {
    Bytes binding = attack.mallory.signed_binding();
    const BindReply reply = co_await attack.mallory.bind(attack.connection, std::move(binding));
    CHECK(reply.verdict.status == Status::kOk);
  }
  co_await scenario(attack);
}

inline Task<void> good_message(Attack& attack) {
  const auto status = co_await attack.send(attack.header(), "good");
  CHECK(status == Status::kOk);
}

// After the scenario, in which nothing may be delivered, a good message must pass on the same connection.
inline void run(AttackScenario scenario, bool bind = true, MessagingConfig config = {}) {
  TestNetwork network;
  RawPeer mallory(network, 1);
  Messenger bob(network, 2, config);
  network.world.loop().advance(1h);
  Attack attack{network, mallory, bob, nullptr};
  network.world.run(connect_and(attack, scenario, bind));
  CHECK(bob.delivered.empty());
  CHECK(attack.connection->is_open());
  network.world.run(good_message(attack));
  CHECK(bob.stored().size() == 1);
  attack.connection.reset();
  network.world.run(stop_both(mallory, bob));
  CHECK_FALSE(network.world.loop().busy());
}

}  // namespace warren::test
