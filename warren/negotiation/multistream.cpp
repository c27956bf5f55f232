#include "warren/negotiation/multistream.hpp"

#include <algorithm>

#include "warren/base/assert.hpp"
#include "warren/base/writer.hpp"

namespace warren::multistream {
namespace {

constexpr std::string_view kRefusal = "na";
constexpr std::string_view kList = "ls";

// The answer to `ls`: all the names, each as a message, inside one message.
Bytes encode_list(const std::vector<ProtocolId>& protocols) {
  Bytes names;
  for (const ProtocolId& protocol : protocols) append(names, encode(protocol));
  return encode(as_text(names));
}

Task<void> read_header(ByteStream& stream) {
  const std::string header = co_await read_message(stream);
  if (header != kHeader) throw_error(Errc::kMalformed, "the peer does not speak multistream-select");
}

// Both forms of respond(): `list` is null where `ls` is refused.
Task<ProtocolId> respond_with(ByteStream& stream, std::function<bool(const ProtocolId&)> supports,
                              const std::vector<ProtocolId>* list) {
  co_await read_header(stream);
  const Bytes header = encode(kHeader);
  co_await stream.write(header);
  for (int proposals = 0; proposals < kProposalsMax; ++proposals) {
    const ProtocolId proposal = co_await read_message(stream);
    if (supports(proposal)) {
      const Bytes agreement = encode(proposal);
      co_await stream.write(agreement);
      co_return proposal;
    }
    const Bytes answer = list && proposal == kList ? encode_list(*list) : encode(kRefusal);
    co_await stream.write(answer);
  }
  throw_error(Errc::kLimitReached, "too many proposals on one stream");
}

}  // namespace

Bytes encode(std::string_view text) {
  Writer writer;
  writer.varint(text.size() + 1).bytes(as_bytes(text)).u8('\n');
  return writer.take();
}

Task<std::string> read_message(ByteStream& stream) {
  const Bytes message = co_await read_delimited(stream, kMessageSizeMax);
  if (message.empty() || message.back() != '\n') throw_error(Errc::kMalformed, "no newline");
  co_return to_text(BytesView(message).first(message.size() - 1));
}

Task<ProtocolId> propose(ByteStream& stream, std::vector<ProtocolId> protocols) {
  WARREN_ASSERT(!protocols.empty());
  Bytes hello = encode(kHeader);
  append(hello, encode(protocols.front()));
  co_await stream.write(hello);
  co_await read_header(stream);
  for (std::size_t i = 0; i < protocols.size(); ++i) {
    if (i > 0) {
      const Bytes proposal = encode(protocols[i]);
      co_await stream.write(proposal);
    }
    const std::string answer = co_await read_message(stream);
    if (answer == protocols[i]) co_return protocols[i];
    if (answer != kRefusal) throw_error(Errc::kMalformed, "the answer is not the name that was proposed");
  }
  throw_error(Errc::kProtocolNotSupported);
}

Task<ProtocolId> respond(ByteStream& stream, std::vector<ProtocolId> supported) {
  const auto supports = [&supported](const ProtocolId& protocol) {
    return std::ranges::find(supported, protocol) != supported.end();
  };
  std::function<bool(const ProtocolId&)> predicate = supports;
  co_return co_await respond_with(stream, std::move(predicate), &supported);
}

Task<ProtocolId> respond(ByteStream& stream, std::function<bool(const ProtocolId&)> supports) {
  return respond_with(stream, std::move(supports), nullptr);
}

}  // namespace warren::multistream
