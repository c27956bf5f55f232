#include "warren/protocols/autonat/dial_exchange.hpp"

namespace warren::autonat {

namespace {

Task<v2::Message> read_message(ByteStream& stream) {
  const Bytes bytes = co_await read_delimited(stream, v2::kMessageSizeMax);
  co_return value_or_throw(v2::decode(bytes), "autonat");
}

// Whole pieces: the last one may be longer than what is left.
Task<std::uint64_t> send_dial_data(ByteStream& stream, std::uint64_t wanted) {
  const Bytes piece = v2::encode(v2::DialDataResponse{Bytes(v2::kDataChunkMax)});
  std::uint64_t sent = 0;
  for (; sent < wanted; sent += v2::kDataChunkMax) co_await write_delimited(stream, piece);
  co_return sent;
}

void check_index(std::uint32_t index, std::size_t addresses) {
  if (index >= addresses) throw_error(Errc::kMalformed, "autonat: no such address");
}

}  // namespace

Task<DialExchange> request_dial(ByteStream& stream, v2::DialRequest request, bool send_data) {
  const std::size_t addresses = request.addresses.size();
  DialExchange exchange;
  const Bytes encoded = v2::encode(std::move(request));
  co_await write_delimited(stream, encoded);
  v2::Message message = co_await read_message(stream);
  if (const auto* wanted = std::get_if<v2::DialDataRequest>(&message)) {
    const std::uint64_t bytes = wanted->bytes;
    check_index(wanted->address_index, addresses);
    if (!send_data || bytes > v2::kDialDataMax) co_return exchange;
    exchange.data_sent = co_await send_dial_data(stream, bytes);
    message = co_await read_message(stream);
  }
  const auto* response = std::get_if<v2::DialResponse>(&message);
  if (response == nullptr) throw_error(Errc::kMalformed, "autonat: another answer than was due");
  if (response->status == v2::ResponseStatus::kOk) check_index(response->address_index, addresses);
  exchange.response = *response;
  co_await stream.close_write();
  co_return exchange;
}

}  // namespace warren::autonat
