#include "warren/transport/websocket/upgrade.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/rfc7230.hpp>

#include "warren/async/as_result.hpp"
#include "warren/core/farewell.hpp"
#include "warren/crypto/sha1.hpp"
#include "warren/multiformats/multibase.hpp"

namespace warren::websocket {

namespace {

namespace http = boost::beast::http;
using Fields = http::fields;
using RequestParser = http::request_parser<http::empty_body>;
using ResponseParser = http::response_parser<http::empty_body>;

constexpr std::string_view kKeySuffix = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";  // section 1.3
constexpr std::size_t kKeyTextSize = 24;                                         // 16 bytes in base64
constexpr std::size_t kFirstReadSize = 1024;

// Standard base64 (RFC 4648, section 4).
std::string base64(BytesView bytes) {
  std::string text = multibase_encode(Multibase::kBase64Url, bytes).substr(1);
  std::ranges::replace(text, '-', '+');
  std::ranges::replace(text, '_', '/');
  text.append((4 - text.size() % 4) % 4, '=');
  return text;
}

// The parser looks at a header when it is all there. Who speaks something else (TLS, multistream) is told
// apart by the first bytes, and need not be waited for.
bool may_begin(const RequestParser&, std::string_view text) {
  return text.front() >= 'A' && text.front() <= 'Z';
}
bool may_begin(const ResponseParser&, std::string_view text) {
  constexpr std::string_view kStart = "HTTP/1.";
  const std::size_t size = std::min(text.size(), kStart.size());
  return text.substr(0, size) == kStart.substr(0, size);
}

// kTruncated: more is needed.
template <class Parser>
Result<std::size_t> parse(Parser& parser, BytesView text) {
  if (!may_begin(parser, as_text(text))) return fail(Errc::kMalformed);
  boost::beast::error_code error;
  const std::size_t size = parser.put(boost::asio::const_buffer(text.data(), text.size()), error);
  if (parser.is_header_done()) return size;
  if (!error || error == http::error::need_more) return fail(Errc::kTruncated);
  return fail(error == http::error::header_limit ? Errc::kTooLarge : Errc::kMalformed);
}

// Reads until the header is there, and returns what is behind it.
template <class Parser>
Task<Bytes> read_header(ByteStream& pipe, Parser& parser) {
  parser.header_limit(kHttpSizeMax);
  Bytes text(kFirstReadSize);
  std::size_t size = 0;
  while (true) {
    const std::size_t arrived = co_await pipe.read_some(MutableBytes(text).subspan(size));
    if (arrived == 0) throw_error(Errc::kEndOfStream, "WebSocket handshake");
    size += arrived;
    const auto parsed = parse(parser, BytesView(text).first(size));
    if (parsed) co_return Bytes(text.begin() + static_cast<std::ptrdiff_t>(*parsed), text.begin() + size);
    if (parsed.error() != Errc::kTruncated) throw_error(parsed.error(), "WebSocket handshake");
    if (size >= kHttpSizeMax) throw_error(Errc::kTooLarge, "WebSocket handshake");
    if (size == text.size()) text.resize(std::min(2 * size, kHttpSizeMax));
  }
}

bool has_token(const Fields& fields, http::field name, std::string_view token) {
  const auto values = fields.equal_range(name);
  return std::any_of(values.first, values.second, [&](const auto& field) {
    return http::token_list(field.value()).exists(boost::beast::string_view(token.data(), token.size()));
  });
}

bool upgrades(const Fields& fields) {
  return has_token(fields, http::field::upgrade, "websocket") &&
         has_token(fields, http::field::connection, "upgrade");
}

std::string text_of(const Fields& fields, http::field name) {
  const auto value = fields[name];
  return std::string(value.data(), value.size());
}

// What is wrong with a request, as the status line of the answer; empty: nothing.
std::string_view complaint(const http::request<http::empty_body>& request) {
  if (request.method() != http::verb::get || request.version() != 11 || !upgrades(request) ||
      text_of(request, http::field::sec_websocket_version) != "13") {
    return "426 Upgrade Required";
  }
  const std::string key = text_of(request, http::field::sec_websocket_key);
  return key.size() == kKeyTextSize && key.ends_with("==") ? "" : "400 Bad Request";
}

Bytes refusal(std::string_view status) {
  std::string text = "HTTP/1.1 " + std::string(status) + "\r\n";
  if (status.starts_with("426")) text += "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n";
  const std::string connection = status.starts_with("426") ? "upgrade, close" : "close";
  return to_bytes(text + "Connection: " + connection + "\r\nContent-Length: 0\r\n\r\n");
}

}  // namespace

std::string accept_value(std::string_view key) {
  return base64(sha1(as_bytes(std::string(key).append(kKeySuffix))));
}

Task<Bytes> ask_for_websocket(ByteStream& pipe, std::string host, Random& random) {
  const std::string key = base64(random.bytes<16>());
  const std::string request = "GET / HTTP/1.1\r\nHost: " + host +
                              "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: " + key +
                              "\r\nSec-WebSocket-Version: 13\r\n\r\n";
  co_await pipe.write(as_bytes(request));
  ResponseParser parser;
  Bytes rest = co_await read_header(pipe, parser);
  const auto& answer = parser.get();
  if (answer.result_int() != 101) {
    throw_error(Errc::kProtocolNotSupported,
                "no WebSocket there: HTTP status " + std::to_string(answer.result_int()));
  }
  const bool good = upgrades(answer) &&
                    text_of(answer, http::field::sec_websocket_accept) == accept_value(key) &&
                    text_of(answer, http::field::sec_websocket_extensions).empty() &&
                    text_of(answer, http::field::sec_websocket_protocol).empty();
  if (!good) throw_error(Errc::kMalformed, "WebSocket handshake");
  co_return rest;
}

Task<Bytes> answer_websocket(ByteStream& pipe, Clock& clock) {
  RequestParser parser;
  const auto rest = co_await as_result(read_header(pipe, parser));
  if (!rest) {
    const bool too_large = rest.error() == Errc::kTooLarge;
    if (too_large) co_await say_last(clock, pipe, refusal("431 Request Header Fields Too Large"));
    if (rest.error() == Errc::kMalformed) co_await say_last(clock, pipe, refusal("400 Bad Request"));
    throw_error(rest.error(), "WebSocket handshake");
  }
  if (const std::string_view status = complaint(parser.get()); !status.empty()) {
    co_await say_last(clock, pipe, refusal(status));
    throw_error(status.starts_with("426") ? Errc::kProtocolNotSupported : Errc::kMalformed,
                "WebSocket handshake");
  }
  const std::string answer =
      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
      "Sec-WebSocket-Accept: " +
      accept_value(text_of(parser.get(), http::field::sec_websocket_key)) + "\r\n\r\n";
  co_await pipe.write(as_bytes(answer));
  co_return *rest;
}

}  // namespace warren::websocket
