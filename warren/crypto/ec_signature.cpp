#include "warren/crypto/ec_signature.hpp"

#include <algorithm>

#include "warren/crypto/der.hpp"

namespace warren {
namespace {

constexpr std::size_t kNumberSize = 32;

void read_number(Reader& reader, std::span<std::uint8_t, kNumberSize> number) {
  const BytesView digits = read_der_unsigned(reader);
  if (digits.size() > number.size()) {
    reader.fail(Errc::kMalformed);
    return;
  }
  std::ranges::copy(digits, number.end() - static_cast<std::ptrdiff_t>(digits.size()));
}

}  // namespace

Bytes ec_signature_to_der(const EcSignature& signature) {
  Writer numbers;
  write_der_unsigned(numbers, BytesView(signature).first(kNumberSize));
  write_der_unsigned(numbers, BytesView(signature).last(kNumberSize));
  Writer der;
  write_der(der, DerTag::kSequence, numbers.view());
  return der.take();
}

Result<EcSignature> ec_signature_from_der(BytesView der) {
  EcSignature signature{};
  Reader outer(der);
  Reader numbers(read_der(outer, DerTag::kSequence));
  const auto parts = std::span(signature);
  read_number(numbers, parts.first<kNumberSize>());
  read_number(numbers, parts.last<kNumberSize>());
  if (!outer.finish() || !numbers.finish()) return fail(Errc::kMalformed);
  return signature;
}

}  // namespace warren
