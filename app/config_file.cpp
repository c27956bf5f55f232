#include "app/config_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <map>

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
#include "app/near_names.hpp"
#include "warren/messaging/binding.hpp"

namespace warren::app {
namespace {

// One table of the file: takes keys out one by one, and what is left at the end is unknown.
class Section {
 public:
  Section(const std::filesystem::path& file, const toml::table& table, std::string name)
      : file_(file), table_(table), name_(std::move(name)) {}

  void text(std::string_view key, std::string& value) {
    const toml::node* node = take(key);
    if (node == nullptr) return;
    if (!node->is_string()) fail(*node, key, "is not a text in quotes");
    value = node->as_string()->get();
  }

  void seconds(std::string_view key, Duration& value) {
    const toml::node* node = take(key);
    if (node == nullptr) return;
    const auto number = node->value<double>();
    if (!number || !(*number >= 0.1 && *number <= 3600)) fail(*node, key, "is not a number from 0.1 to 3600");
    value = std::chrono::duration_cast<Duration>(std::chrono::duration<double>(*number));
  }

  void whole_number(std::string_view key, std::size_t& value) {
    const toml::node* node = take(key);
    if (node == nullptr) return;
    if (!node->is_integer() || node->as_integer()->get() < 1)
      fail(*node, key, "is not a whole number above 0");
    value = static_cast<std::size_t>(node->as_integer()->get());
  }

