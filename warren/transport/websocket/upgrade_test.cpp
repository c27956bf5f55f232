#include "warren/transport/websocket/upgrade.hpp"

#include "warren/transport/websocket/test_websocket.hpp"

namespace warren::websocket {
namespace {

using namespace test;

TEST_CASE("the example of RFC 6455, section 1.3") {
  CHECK(accept_value("dGhlIHNhbXBsZSBub25jZQ==") == kAccept);
}

std::string replaced(std::string text, std::string_view from, std::string_view to) {
  const auto at = text.find(from);
  REQUIRE(at != std::string::npos);
  return text.replace(at, from.size(), to);
}

TEST_CASE_FIXTURE(ServerTest, "a server answers who asks for a WebSocket, whatever the host and the path") {
  std::string request = kRequest;
  SUBCASE("as in the RFC") {}
  SUBCASE("without a host") {
    request = replaced(request, "Host: server.example.com\r\n", "");
  }
  SUBCASE("with more tokens, in other cases") {
    request = replaced(request, "Connection: Upgrade", "connection: keep-alive, UPGRADE");
    request = replaced(request, "Upgrade: websocket", "UPGRADE: WebSocket");
  }
  world.run(say_in_pieces(*peer, to_bytes(request), 1));
  world.run(server->write(as_bytes("hello")));
  const std::string answer = heard();
  CHECK(answer.starts_with("HTTP/1.1 101 "));
  CHECK(answer.find("Sec-WebSocket-Accept: " + kAccept + "\r\n") != std::string::npos);
  CHECK(answer.find("Sec-WebSocket-Protocol") == std::string::npos);
  CHECK(answer.ends_with("\r\n\r\n" + to_text(frame(0x82, "hello", false))));
}

TEST_CASE("a server tells others why not, and closes") {
  struct Row {
    std::string request;
    int status;
    Errc error;
  };
  const Row rows[] = {
      {"GET / HTTP/1.1\r\nHost: x\r\n\r\n", 426, Errc::kProtocolNotSupported},
      {replaced(kRequest, "GET", "POST"), 426, Errc::kProtocolNotSupported},
      {replaced(kRequest, "HTTP/1.1", "HTTP/1.0"), 426, Errc::kProtocolNotSupported},
      {replaced(kRequest, "Upgrade: websocket", "Upgrade: h2c"), 426, Errc::kProtocolNotSupported},
      {replaced(kRequest, "Connection: Upgrade", "Connection: close"), 426, Errc::kProtocolNotSupported},
      {replaced(kRequest, "Version: 13", "Version: 8"), 426, Errc::kProtocolNotSupported},
      {replaced(kRequest, "dGhlIHNhbXBsZSBub25jZQ==", "c2hvcnQ="), 400, Errc::kMalformed},
      {"\x13/multistream/1.0.0\n", 400, Errc::kMalformed},
      {"SSH-2.0-OpenSSH_9.2\r\n\r\n", 400, Errc::kMalformed},
      {replaced(kRequest, "Origin: ", "Origin: " + std::string(9000, 'x')), 431, Errc::kTooLarge},
      {"GET /" + std::string(9000, 'x'), 431, Errc::kTooLarge},
  };
  for (const Row& row : rows) {
    CAPTURE(row.request);
    ServerTest test;
    test.world.run(say(*test.peer, to_bytes(row.request)));
    std::string answer;
    CHECK(test.read_error(answer) == row.error);
    CHECK(answer.starts_with("HTTP/1.1 " + std::to_string(row.status) + " "));
    CHECK(answer.ends_with("\r\n\r\n."));
    CHECK(test.read_error() == Errc::kReset);
  }
}

TEST_CASE_FIXTURE(ServerTest, "a request that never ends is waited for as long as the caller wants") {
  const auto waiting = [&] { return with_timeout(world.clock(), 1min, read_text(*server)); };
  world.run(say(*peer, to_bytes(kRequest.substr(0, 100))));
  CHECK((world.run(as_result(waiting())).error() == Errc::kTimedOut));
  CHECK(heard() == "!");
  CHECK(read_error() == Errc::kReset);
}

TEST_CASE_FIXTURE(ServerTest, "a request that is cut off") {
  world.run(say(*peer, to_bytes(kRequest.substr(0, 100))));
  world.run(peer->close_write());
  CHECK(read_error() == Errc::kEndOfStream);
}

TEST_CASE_FIXTURE(ServerTest, "what comes with the request is not lost") {
  world.run(say(*peer, to_bytes(kRequest) + frame(0x82, "early") + frame(0x02, "la")));
  CHECK(world.run(read_text(*server)) == "earlyla");
  world.run(say(*peer, frame(0x80, "te")));
  CHECK(world.run(read_text(*server)) == "te");
}

struct ClientTest {
  sim::World world{4};
  sim::Machine& machine = world.add_machine("client");
  sim::StreamPair ends = sim::pipe(world.loop());
  ByteStream& peer = *ends.second;

