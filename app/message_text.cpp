#include "app/message_text.hpp"

#include <fmt/format.h>

#include "app/text.hpp"

namespace warren::app {

void add_payload(JsonObject& line, std::string_view payload) {
  if (is_utf8(payload)) {
    line.text("text", payload);
  } else {
    line.text("base64", base64(as_bytes(payload)));
  }
}

std::string payload_text(std::string_view payload) {
  if (!is_utf8(payload))
    return fmt::format("    ({}, not text: --json has them in base64)\n", size_text(payload.size()));
  std::string text = printable(payload);
  if (text.ends_with('\n')) text.pop_back();
  for (std::size_t at = text.find('\n'); at != std::string::npos; at = text.find('\n', at + 5)) {
    text.insert(at + 1, "    ");
  }
  return fmt::format("    {}\n", text);
}

}  // namespace warren::app
