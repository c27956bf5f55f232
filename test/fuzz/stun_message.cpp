// STUN messages and the requests of /warren/stun: what is understood stays within the bounds and is encoded
// to what is understood the same; a server answers no more bytes than it got.

#include "warren/base/assert.hpp"
#include "warren/protocols/stun/answering.hpp"
#include "warren/protocols/stun/probe_message.hpp"

namespace warren {
namespace {

using namespace stun;

void check_message(BytesView input) {
  auto message = decode(input);
  if (!message) return;
  WARREN_ASSERT(message->not_understood.size() <= kUnknownAttributesMax);
  WARREN_ASSERT(message->unknown_attributes.size() <= kUnknownAttributesMax);
  WARREN_ASSERT(message->software.size() <= kSoftwareSizeMax);
  message->not_understood.clear();
  const auto again = decode(encode(*message));
  WARREN_ASSERT(again.has_value());
  WARREN_ASSERT(*again == *message);
}

// The same datagram until it is answered, at a server that has everything to answer from.
void ask_server(BytesView input) {
  const Instant now = Instant{} + 1h;
  Limit all("all", "", 10), per_ip("per_ip", "", 10);
  Answering answering(all, per_ip, now);
  Answering::Asked asked{.from = {IpAddress::v6({0x20, 1}), 4001}, .at = {IpAddress::v6({0x20, 2}), 3478}};
  asked.other_port = Endpoint{asked.at.address, 3479};
  asked.other_address = IpAddress::v6({0x20, 3});
  for (int i = 0; i < 4; ++i) {
    const auto reply = answering.answer(input, asked, now);
    WARREN_ASSERT(answering.bytes_answered() <= answering.bytes_received());
    if (reply) WARREN_ASSERT(decode(reply->bytes).has_value());
  }
}

void check_probe(BytesView input) {
  if (const auto request = decode_probe_request(input)) {
    WARREN_ASSERT(decode_probe_request(encode(*request)) == *request);
  }
  if (const auto response = decode_probe_response(input)) {
    WARREN_ASSERT(response->offers.size() <= kOffersMax);
    WARREN_ASSERT(decode_probe_response(encode(*response)) == *response);
  }
}

}  // namespace
}  // namespace warren

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const warren::BytesView input(data, size);
  warren::check_message(input);
  warren::ask_server(input);
  warren::check_probe(input);
  return 0;
}
