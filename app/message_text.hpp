// Payloads of others, shown to people and to programs.
#pragma once

#include <string>
#include <string_view>

#include "app/json.hpp"

namespace warren::app {

// "text" when it is UTF-8, else "base64".
void add_payload(JsonObject& line, std::string_view payload);

// Lines that are indented, so that a text cannot look like what stands above it; bytes by their number.
std::string payload_text(std::string_view payload);

}  // namespace warren::app
