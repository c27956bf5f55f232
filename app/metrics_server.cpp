#include "app/metrics_server.hpp"

#include <fmt/format.h>

#include <array>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <charconv>

#include "app/exit_status.hpp"
#include "warren/core/farewell.hpp"

namespace warren::app {
namespace {

namespace http = boost::beast::http;

// One or two programs ask for metrics, a few times a minute, in some hundred bytes.
constexpr std::size_t kConnectionsMax = 16;
constexpr std::size_t kRequestMax = 4096;
constexpr Duration kTimeLimit = 5s;  // for a request and its answer

struct Request {
  http::verb method = http::verb::unknown;
  std::string path;
};

// kMalformed; kTooLarge.
Task<Request> read_request(TcpStream& stream) {
  http::request_parser<http::empty_body> parser;
  parser.header_limit(kRequestMax);
  std::array<std::uint8_t, kRequestMax> bytes;
  std::size_t have = 0;
  while (!parser.is_header_done()) {
    if (have == bytes.size()) throw_error(Errc::kTooLarge);
    const std::size_t more = co_await stream.read_some(MutableBytes(bytes).subspan(have));
    if (more == 0) throw_error(Errc::kEndOfStream);
    have += more;
    boost::system::error_code error;
    const std::size_t used = parser.put(boost::asio::buffer(bytes.data(), have), error);
    if (error && error != http::error::need_more) throw_error(Errc::kMalformed, error.message());
    std::copy(bytes.begin() + static_cast<std::ptrdiff_t>(used),
              bytes.begin() + static_cast<std::ptrdiff_t>(have), bytes.begin());
    have -= used;
  }
  const std::string target(parser.get().target());
  co_return Request{parser.get().method(), target.substr(0, target.find('?'))};
}

std::string reply(std::string_view status, std::string_view body, bool with_body) {
  return fmt::format(
      "HTTP/1.1 {}\r\nContent-Type: text/plain; version=0.0.4; charset=utf-8\r\nContent-Length: {}\r\n"
      "Connection: close\r\n\r\n{}",
      status, body.size(), with_body ? body : "");
}

}  // namespace

Endpoint parse_metrics_address(const std::string& text, const std::string& where) {
  const std::size_t colon = text.rfind(':');
  std::string host = text.substr(0, colon == std::string::npos ? 0 : colon);
  const std::string port = colon == std::string::npos ? "" : text.substr(colon + 1);
  const bool in_brackets = host.starts_with('[') && host.ends_with(']');
  if (in_brackets) host = host.substr(1, host.size() - 2);
  const auto address = IpAddress::parse(host);
  std::uint16_t number = 0;
  const char* end = port.data() + port.size();
  const auto parsed = std::from_chars(port.data(), end, number);
  if (!address || address->is_v4() == in_brackets || parsed.ec != std::errc() || parsed.ptr != end) {
    throw Failure(ExitStatus::kUsage,
                  fmt::format("{}: \"{}\" is not an IP address with a port; write one like 127.0.0.1:9464 or "
                              "[::1]:9464",
                              where, text));
  }
  return {*address, number};
}

MetricsServer::MetricsServer(Env& env, const MetricsSource& source, const Endpoint& endpoint)
    : env_(env),
      source_(source),
      accepting_(env.executor, "metrics.accept"),
      serving_(env.executor, "metrics") {
  auto listener = env.network.listen_tcp(endpoint);
  if (!listener) {
    throw Failure(ExitStatus::kFailed,
                  fmt::format("metrics cannot be served at {}: {}; choose another address or port",
                              endpoint.to_string(), listener.error().message()));
  }
  listener_ = std::move(*listener);
  accepting_.spawn(accept());
}

Task<void> MetricsServer::close() {
  listener_->close();
  co_await accepting_.close();
  co_await serving_.close();
}

Task<void> MetricsServer::accept() {
  while (true) {
    auto stream = co_await listener_->accept();
    if (serving_.size() < kConnectionsMax) serving_.spawn(serve(std::move(stream)));
  }
}

Task<void> MetricsServer::serve(std::unique_ptr<TcpStream> stream) {
  co_await with_timeout(env_.clock, kTimeLimit, answer(*stream));
}

Task<void> MetricsServer::answer(TcpStream& stream) {
  const Request request = co_await read_request(stream);
  const bool is_head = request.method == http::verb::head;
  std::string text;
  if (request.method != http::verb::get && !is_head) {
    text = reply("405 Method Not Allowed", "Only GET is answered.\n", true);
  } else if (request.path == "/metrics") {
    const std::string metrics = co_await source_.text();
    text = reply("200 OK", metrics, !is_head);
  } else {
    text = reply("404 Not Found", "There is /metrics, and nothing else.\n", !is_head);
  }
  const Bytes bytes = to_bytes(std::string_view(text));
  co_await stream.write(bytes);
  co_await say_farewell(env_.clock, stream);
}

}  // namespace warren::app
