// IPNS records, whoever signed them, and what they are made of: CBOR and times.

#include "warren/protocols/kad/wire/ipns_record.hpp"

#include "warren/base/assert.hpp"
#include "warren/protocols/kad/wire/cbor_reader.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace warren;
  using namespace warren::kad;
  const BytesView input(data, size);
  if (const auto record = IpnsRecord::decode(input)) {
    WARREN_ASSERT(size <= kIpnsRecordSizeMax && !record->data.empty() && !record->signature.empty());
    WARREN_ASSERT(record->valid_until.nanoseconds < 1'000'000);
  }
  CborReader reader(input);
  reader.skip();
  if (reader.finish()) WARREN_ASSERT(size > 0);
  const auto time = parse_rfc3339(as_text(input));
  WARREN_ASSERT(!time || size >= 20);
  return 0;
}
