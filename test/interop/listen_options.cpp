#include "test/interop/listen_options.hpp"

#include <charconv>

namespace warren::interop {

namespace {

bool set(ListenOptions& options, const std::string& name, const std::string& value) {
  const auto address = Multiaddr::parse(value);
  const auto number = parse_number(value);
  if (name == "--addr" && address) {
    options.address = *address;
  } else if (name == "--seconds" && number) {
    options.whole_limit = std::chrono::seconds(*number);
  } else if (name == "--timeout" && number) {
    options.step_limit = std::chrono::seconds(*number);
  } else {
    return false;
  }
  return true;
}

}  // namespace

bool read_listen(const std::vector<std::string>& words, ListenOptions& options, const OwnFlags& own) {
  if (words.empty() || words[0] != "listen") return false;
  for (std::size_t i = 1; i < words.size(); ++i) {
    if (own.plain(words[i])) continue;
    if (i + 1 == words.size()) return false;
    if (!own.with_value(words[i], words[i + 1]) && !set(options, words[i], words[i + 1])) return false;
    ++i;
  }
  return true;
}

std::optional<std::uint64_t> parse_number(std::string_view text) {
  std::uint64_t number = 0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || stop != text.data() + text.size()) return std::nullopt;
  return number;
}

}  // namespace warren::interop
