// A JSON object that is printed as one line, members in the order in which they were given.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace warren::app {

class JsonObject {
 public:
  // Invalid UTF-8 in a text becomes U+FFFD.
  JsonObject& text(std::string_view key, std::string_view value);
  JsonObject& text_or_null(std::string_view key, std::string_view value);  // null when empty
  JsonObject& number(std::string_view key, std::int64_t value);
  JsonObject& real(std::string_view key, double value);
  JsonObject& flag(std::string_view key, bool value);
  JsonObject& texts(std::string_view key, const std::vector<std::string>& values);
  JsonObject& numbers(std::string_view key, const std::vector<std::int64_t>& values);
  JsonObject& object(std::string_view key, const JsonObject& value);
  JsonObject& null(std::string_view key);
  JsonObject& number_or_null(std::string_view key, std::optional<std::int64_t> value);
  JsonObject& real_or_null(std::string_view key, std::optional<double> value);
  JsonObject& flag_or_null(std::string_view key, std::optional<bool> value);
  JsonObject& objects(std::string_view key, const std::vector<JsonObject>& values);

  std::string to_string() const { return "{" + members_ + "}"; }
  // "[{...},{...}]"
  static std::string list(const std::vector<JsonObject>& values);

 private:
  JsonObject& add(std::string_view key, std::string_view json);

  std::string members_;
};

}  // namespace warren::app
