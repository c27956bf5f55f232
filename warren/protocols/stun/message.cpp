#include "warren/protocols/stun/message.hpp"

#include <algorithm>

#include "warren/base/reader.hpp"
#include "warren/base/writer.hpp"

namespace warren::stun {

namespace {

constexpr std::uint32_t kCookie = 0x2112A442;
constexpr std::uint16_t kBindingMethod = 0x001;
constexpr std::uint32_t kFingerprintMask = 0x5354554e;
constexpr std::size_t kFingerprintSize = 8;  // with its header

enum Attribute : std::uint16_t {
  kMappedAddress = 0x0001,
  kResponseAddress = 0x0002,  // this and others of RFC 3489: some servers still send them
  kSourceAddress = 0x0004,
  kChangedAddress = 0x0005,
  kUsername = 0x0006,
  kPassword = 0x0007,
  kMessageIntegrity = 0x0008,
  kErrorCode = 0x0009,
  kUnknownAttributes = 0x000a,
  kReflectedFrom = 0x000b,
  kRealm = 0x0014,
  kNonce = 0x0015,
  kMessageIntegritySha256 = 0x001c,
  kPasswordAlgorithm = 0x001d,
  kUserhash = 0x001e,
  kXorMappedAddress = 0x0020,
  kSoftwareName = 0x8022,
  kFingerprint = 0x8028,
  kResponseOrigin = 0x802b,
  kOtherAddress = 0x802c,
  kComprehensionOptional = 0x8000,  // from here on
};

constexpr std::uint8_t kFamilyIp4 = 1;
constexpr std::uint8_t kFamilyIp6 = 2;
constexpr std::uint32_t kChangeAddressFlag = 0x4;
constexpr std::uint32_t kChangePortFlag = 0x2;

// The type's bits: two of the class lie between those of the method.
std::uint16_t type_of(Class kind) {
  const auto bits = static_cast<std::uint16_t>(kind);
  return static_cast<std::uint16_t>(kBindingMethod | (bits & 1) << 4 | (bits & 2) << 7);
}

std::size_t padded(std::size_t size) {
  return (size + 3) / 4 * 4;
}

// CRC-32 of ISO 3309, as RFC 8489, section 14.7 wants it.
std::uint32_t crc32(BytesView bytes) {
  std::uint32_t crc = 0xffffffff;
  for (const std::uint8_t byte : bytes) {
    crc ^= byte;
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0xedb88320 : 0);
  }
  return ~crc;
}

// With what XOR-MAPPED-ADDRESS hides an address from routers that rewrite what looks like one.
std::array<std::uint8_t, 16> mask_of(const TransactionId& id) {
  std::array<std::uint8_t, 16> mask{0x21, 0x12, 0xa4, 0x42};
  std::ranges::copy(id, mask.begin() + 4);
  return mask;
}

Bytes encode_address(const Endpoint& endpoint) {
  return Writer()
      .u8(0)
      .u8(endpoint.address.is_v4() ? kFamilyIp4 : kFamilyIp6)
      .u16(endpoint.port)
      .bytes(endpoint.address.bytes())
      .take();
}

void apply_mask(MutableBytes value, const TransactionId& id) {
  const auto mask = mask_of(id);
  for (std::size_t i = 0; i < 2; ++i) value[2 + i] ^= mask[i];
  for (std::size_t i = 4; i < value.size(); ++i) value[i] ^= mask[i - 4];
}

Result<Endpoint> decode_address(BytesView value) {
  Reader reader(value);
  reader.u8();
  const std::uint8_t family = reader.u8();
  const std::uint16_t port = reader.u16();
  const std::size_t size = reader.remaining();
  if (!reader.ok()) return fail(Errc::kMalformed);
  if (!(family == kFamilyIp4 && size == 4) && !(family == kFamilyIp6 && size == 16)) {
    return fail(Errc::kMalformed);
  }
  const auto address = IpAddress::from_bytes(reader.rest());
  if (!address) return fail(address.error());
  return Endpoint{*address, port};
}

void write_attribute(Writer& to, Attribute type, BytesView value) {
  static constexpr std::array<std::uint8_t, 3> kZeros{};
  to.u16(type).u16(static_cast<std::uint16_t>(value.size())).bytes(value);
  to.bytes(BytesView(kZeros).first(padded(value.size()) - value.size()));
}

Bytes encode_error(const ErrorCode& error) {
  return Writer()
      .u16(0)
      .u8(static_cast<std::uint8_t>(error.code / 100))
      .u8(static_cast<std::uint8_t>(error.code % 100))
      .bytes(as_bytes(error.reason))
      .take();
}

void set_size(Bytes& message, std::size_t size) {
  message[2] = static_cast<std::uint8_t>(size >> 8);
  message[3] = static_cast<std::uint8_t>(size);
}

// What others wrote will be shown and logged.
std::string printable(BytesView text) {
  std::string clean = to_text(text.first(std::min(text.size(), kSoftwareSizeMax)));
  std::erase_if(clean, [](unsigned char c) { return c < 0x20 || c >= 0x7f; });
  return clean;
}

// One message under way from bytes to fields.
class Decoder {
 public:
  explicit Decoder(BytesView bytes) : bytes_(bytes), reader_(bytes) {}

