#include "warren/security/pnet/key_file.hpp"

#include <algorithm>

#include "warren/multiformats/multibase.hpp"

namespace warren::pnet {

namespace {

constexpr std::string_view kHeader = "/key/swarm/psk/1.0.0/";

// The text up to the next newline, without it and without a carriage return; `text` is left with the rest.
std::string_view take_line(std::string_view& text) {
  const std::size_t end = text.find('\n');
  std::string_view line = text.substr(0, end);
  text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

// Base64 of RFC 4648, with padding: the alphabet differs from base64url's in two characters.
Result<Bytes> from_base64(std::string_view text) {
  std::string url(text.substr(0, text.find('=')));
  std::ranges::replace(url, '+', '-');
  std::ranges::replace(url, '/', '_');
  return multibase_decode("u" + url);
}

Result<Bytes> decode(std::string_view encoding, std::string_view rest) {
  if (encoding == "/bin/") return to_bytes(rest);
  const std::string_view line = take_line(rest);
  if (encoding == "/base16/") return from_hex(line);
  if (encoding == "/base64/") return from_base64(line);
  return fail(Errc::kBadEncoding);
}

}  // namespace

Result<PreSharedKey> parse_key_file(std::string_view text) {
  if (take_line(text) != kHeader) return fail(Errc::kBadEncoding);
  const std::string_view encoding = take_line(text);
  const auto bytes = decode(encoding, text);
  if (!bytes) return fail(bytes.error());
  PreSharedKey key;
  if (bytes->size() != key.size()) return fail(Errc::kBadKey);
  std::ranges::copy(*bytes, key.begin());
  return key;
}

std::string format_key_file(const PreSharedKey& key) {
  return std::string(kHeader) + "\n/base16/\n" + to_hex(key) + "\n";
}

}  // namespace warren::pnet
