#include "app/json.hpp"

#include <nlohmann/json.hpp>

namespace warren::app {
namespace {

std::string dump(const nlohmann::json& value) {
  return value.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace

JsonObject& JsonObject::add(std::string_view key, std::string_view json) {
  if (!members_.empty()) members_ += ",";
  members_ += dump(key);
  members_ += ":";
  members_ += json;
  return *this;
}

JsonObject& JsonObject::text(std::string_view key, std::string_view value) {
  return add(key, dump(value));
}

JsonObject& JsonObject::text_or_null(std::string_view key, std::string_view value) {
  return value.empty() ? null(key) : text(key, value);
}

JsonObject& JsonObject::number(std::string_view key, std::int64_t value) {
  return add(key, dump(value));
}

JsonObject& JsonObject::real(std::string_view key, double value) {
  return add(key, dump(value));
}

JsonObject& JsonObject::flag(std::string_view key, bool value) {
  return add(key, dump(value));
}

JsonObject& JsonObject::texts(std::string_view key, const std::vector<std::string>& values) {
  return add(key, dump(values));
}

JsonObject& JsonObject::numbers(std::string_view key, const std::vector<std::int64_t>& values) {
  return add(key, dump(values));
}

JsonObject& JsonObject::object(std::string_view key, const JsonObject& value) {
  return add(key, value.to_string());
}

JsonObject& JsonObject::null(std::string_view key) {
  return add(key, "null");
}

JsonObject& JsonObject::number_or_null(std::string_view key, std::optional<std::int64_t> value) {
  return value ? number(key, *value) : null(key);
}

JsonObject& JsonObject::real_or_null(std::string_view key, std::optional<double> value) {
  return value ? real(key, *value) : null(key);
}

JsonObject& JsonObject::flag_or_null(std::string_view key, std::optional<bool> value) {
  return value ? flag(key, *value) : null(key);
}

JsonObject& JsonObject::objects(std::string_view key, const std::vector<JsonObject>& values) {
  return add(key, list(values));
}

std::string JsonObject::list(const std::vector<JsonObject>& values) {
  std::string text;
  for (const JsonObject& value : values) text += (text.empty() ? "" : ",") + value.to_string();
  return "[" + text + "]";
}

}  // namespace warren::app
