#include "warren/protocols/stun/probe_message.hpp"

#include <doctest/doctest.h>

#include "warren/core/test_values.hpp"

using namespace warren;
using namespace warren::stun;
using namespace warren::testing;

TEST_CASE("a request says nothing, or what is to be sent where") {
  CHECK(encode(ProbeRequest{}).empty());
  CHECK(decode_probe_request({}) == ProbeRequest{});

  ProbeRequest request{ProbeRequest::Probe{
      .token = {1, 2}, .target = {IpAddress::v4({192, 0, 2, 1}), 4001}, .from_alternate = true}};
  CHECK(to_hex(encode(request)) == "0a0c0102000000000000000000001204c000020118a11f2001");
  CHECK(decode_probe_request(encode(request)) == request);
  request.probe->target.address = IpAddress::v6({0x20, 1});
  request.probe->from_alternate = false;
  CHECK(decode_probe_request(encode(request)) == request);
  // The datagram that it causes is smaller than itself.
  const Message datagram{.kind = Class::kIndication, .id = {1, 2}, .software = {}};
  CHECK(encode(datagram).size() < encode(request).size());
}

TEST_CASE("requests that mean nothing are refused") {
  for (const std::string_view bytes : {
           "0a0b01020000000000000000001204c000020118a11f",        // a short token
           "0a0c010200000000000000000000",                        // no target
           "0a0c0102000000000000000000001204c0000201",            // no port
           "0a0c0102000000000000000000001203c0000218a11f",        // an address of three bytes
           "0a0c0102000000000000000000001204c000020118a18f04",    // a port over 65535
           "0a0c0102000000000000000000001204c000020118a11f2002",  // from a third port
           "1204c000020118a11f",                                  // no token
           "0a0c0102",                                            // cut off
       }) {
    CAPTURE(bytes);
    CHECK_FALSE(decode_probe_request(hex(bytes)));
  }
  CHECK(decode_probe_request(Bytes(kProbeRequestSizeMax + 1)).error() == Errc::kTooLarge);
  CHECK(decode_probe_response(Bytes(kProbeResponseSizeMax + 1)).error() == Errc::kTooLarge);
}

TEST_CASE("a response tells what became of it, and where STUN is served") {
  ProbeResponse response{.status = ProbeStatus::kRateLimited,
                         .offers = {{.address = std::nullopt, .port = 4001, .alternate_port = 4002},
                                    {.address = IpAddress::v6({0x20, 1}), .port = 4001}}};
  CHECK(decode_probe_response(encode(response)) == response);
  // A status of a later version is no success; too many offers are left out.
  CHECK(decode_probe_response(hex("0807"))->status == ProbeStatus::kRefused);
  CHECK(decode_probe_response({})->status == ProbeStatus::kRefused);
  response.offers.assign(12, {.address = std::nullopt, .port = 1});
  CHECK(decode_probe_response(encode(response))->offers.size() == kOffersMax);
  CHECK_FALSE(decode_probe_response(hex("08011200")));  // an offer without a port
}
