#include "app/access_file.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <fstream>

#include "app/exit_status.hpp"
#include "app/replace_file.hpp"

namespace warren::app {
namespace {

constexpr std::string_view kAccessHead =
    "# Who is always or never let in. Written by `warren allow` and `warren deny`; do not edit it while the\n"
    "# daemon runs.\n";
constexpr std::string_view kAllow = "allow ";
constexpr std::string_view kDeny = "deny ";

Result<AccessList::Entry> parse_line(std::string_view line) {
  const bool allowed = line.starts_with(kAllow);
  if (!allowed && !line.starts_with(kDeny)) return fail(Errc::kMalformed);
  line.remove_prefix(allowed ? kAllow.size() : kDeny.size());
  auto subject = parse_access_subject(line);
  if (!subject) return fail(subject.error());
  return AccessList::Entry{std::move(*subject), allowed ? Access::kAllowed : Access::kDenied};
}

}  // namespace

std::vector<AccessList::Entry> read_access_file(const std::filesystem::path& path) {
  std::error_code error;
  if (!std::filesystem::exists(path, error) && !error) return {};
  std::ifstream file(path);
  std::vector<AccessList::Entry> entries;
  std::string line;
  for (std::size_t number = 1; std::getline(file, line); ++number) {
    if (line.empty() || line.starts_with('#')) continue;
    auto entry = parse_line(line);
    if (!entry) {
      throw Failure(
          ExitStatus::kFailed,
          fmt::format("{}:{}: not \"allow\" or \"deny\" with a PeerID, a NodeID or a subnet; correct or "
                      "remove it",
                      path.string(), number));
    }
    entries.push_back(std::move(*entry));
  }
  if (!file.eof()) {
    throw Failure(ExitStatus::kFailed, fmt::format("{} cannot be read: {}; check who owns it", path.string(),
                                                   std::strerror(errno)));
  }
  return entries;
}

Result<> write_access_file(const std::filesystem::path& path, const std::vector<AccessList::Entry>& entries) {
  std::string text(kAccessHead);
  for (const auto& [subject, access] : entries) {
    text += access == Access::kAllowed ? kAllow : kDeny;
    text += to_string(subject) + "\n";
  }
  return replace_file(path, text);
}

}  // namespace warren::app
