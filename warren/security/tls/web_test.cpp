#include "warren/security/tls/web.hpp"

#include <doctest/doctest.h>

#include "warren/security/tls/test_web_certificates.hpp"
#include "warren/sim/stream_contract.hpp"

namespace warren::tls {
namespace {

using test::TestAuthority;
using test::WebRecipe;

Task<void> shake_hands_of(WebPipe* pipe, Result<>& outcome) {
  outcome = co_await as_result(pipe->shake_hands());
}

struct WebTest {
  sim::Loop loop;
  TestAuthority authority{loop.clock().wall_now()};
  std::optional<WebServer> server{std::in_place, authority.issue("server"), loop.clock()};
  std::unique_ptr<WebPipe> ours, theirs;

  void serve(const WebRecipe& recipe) { server.emplace(authority.issue("other", recipe), loop.clock()); }

  // How the client's handshake with that host ends.
  std::error_code visit(const std::string& host, std::vector<std::filesystem::path> authorities) {
    REQUIRE(server->refresh().has_value());
    WebClient client(std::move(authorities), loop.clock());
    auto ends = sim::pipe(loop);
    auto secured = client.secure(std::move(ends.first), host);
    if (!secured) return secured.error();
    ours = std::move(*secured);
    theirs = server->secure(std::move(ends.second));
    Result<> at_client, at_server;
    TaskGroup group(loop.executor(), "test");
    group.spawn(shake_hands_of(ours.get(), at_client));
    group.spawn(shake_hands_of(theirs.get(), at_server));
    loop.run(group.join());
    CHECK(at_client.has_value() == at_server.has_value());
    return at_client ? std::error_code() : at_client.error();
  }
  std::error_code visit(const std::string& host) { return visit(host, {authority.file()}); }
};

TEST_CASE_FIXTURE(WebTest, "a server's certificate is for its names and addresses, and for no others") {
  CHECK(visit("127.0.0.1") == std::error_code());
  CHECK(visit("node.example") == std::error_code());
  CHECK(visit("127.0.0.2") == Errc::kWrongServerName);
  CHECK(visit("::1") == Errc::kWrongServerName);
  CHECK(visit("other.example") == Errc::kWrongServerName);
  CHECK(visit("sub.node.example") == Errc::kWrongServerName);
  CHECK(visit("") == Errc::kBadAddress);
  serve({.names = "DNS:*.node.example", .not_before = {}, .not_after = {}});
  CHECK(visit("one.node.example") == std::error_code());
  CHECK(visit("node.example") == Errc::kWrongServerName);
}

TEST_CASE_FIXTURE(WebTest, "a certificate is good for its time only") {
  const WallTime now = loop.clock().wall_now();
  serve({.not_before = now - 48h, .not_after = now - 1h});
  CHECK(visit("127.0.0.1") == Errc::kNotValidNow);
  serve({.not_before = now + 1h, .not_after = now + 2h});
  CHECK(visit("127.0.0.1") == Errc::kNotValidNow);
  loop.advance(90min);
  CHECK(visit("127.0.0.1") == std::error_code());
}

TEST_CASE_FIXTURE(WebTest, "an authority that is not known vouches for nobody") {
  const TestAuthority stranger(loop.clock().wall_now(), "stranger");
  CHECK(visit("127.0.0.1", {}) == Errc::kUntrustedCertificate);
  CHECK(visit("127.0.0.1", {stranger.file()}) == Errc::kUntrustedCertificate);
  CHECK(visit("127.0.0.1", {stranger.file(), authority.file()}) == std::error_code());
  CHECK(visit("127.0.0.1", {"nowhere.pem"}) == Errc::kBadConfig);
}

TEST_CASE_FIXTURE(WebTest, "files that are no certificate and its key are refused, and good ones stay") {
  const CertificateFiles one = authority.issue("one");
  const CertificateFiles two = authority.issue("two");
  for (const CertificateFiles& bad :
       {CertificateFiles{"nowhere.pem", one.key}, CertificateFiles{one.chain, "nowhere.key"},
        CertificateFiles{one.key, one.key}, CertificateFiles{one.chain, two.key}}) {
    server.emplace(bad, loop.clock());
    CHECK((server->refresh().error() == Errc::kBadConfig));
    CHECK((server->refresh().error() == Errc::kBadConfig));
  }
  server.emplace(one, loop.clock());
  CHECK(visit("127.0.0.1") == std::error_code());
  std::filesystem::copy_file(two.key, one.key, std::filesystem::copy_options::overwrite_existing);
  std::filesystem::last_write_time(one.key, std::filesystem::last_write_time(one.chain) + 1h);
  CHECK((server->refresh().error() == Errc::kBadConfig));
  CHECK(visit("127.0.0.1") == std::error_code());
}

TEST_CASE_FIXTURE(WebTest, "a renewed certificate serves from the next connection on") {
  const auto files = authority.issue("server");
  CHECK(visit("new.example") == Errc::kWrongServerName);
  const auto before = std::filesystem::last_write_time(files.chain);
  authority.issue("server", {.names = "DNS:new.example", .not_before = {}, .not_after = {}});
  for (const auto& file : {files.chain, files.key}) std::filesystem::last_write_time(file, before + 1s);
  CHECK(visit("new.example") == std::error_code());
}

Task<void> send_and_end(ByteStream& pipe, Bytes bytes) {
  co_await pipe.write(bytes);
  co_await pipe.close_write();
}

TEST_CASE_FIXTURE(WebTest, "what is not TLS is told apart, on both sides") {
  REQUIRE(server->refresh().has_value());
  WebClient client({authority.file()}, loop.clock());
  for (const bool serving : {true, false}) {
    auto ends = sim::pipe(loop);
    auto secured = serving ? server->secure(std::move(ends.first))
                           : value_or_throw(client.secure(std::move(ends.first), "127.0.0.1"));
    loop.run(send_and_end(*ends.second, to_bytes("GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")));
    Result<> outcome;
    loop.run(shake_hands_of(secured.get(), outcome));
    CHECK((outcome.error() == Errc::kMalformed || outcome.error() == Errc::kUnsupported));
  }
}

Task<void> cancel_soon(Clock* clock, WebPipe* pipe) {
  co_await with_timeout(*clock, 1s, pipe->shake_hands());
}

TEST_CASE_FIXTURE(WebTest, "a handshake that nobody answers waits, and can be canceled") {
  REQUIRE(server->refresh().has_value());
  auto ends = sim::pipe(loop);
  auto secured = server->secure(std::move(ends.first));
  CHECK((loop.run(as_result(cancel_soon(&loop.clock(), secured.get()))).error() == Errc::kTimedOut));
  Bytes byte(1);
  CHECK((loop.run(as_result(ends.second->read_some(byte))).error() == Errc::kReset));
}

Task<sim::StreamPair> connect(WebTest& test) {
  WebClient client({test.authority.file()}, test.loop.clock());
  auto ends = sim::pipe(test.loop);
  auto ours = value_or_throw(client.secure(std::move(ends.first), "127.0.0.1"));
  auto theirs = test.server->secure(std::move(ends.second));
  Result<> at_client, at_server;
  TaskGroup group(test.loop.executor(), "test");
  group.spawn(shake_hands_of(ours.get(), at_client));
  group.spawn(shake_hands_of(theirs.get(), at_server));
  co_await group.join();
  CHECK((at_client && at_server));
  co_return sim::StreamPair(std::move(ours), std::move(theirs));
}

TEST_CASE_FIXTURE(WebTest, "TLS of the web is a ByteStream") {
  REQUIRE(server->refresh().has_value());
  sim::check_stream_contract({.executor = loop.executor(),
                              .clock = loop.clock(),
                              .run = [&](Task<void> task) { loop.run(std::move(task)); },
                              .connect = [&] { return connect(*this); }});
}

}  // namespace
}  // namespace warren::tls
