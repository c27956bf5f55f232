#include "warren/broadcast/topic.hpp"

namespace warren {
namespace {

constexpr std::size_t kNameMax = 128;

// The length of the UTF-8 character that begins here, by its first byte; 0: none does.
std::size_t length_of(std::uint8_t lead) {
  if (lead < 0x80) return 1;
  if (lead >= 0xc2 && lead <= 0xdf) return 2;
  if (lead >= 0xe0 && lead <= 0xef) return 3;
  if (lead >= 0xf0 && lead <= 0xf4) return 4;
  return 0;
}

// Takes a character off the front; std::nullopt: that is no UTF-8 (RFC 3629 section 4).
std::optional<std::uint32_t> take_character(std::string_view& text) {
  const auto lead = static_cast<std::uint8_t>(text.front());
  const std::size_t length = length_of(lead);
  if (length == 0 || length > text.size()) return std::nullopt;
  std::uint32_t character = length == 1 ? lead : lead & (0x7fu >> length);
  for (std::size_t i = 1; i < length; ++i) {
    const auto byte = static_cast<std::uint8_t>(text[i]);
    if ((byte & 0xc0) != 0x80) return std::nullopt;
    character = character << 6 | (byte & 0x3f);
  }
  constexpr std::uint32_t kSmallest[] = {0, 0, 0x80, 0x800, 0x10000};
  const bool is_surrogate = character >= 0xd800 && character <= 0xdfff;
  if (character < kSmallest[length] || character > 0x10ffff || is_surrogate) return std::nullopt;
  text.remove_prefix(length);
  return character;
}

bool is_control(std::uint32_t character) {
  return character < 0x20 || (character >= 0x7f && character <= 0x9f);
}

}  // namespace

bool is_topic_name(std::string_view name) {
  if (name.empty() || name.size() > kNameMax) return false;
  while (!name.empty()) {
    const auto character = take_character(name);
    if (!character || is_control(*character)) return false;
  }
  return true;
}

std::string wire_topic(TopicKind kind, std::string_view network, std::string_view name) {
  if (kind == TopicKind::kPlain) return std::string(name);
  return "/warren/" + std::string(network) + "/topic/" + std::string(name);
}

bool is_topic_name(TopicKind kind, std::string_view name) {
  return is_topic_name(name) && (kind == TopicKind::kWarren || !name.starts_with("/warren/"));
}

}  // namespace warren
