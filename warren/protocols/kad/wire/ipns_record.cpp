#include "warren/protocols/kad/wire/ipns_record.hpp"

#include <set>

#include "warren/base/protobuf_wire.hpp"
#include "warren/protocols/kad/wire/cbor_reader.hpp"

namespace warren::kad {
namespace {

constexpr std::string_view kSignaturePrefix = "ipns-signature:";
constexpr std::uint64_t kEndOfLife = 0;  // the only kind of validity there is
// Own additions of who made it are allowed; 10 KiB would hold thousands.
constexpr std::uint64_t kDataFieldsMax = 64;

// The IpnsEntry message. The first five fields and the first signature are those of V1, which today's records
// may repeat for old readers.
struct Entry {
  BytesView value, validity, old_signature, public_key, signature, data;
  std::uint64_t validity_type = kEndOfLife, sequence = 0, ttl = 0;
};

// What is signed.
struct Data {
  BytesView value, validity;
  std::uint64_t validity_type = kEndOfLife, sequence = 0, ttl = 0;
};

Result<Entry> read_entry(BytesView bytes) {
  Entry entry;
  ProtobufReader reader(bytes, ProtobufForm::kLenient);
  while (reader.next()) {
    switch (reader.field()) {
      case 1: entry.value = reader.bytes(); break;
      case 2: entry.old_signature = reader.bytes(); break;
      case 3: entry.validity_type = reader.varint(); break;
      case 4: entry.validity = reader.bytes(); break;
      case 5: entry.sequence = reader.varint(); break;
      case 6: entry.ttl = reader.varint(); break;
      case 7: entry.public_key = reader.bytes(); break;
      case 8: entry.signature = reader.bytes(); break;
      case 9: entry.data = reader.bytes(); break;
      default: break;
    }
  }
  if (const auto end = reader.finish(); !end) return fail(end.error());
  if (entry.signature.empty() || entry.data.empty()) return fail(Errc::kMalformed);
  return entry;
}

// In any order, since not every implementation sorts as DAG-CBOR demands, but nothing twice.
Result<Data> read_data(BytesView bytes) {
  Data data;
  std::set<std::string_view> seen;
  CborReader reader(bytes);
  const std::uint64_t pairs = reader.map();
  if (pairs > kDataFieldsMax) return fail(Errc::kTooLarge);
  for (std::uint64_t i = 0; i < pairs && reader.ok(); ++i) {
    const std::string_view name = reader.text();
    if (!seen.insert(name).second) reader.fail(Errc::kMalformed);
    if (name == "Value") {
      data.value = reader.bytes();
    } else if (name == "Validity") {
      data.validity = reader.bytes();
    } else if (name == "ValidityType") {
      data.validity_type = reader.number();
    } else if (name == "Sequence") {
      data.sequence = reader.number();
    } else if (name == "TTL") {
      data.ttl = reader.number();
    } else {
      reader.skip();
    }
  }
  if (const auto end = reader.finish(); !end) return fail(end.error());
  for (const char* name : {"Value", "Validity", "ValidityType", "Sequence"}) {
    if (!seen.contains(name)) return fail(Errc::kMalformed);
  }
  return data;
}

bool says_the_same(const Entry& entry, const Data& data) {
  return equal(entry.value, data.value) && equal(entry.validity, data.validity) &&
         entry.validity_type == data.validity_type && entry.sequence == data.sequence &&
         entry.ttl == data.ttl;
}

}  // namespace

Result<IpnsRecord> IpnsRecord::decode(BytesView bytes) {
  if (bytes.size() > kIpnsRecordSizeMax) return fail(Errc::kTooLarge);
  const auto entry = read_entry(bytes);
  if (!entry) return fail(entry.error());
  const auto data = read_data(entry->data);
  if (!data) return fail(data.error());
  if (data->validity_type != kEndOfLife) return fail(Errc::kUnsupported);
  const bool has_old_fields = !entry->old_signature.empty() || !entry->value.empty();
  if (has_old_fields && !says_the_same(*entry, *data)) return fail(Errc::kMalformed);
  const auto valid_until = parse_rfc3339(as_text(data->validity));
  if (!valid_until) return fail(valid_until.error());
  return IpnsRecord{.value = to_bytes(data->value),
                    .valid_until = *valid_until,
                    .sequence = data->sequence,
                    .ttl_ns = data->ttl,
                    .public_key = to_bytes(entry->public_key),
                    .signature = to_bytes(entry->signature),
                    .data = to_bytes(entry->data)};
}

Result<> IpnsRecord::verify(const PeerId& name) const {
  std::optional<PublicKey> key = name.public_key();
  if (!public_key.empty()) {
    auto sent = PublicKey::from_protobuf(public_key);
    if (!sent) return fail(sent.error());
    if (!name.matches(*sent)) return fail(Errc::kPeerIdMismatch);
    key = std::move(*sent);
  }
  if (!key) return fail(Errc::kBadKey);
  Bytes message = to_bytes(kSignaturePrefix);
  append(message, data);
  return key->verify(message, signature) ? Result<>{} : fail(Errc::kBadSignature);
}

}  // namespace warren::kad
