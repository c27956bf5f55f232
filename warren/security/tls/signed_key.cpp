#include "warren/security/tls/signed_key.hpp"

#include "warren/base/reader.hpp"
#include "warren/base/writer.hpp"

namespace warren::tls {

namespace {

constexpr std::uint8_t kOctetString = 0x04;
constexpr std::uint8_t kSequence = 0x30;

// Tag, length, content. Lengths from 128 on take a byte that says how many bytes follow (X.690
// section 8.1.3).
void write_value(Writer& writer, std::uint8_t tag, BytesView content) {
  const std::size_t size = content.size();
  WARREN_ASSERT(size <= 0xffff);
  writer.u8(tag);
  if (size >= 0x100) {
    writer.u8(0x82).u16(static_cast<std::uint16_t>(size));
  } else {
    if (size >= 0x80) writer.u8(0x81);
    writer.u8(static_cast<std::uint8_t>(size));
  }
  writer.bytes(content);
}

BytesView read_value(Reader& reader, std::uint8_t tag) {
  if (reader.u8() != tag) reader.fail(Errc::kMalformed);
  std::size_t size = reader.u8();
  std::size_t size_min = 0;
  if (size == 0x81) {
    size = reader.u8();
    size_min = 0x80;
  } else if (size == 0x82) {
    size = reader.u16();
    size_min = 0x100;
  } else if (size >= 0x80) {
    reader.fail(Errc::kMalformed);
  }
  if (size < size_min) reader.fail(Errc::kMalformed);
  return reader.bytes(size);
}

}  // namespace

Bytes SignedKey::encode() const {
  Writer content;
  write_value(content, kOctetString, public_key);
  write_value(content, kOctetString, signature);
  Writer sequence;
  write_value(sequence, kSequence, content.view());
  return sequence.take();
}

Result<SignedKey> SignedKey::decode(BytesView der) {
  Reader outer(der);
  Reader inner(read_value(outer, kSequence));
  const BytesView public_key = read_value(inner, kOctetString);
  const BytesView signature = read_value(inner, kOctetString);
  if (!outer.finish() || !inner.finish()) return fail(Errc::kMalformed);
  return SignedKey{to_bytes(public_key), to_bytes(signature)};
}

const ASN1_OBJECT* extension_id() {
  static const openssl::Object id(OBJ_txt2obj("1.3.6.1.4.1.53594.1.1", /*no_name=*/1));
  return id.get();
}

Bytes encode_key(const X509* certificate) {
  return openssl::to_der(&i2d_X509_PUBKEY,
                         static_cast<const X509_PUBKEY*>(X509_get_X509_PUBKEY(certificate)));
}

}  // namespace warren::tls