  Result<Message> run() {
    if (auto header = read_header(); !header) return fail(header.error());
    while (reader_.ok() && reader_.remaining() > 0) {
      if (message_.fingerprint) return fail(Errc::kMalformed);  // it is the last one
      const std::uint16_t type = reader_.u16();
      const std::size_t size = reader_.u16();
      const BytesView value = reader_.bytes(size);
      reader_.bytes(padded(size) - size);
      if (reader_.ok()) take(type, value);
    }
    if (auto end = reader_.finish(); !end) return fail(end.error());
    return std::move(message_);
  }

 private:
  Result<> read_header() {
    if (bytes_.size() > kMessageSizeMax) return fail(Errc::kTooLarge);
    const std::uint16_t type = reader_.u16();
    const std::size_t size = reader_.u16();
    const std::uint32_t cookie = reader_.u32();
    const BytesView id = reader_.bytes(message_.id.size());
    if (!reader_.ok()) return fail(reader_.error());
    if (type >> 14 != 0 || size % 4 != 0 || size != reader_.remaining()) return fail(Errc::kMalformed);
    message_.kind = static_cast<Class>((type >> 4 & 1) | (type >> 7 & 2));
    if (cookie != kCookie || type != type_of(message_.kind)) return fail(Errc::kUnsupported);
    std::ranges::copy(id, message_.id.begin());
    return {};
  }

  void take(std::uint16_t type, BytesView value) {
    if (type == kFingerprint) return take_fingerprint(value);
    if (signed_) return;
    switch (type) {
      case kMappedAddress: return take_address(message_.mapped, value, false);
      case kXorMappedAddress: return take_address(message_.xor_mapped, value, true);
      case kResponseOrigin: return take_address(message_.origin, value, false);
      case kOtherAddress: return take_address(message_.other, value, false);
      case kChangeRequestType: return take_change(value);
      case kErrorCode: return take_error(value);
      case kUnknownAttributes: return take_unknown_attributes(value);
      case kSoftwareName:
        if (message_.software.empty()) message_.software = printable(value);
        return;
      case kMessageIntegrity:
      case kMessageIntegritySha256: signed_ = true; return;
      case kResponseAddress:
      case kSourceAddress:
      case kChangedAddress:
      case kUsername:
      case kPassword:
      case kReflectedFrom:
      case kRealm:
      case kNonce:
      case kPasswordAlgorithm:
      case kUserhash: return;
      default: break;
    }
    auto& list = message_.not_understood;
    if (type < kComprehensionOptional && list.size() < kUnknownAttributesMax) list.push_back(type);
  }

