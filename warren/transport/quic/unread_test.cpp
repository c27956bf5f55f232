// What a node holds of all its peers' bytes is bounded, whatever windows they were given.
#include <doctest/doctest.h>

#include "warren/transport/quic/test_path.hpp"

namespace warren::quic::test {
namespace {

constexpr std::size_t kAll = 100'000;

TEST_CASE("a stream that gets more than the node has room for is reset, and the others go on") {
  Limit all("all", "", kAll);
  Limit each("each", "", kAll);
  NodeOptions server;
  server.limits.unread_reserve = 20'000;
  server.unread = {.all = &all, .per_connection = &each};
  Pair pair({}, {}, server);
  REQUIRE(pair.connect());
  Connection& client = *pair.client.connection;
  const Bytes much(300'000);
  const StreamStatePtr greedy = value_or_throw(client.open());
  std::size_t written = 0;
  pair.run_until(
      [&] {
        if (!greedy->write_error) written += client.write(*greedy, BytesView(much).subspan(written));
        return written == much.size() || greedy->write_error;
      },
      5s);
  pair.run_for(1s);
  CHECK(all.used() <= kAll);
  CHECK(all.use().refused > 0);
  const StreamStatePtr received = pair.server.connection->accept();
  REQUIRE(received);
  CHECK(received->read_error == Errc::kReset);
  CHECK(greedy->write_error == Errc::kReset);

  // Nothing of it is held any more, and there is room for others.
  CHECK(all.used() == 0);
  const StreamStatePtr modest = value_or_throw(client.open());
  CHECK(client.write(*modest, as_bytes("hello")) == 5);
  pair.run_for(1s);
  CHECK(all.used() == 5);
  pair.server.connection.reset();
  CHECK(all.used() == 0);
}

}  // namespace
}  // namespace warren::quic::test
