#include "app/config_section.hpp"

#include "app/byte_count.hpp"
#include "app/near_names.hpp"

namespace warren::app {

void Section::text(std::string_view key, std::string& value) {
  const toml::node* node = take(key);
  if (node == nullptr) return;
  if (!node->is_string()) fail(*node, key, "is not a text in quotes");
  value = node->as_string()->get();
}

void Section::flag(std::string_view key, bool& value) {
  const toml::node* node = take(key);
  if (node == nullptr) return;
  if (!node->is_boolean()) fail(*node, key, "is neither true nor false");
  value = node->as_boolean()->get();
}

void Section::seconds(std::string_view key, Duration& value, double least, double most) {
  const toml::node* node = take(key);
  if (node == nullptr) return;
  const auto number = node->value<double>();
  if (!number || !(*number >= least && *number <= most))
    fail(*node, key, fmt::format("is not a number from {} to {}", least, most));
  value = std::chrono::duration_cast<Duration>(std::chrono::duration<double>(*number));
}

void Section::whole_number(std::string_view key, std::size_t& value) {
  const toml::node* node = take(key);
  if (node == nullptr) return;
  if (!node->is_integer() || node->as_integer()->get() < 1) fail(*node, key, "is not a whole number above 0");
  value = static_cast<std::size_t>(node->as_integer()->get());
}

void Section::byte_count(std::string_view key, std::uint64_t& value) {
  const toml::node* node = take(key);
  if (node == nullptr) return;
  std::optional<std::uint64_t> number;
  if (node->is_string()) number = parse_byte_count(node->as_string()->get());
  if (node->is_integer() && node->as_integer()->get() >= 0)
    number = static_cast<std::uint64_t>(node->as_integer()->get());
  if (!number) fail(*node, key, "is no number of bytes, as 131072 or \"128KiB\"");
  value = *number;
}

void Section::texts(std::string_view key, std::vector<std::string>& values,
                    bool (*is_valid)(std::string_view), std::string_view wrong) {
  texts(key, values);
  if (!std::ranges::all_of(values, is_valid)) fail(key, wrong);
}

void Section::texts(std::string_view key, std::vector<std::string>& values) {
  const toml::node* node = take(key);
  if (node == nullptr) return;
  if (!node->is_array()) fail(*node, key, "is not a list of texts in [ ]");
  values.clear();
  for (const toml::node& item : *node->as_array()) {
    if (!item.is_string()) fail(item, key, "has an item that is not a text in quotes");
    values.push_back(item.as_string()->get());
  }
}

void Section::choices(std::string_view key, std::vector<std::string>& values,
                      const std::vector<std::string>& known) {
  const toml::node* node = take(key);
  if (node == nullptr) return;
  const std::string wanted =
      fmt::format("is not a list in [ ] of some of \"{}\"", fmt::join(known, "\", \""));
  if (!node->is_array() || node->as_array()->empty()) fail(*node, key, wanted);
  values.clear();
  for (const toml::node& item : *node->as_array()) {
    const std::string text = item.is_string() ? item.as_string()->get() : "";
    const bool again = std::ranges::find(values, text) != values.end();
    if (again || std::ranges::find(known, text) == known.end()) fail(item, key, wanted);
    values.push_back(text);
  }
}

void Section::flag_or_auto(std::string_view key, std::optional<bool>& value) {
  const toml::node* node = take(key);
  if (node == nullptr) return;
  if (node->is_boolean()) {
    value = node->as_boolean()->get();
  } else if (node->is_string() && node->as_string()->get() == "auto") {
    value.reset();
  } else {
    fail(*node, key, "is neither \"auto\" nor true nor false");
  }
}

void Section::addresses(std::string_view key, std::vector<Multiaddr>& values, Parser parse) {
  const toml::node* node = take(key);
  if (node == nullptr) return;
  if (!node->is_array()) fail(*node, key, "is not a list of multiaddrs in [ ]");
  values.clear();
  for (const toml::node& item : *node->as_array()) {
    if (!item.is_string()) fail(item, key, "has an item that is not a text in quotes");
    values.push_back(parse(item.as_string()->get(), fmt::format("{}: `{}`", place(item), full(key))));
  }
}

void Section::file(std::string_view key, std::filesystem::path& value) {
  std::string name;
  text(key, name);
  if (!name.empty()) value = file_.parent_path() / name;
}

void Section::files(std::string_view key, std::vector<std::filesystem::path>& values) {
  const toml::node* node = take(key);
  if (node == nullptr) return;
  if (!node->is_array()) fail(*node, key, "is not a list of files in [ ]");
  for (const toml::node& item : *node->as_array()) {
    if (!item.is_string()) fail(item, key, "has an item that is not a text in quotes");
    values.push_back(file_.parent_path() / item.as_string()->get());
  }
}

Section Section::section(std::string_view key) {
  static const toml::table kEmpty;
  const toml::node* node = take(key);
  if (node != nullptr && !node->is_table()) fail(*node, key, "is not a [section]");
  return {file_, node == nullptr ? kEmpty : *node->as_table(), full(key) + "."};
}

void Section::fail(const toml::node& node, std::string_view key, std::string_view what) const {
  throw Failure(ExitStatus::kFailed, fmt::format("{}: `{}` {}; correct it", place(node), full(key), what));
}

void Section::refuse_unknown() const {
  for (const auto& [key, node] : table_) {
    const std::string name(key.str());
    if (taken_.contains(name)) continue;
    std::vector<std::string> known;
    for (const auto& [taken, _] : taken_) known.push_back(taken);
    const std::vector<std::string> near = near_names(name, known);
    const std::string advice = near.empty()
                                   ? "remove it or correct its name"
                                   : fmt::format("correct its name to `{}`", fmt::join(near, "`, `"));
    throw Failure(ExitStatus::kFailed, fmt::format("{}:{}: there is no setting `{}`; {}", file_.string(),
                                                   key.source().begin.line, full(name), advice));
  }
}

const toml::node* Section::take(std::string_view key) {
  const toml::node* node = table_.get(key);
  taken_[std::string(key)] = node;
  return node;
}

std::string Section::place(const toml::node& node) const {
  return fmt::format("{}:{}", file_.string(), node.source().begin.line);
}

}  // namespace warren::app
