// One table of warren.toml, read strictly: for config_file.cpp alone, since toml++ comes with it.
#pragma once

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

// toml++ 3.3 asserts where some malformed files should be errors ("[[["), and a release build would go on
// with undefined behaviour: end the program instead, in the way of all errors.
#undef NDEBUG
#define TOML_ASSERT(condition) \
  (static_cast<bool>(condition) ? void() : warren::app::end_for_malformed_config())
#define TOML_EXCEPTIONS 0
#define TOML_ENABLE_FORMATTERS 0

namespace warren::app {
[[noreturn]] static void end_for_malformed_config() {
  std::fputs("warren: warren.toml is not valid TOML; correct it, or compare it with one of `warren init`\n",
             stderr);
  std::_Exit(1);
}
}  // namespace warren::app

#include <toml++/toml.h>

#include "app/exit_status.hpp"
#include "warren/base/time.hpp"
#include "warren/multiformats/multiaddr.hpp"

namespace warren::app {

// Takes keys out one by one, and what is left at the end is unknown. A key that is not in the file leaves the
// value as it is; one that has no fitting value throws Failure with the place, the key and what is wanted.
class Section {
 public:
  // Both outlive it, and the sections in it.
  Section(const std::filesystem::path& file, const toml::table& table, std::string name)
      : file_(file), table_(table), name_(std::move(name)) {}

  void text(std::string_view key, std::string& value);
  void flag(std::string_view key, bool& value);
  void seconds(std::string_view key, Duration& value, double least = 0.1, double most = 3600);
  // Above 0.
  void whole_number(std::string_view key, std::size_t& value);
  // A number, or a text with a unit: "128KiB".
  void byte_count(std::string_view key, std::uint64_t& value);
  void texts(std::string_view key, std::vector<std::string>& values);
  // A list whose items are all different and of `known`.
  void choices(std::string_view key, std::vector<std::string>& values, const std::vector<std::string>& known);
  // One of the words.
  template <class Value>
  void word(std::string_view key, Value& value,
            std::initializer_list<std::pair<std::string_view, Value>> words);
  // true, false, or "auto", which is nullopt.
  void flag_or_auto(std::string_view key, std::optional<bool>& value);

  using Parser = Multiaddr (*)(const std::string& text, const std::string& where);
  void addresses(std::string_view key, std::vector<Multiaddr>& values, Parser parse);
  // Each of which is fine with `is_valid`; else `wrong` is said of it.
  void texts(std::string_view key, std::vector<std::string>& values, bool (*is_valid)(std::string_view),
             std::string_view wrong);

  // A file; one that is not named by its whole path is in the folder of warren.toml. Empty for "".
  void file(std::string_view key, std::filesystem::path& value);
  void files(std::string_view key, std::vector<std::filesystem::path>& values);

  // The table of that name; an empty one when it is not in the file.
  Section section(std::string_view key);

  bool has(std::string_view key) const { return table_.contains(key); }
  [[noreturn]] void fail(const toml::node& node, std::string_view key, std::string_view what) const;
  [[noreturn]] void fail(std::string_view key, std::string_view what) const {
    fail(*table_.get(key), key, what);
  }

  void refuse_unknown() const;

 private:
  const toml::node* take(std::string_view key);
  std::string full(std::string_view key) const { return name_ + std::string(key); }
  std::string place(const toml::node& node) const;

  const std::filesystem::path& file_;
  const toml::table& table_;
  std::string name_;
  std::map<std::string, const toml::node*> taken_;
};

// --- implementation ---

template <class Value>
void Section::word(std::string_view key, Value& value,
                   std::initializer_list<std::pair<std::string_view, Value>> words) {
  const toml::node* node = take(key);
  if (node == nullptr) return;
  const std::string text = node->is_string() ? node->as_string()->get() : "";
  for (const auto& [name, meaning] : words) {
    if (text != name) continue;
    value = meaning;
    return;
  }
  std::vector<std::string_view> names;
  for (const auto& [name, meaning] : words) names.push_back(name);
  fail(*node, key, fmt::format("is none of \"{}\"", fmt::join(names, "\", \"")));
}

}  // namespace warren::app