  void take_address(std::optional<Endpoint>& field, BytesView value, bool masked) {
    Bytes bytes = to_bytes(value);
    if (masked && bytes.size() >= 4 && bytes.size() <= 20) apply_mask(bytes, message_.id);
    const auto endpoint = decode_address(bytes);
    if (!endpoint) return reader_.fail(Errc::kMalformed);
    if (!field) field = *endpoint;
  }

  void take_change(BytesView value) {
    Reader flags(value);
    const std::uint32_t bits = flags.u32();
    if (!flags.finish()) return reader_.fail(Errc::kMalformed);
    if (message_.change) return;
    message_.change =
        ChangeRequest{.address = (bits & kChangeAddressFlag) != 0, .port = (bits & kChangePortFlag) != 0};
  }

  void take_error(BytesView value) {
    Reader error(value);
    error.u16();
    const int hundreds = error.u8() & 7;
    const int rest = error.u8();
    if (!error.ok() || hundreds < 3 || hundreds > 6 || rest > 99) return reader_.fail(Errc::kMalformed);
    if (!message_.error) message_.error = ErrorCode{hundreds * 100 + rest, printable(error.rest())};
  }

  void take_unknown_attributes(BytesView value) {
    if (value.size() % 2 != 0) return reader_.fail(Errc::kMalformed);
    Reader types(value);
    auto& list = message_.unknown_attributes;
    while (types.remaining() > 0 && list.size() < kUnknownAttributesMax) list.push_back(types.u16());
  }

  void take_fingerprint(BytesView value) {
    Reader checksum(value);
    const std::uint32_t given = checksum.u32();
    if (!checksum.finish()) return reader_.fail(Errc::kMalformed);
    const std::size_t before = bytes_.size() - reader_.remaining() - kFingerprintSize;
    if (given != (crc32(bytes_.first(before)) ^ kFingerprintMask)) return reader_.fail(Errc::kMalformed);
    message_.fingerprint = true;
  }

  BytesView bytes_;
  Reader reader_;
  Message message_;
  bool signed_ = false;
};

}  // namespace

Bytes encode(const Message& message) {
  Writer to;
  to.u16(type_of(message.kind)).u16(0).u32(kCookie).bytes(message.id);
  if (!message.software.empty()) write_attribute(to, kSoftwareName, as_bytes(message.software));
  if (const auto& change = message.change) {
    const std::uint32_t bits =
        (change->address ? kChangeAddressFlag : 0) | (change->port ? kChangePortFlag : 0);
    const Bytes value = Writer().u32(bits).take();
    write_attribute(to, static_cast<Attribute>(kChangeRequestType), value);
  }
  if (message.xor_mapped) {
    Bytes value = encode_address(*message.xor_mapped);
    apply_mask(value, message.id);
    write_attribute(to, kXorMappedAddress, value);
  }
  if (message.mapped) write_attribute(to, kMappedAddress, encode_address(*message.mapped));
  if (message.origin) write_attribute(to, kResponseOrigin, encode_address(*message.origin));
  if (message.other) write_attribute(to, kOtherAddress, encode_address(*message.other));
  if (message.error) write_attribute(to, kErrorCode, encode_error(*message.error));
  if (!message.unknown_attributes.empty()) {
    Writer types;
    for (const std::uint16_t type : message.unknown_attributes) types.u16(type);
    write_attribute(to, kUnknownAttributes, types.view());
  }
  Bytes bytes = to.take();
  set_size(bytes, bytes.size() - kHeaderSize + (message.fingerprint ? kFingerprintSize : 0));
  if (message.fingerprint) {
    const Bytes checksum = Writer().u32(crc32(bytes) ^ kFingerprintMask).take();
    Writer last;
    write_attribute(last, kFingerprint, checksum);
    append(bytes, last.view());
  }
  return bytes;
}

Result<Message> decode(BytesView bytes) {
  return Decoder(bytes).run();
}

}  // namespace warren::stun