  // A list whose items are all different and of `known`.
  void choices(std::string_view key, std::vector<std::string>& values,
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

  // One of the words.
  template <class Value>
  void word(std::string_view key, Value& value,
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

  using Parser = Multiaddr (*)(const std::string& text, const std::string& where);

  void addresses(std::string_view key, std::vector<Multiaddr>& values, Parser parse) {
    const toml::node* node = take(key);
    if (node == nullptr) return;
    if (!node->is_array()) fail(*node, key, "is not a list of multiaddrs in [ ]");
    values.clear();
    for (const toml::node& item : *node->as_array()) {
      if (!item.is_string()) fail(item, key, "has an item that is not a text in quotes");
      values.push_back(parse(item.as_string()->get(), fmt::format("{}: `{}`", place(item), full(key))));
    }
  }

  // A file; one that is not named by its whole path is in the folder of warren.toml. Empty for "".
  void file(std::string_view key, std::filesystem::path& value) {
    std::string name;
    text(key, name);
    if (!name.empty()) value = file_.parent_path() / name;
  }

  void files(std::string_view key, std::vector<std::filesystem::path>& values) {
    const toml::node* node = take(key);
    if (node == nullptr) return;
    if (!node->is_array()) fail(*node, key, "is not a list of files in [ ]");
    for (const toml::node& item : *node->as_array()) {
      if (!item.is_string()) fail(item, key, "has an item that is not a text in quotes");
      values.push_back(file_.parent_path() / item.as_string()->get());
    }
  }

  // The table of that name; an empty one when it is not in the file.
  Section section(std::string_view key) {
    static const toml::table kEmpty;
    const toml::node* node = take(key);
    if (node != nullptr && !node->is_table()) fail(*node, key, "is not a [section]");
    return {file_, node == nullptr ? kEmpty : *node->as_table(), full(key) + "."};
  }

  [[noreturn]] void fail(const toml::node& node, std::string_view key, std::string_view what) const {
    throw Failure(ExitStatus::kFailed, fmt::format("{}: `{}` {}; correct it", place(node), full(key), what));
  }

  bool has(std::string_view key) const { return table_.contains(key); }

  [[noreturn]] void fail(std::string_view key, std::string_view what) const {
    fail(*table_.get(key), key, what);
  }

  void refuse_unknown() const {
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

 private:
  const toml::node* take(std::string_view key) {
    const toml::node* node = table_.get(key);
    taken_[std::string(key)] = node;
    return node;
  }

  std::string full(std::string_view key) const { return name_ + std::string(key); }

  std::string place(const toml::node& node) const {
    return fmt::format("{}:{}", file_.string(), node.source().begin.line);
  }

  const std::filesystem::path& file_;
  const toml::table& table_;
  std::string name_;
  std::map<std::string, const toml::node*> taken_;
};

void read_limits(Section& section, SwarmLimits& limits) {
  for (const LimitKnob& knob : limit_knobs()) section.whole_number(knob.name, limits.*knob.field);
  if (limits.connections_low > limits.connections_high) {
    section.fail(section.has("connections_low") ? "connections_low" : "connections_high",
                 "leaves connections_low above connections_high");
  }
}

void read_websocket(Section& section, websocket::WebsocketConfig& websocket) {
  tls::CertificateFiles certificate;
  section.file("certificate", certificate.chain);
  section.file("key", certificate.key);
  section.files("authorities", websocket.authorities);
  if (certificate.chain.empty() != certificate.key.empty()) {
    section.fail(certificate.chain.empty() ? "key" : "certificate",
                 "is half of a pair: a certificate needs its key, and the key its certificate");
  }
  if (!certificate.chain.empty()) websocket.tls = std::move(certificate);
}

}  // namespace

void require_network_name(const std::string& name) {
  if (is_network_name(name)) return;
  throw Failure(
      ExitStatus::kUsage,
      "a network's name has 1 to 63 of a-z, 0-9, '.', '-' and '_', a letter or digit first; choose another");
}

std::string_view name_of(IdentityMode mode) {
  return mode == IdentityMode::kSm2 ? "sm2" : "bound";
}

std::optional<IdentityMode> parse_identity_mode(std::string_view name) {
  for (const IdentityMode mode : {IdentityMode::kBound, IdentityMode::kSm2}) {
    if (name == name_of(mode)) return mode;
  }
  return std::nullopt;
}

ConfigFile read_config_file(const std::filesystem::path& path) {
  const toml::parse_result parsed = toml::parse_file(path.string());
  if (!parsed) {
    const toml::parse_error& error = parsed.error();
    throw Failure(ExitStatus::kFailed, fmt::format("{}:{}: {}; correct it", path.string(),
                                                   error.source().begin.line, error.description()));
  }
  ConfigFile config;
  Section root(path, parsed.table(), "");
  root.text("network", config.network);
  if (!is_network_name(config.network)) root.fail("network", "is no name of a network");
  root.addresses("listen", config.listen, parse_address);
  root.addresses("bootstrap", config.bootstrap, parse_bootstrap);

  root.text("metrics", config.metrics);
  root.word<PerfAccess>("perf", config.perf,
                        {{"off", PerfAccess::kOff},
                         {"allowed", PerfAccess::kAllowed},
                         {"local", PerfAccess::kLocal},
                         {"anyone", PerfAccess::kAnyone}});

  Section websocket = root.section("websocket");
  read_websocket(websocket, config.websocket);

  Section identity = root.section("identity");
  std::string mode(name_of(config.identity));
  identity.text("mode", mode);
  const auto parsed_mode = parse_identity_mode(mode);
  if (!parsed_mode) identity.fail("mode", "knows only \"bound\" and \"sm2\"");
  config.identity = *parsed_mode;

  root.choices("securities", config.securities, {"/noise", "/tls/1.0.0"});
  Section limits = root.section("limits");
  read_limits(limits, config.limits);

  Section timeouts = root.section("timeouts");
  timeouts.seconds("dial_seconds", config.dial_timeout);
  timeouts.seconds("request_seconds", config.request_timeout);

  Section logging = root.section("log");
  std::string level = "info";
  logging.text("level", level);
  config.log_level = parse_log_level(level);

  for (const Section* section : {&root, &websocket, &identity, &limits, &timeouts, &logging})
    section->refuse_unknown();
  return config;
}

log::Level parse_log_level(const std::string& text) {
  if (text == "debug") return log::Level::kDebug;
  if (text == "info") return log::Level::kInfo;
  if (text == "warning") return log::Level::kWarning;
  if (text == "error") return log::Level::kError;
  throw Failure(ExitStatus::kUsage,
                fmt::format("there is no log level \"{}\"; say debug, info, warning or error", text));
}

Multiaddr parse_address(const std::string& text, const std::string& where) {
  auto address = Multiaddr::parse(text);
  if (!address) {
    throw Failure(
        ExitStatus::kUsage,
        fmt::format("{}: \"{}\" is not a multiaddr; write one like /ip4/192.0.2.1/tcp/4001", where, text));
  }
  return std::move(*address);
}

Multiaddr parse_bootstrap(const std::string& text, const std::string& where) {
  Multiaddr address = parse_address(text, where);
  if (!address.peer_id()) {
    throw Failure(ExitStatus::kUsage,
                  fmt::format("{}: \"{}\" does not end in /p2p/<PeerID>; `warren addrs` over there prints it",
                              where, text));
  }
  return address;
}

}  // namespace warren::app