  Result<Bytes> ask_and_hear(std::string answer) {
    world.run(say(peer, to_bytes(answer)));
    return ask();
  }
  Result<Bytes> ask() {
    return world.run(as_result(ask_for_websocket(*ends.first, "node.example:4001", machine.env().random)));
  }
};

// Answers the request as a server would, changed by `change`.
Task<void> answer(ByteStream& pipe, std::string status, std::string more) {
  Bytes request(2000);
  const std::size_t size = co_await pipe.read_some(request);
  const std::string text = to_text(BytesView(request).first(size));
  const auto key = text.find("Sec-WebSocket-Key: ") + 19;
  CHECK(text.starts_with("GET / HTTP/1.1\r\nHost: node.example:4001\r\n"));
  const std::string reply = "HTTP/1.1 " + status + "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
                            "Sec-WebSocket-Accept: " + accept_value(text.substr(key, 24)) + "\r\n" + more;
  co_await pipe.write(as_bytes(reply));
}

struct AnswerTest : ClientTest {
  Result<Bytes> ask(const std::string& status, const std::string& more) {
    TaskGroup group(world.loop().executor(), "test");
    group.spawn(answer(peer, status, more));
    auto result = ClientTest::ask();
    world.run(group.join());
    return result;
  }
};

TEST_CASE("a client takes the answer to its question, and nothing else") {
  CHECK((AnswerTest().ask("101 Switching Protocols", "\r\nfirst frames") == to_bytes("first frames")));
  CHECK((AnswerTest().ask("101 Switching Protocols", "Server: x\r\n\r\n") == Bytes()));
  CHECK((AnswerTest().ask("101 x", "Sec-WebSocket-Protocol: chat\r\n\r\n").error() == Errc::kMalformed));
  CHECK((AnswerTest().ask("101 x", "Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n").error() ==
         Errc::kMalformed));
  CHECK((AnswerTest().ask("200 OK", "Content-Length: 0\r\n\r\n").error() == Errc::kProtocolNotSupported));
  const std::string stale =
      "HTTP/1.1 101 x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
      "Sec-WebSocket-Accept: " +
      kAccept + "\r\n\r\n";
  CHECK((ClientTest().ask_and_hear(stale).error() == Errc::kMalformed));
  const std::string not_found = "HTTP/1.1 404 Not Found\r\nContent-Type: text/html\r\n\r\n<html>";
  CHECK((ClientTest().ask_and_hear(not_found).error() == Errc::kProtocolNotSupported));
  CHECK((ClientTest().ask_and_hear("\x13/multistream/1.0.0\n").error() == Errc::kMalformed));
  CHECK((ClientTest().ask_and_hear("HTTP/1.1 101 x\r\nA: " + std::string(9000, 'x')).error() ==
         Errc::kTooLarge));
}

TEST_CASE_FIXTURE(ClientTest, "a server that ends instead of answering") {
  world.run(peer.close_write());
  CHECK((ask().error() == Errc::kEndOfStream));
}

}  // namespace
}  // namespace warren::websocket
