#include "app/access_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>

#include "app/exit_status.hpp"

namespace warren::app {
namespace {

constexpr std::string_view kHead =
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

bool write_all(int file, std::string_view text) {
  while (!text.empty()) {
    const ssize_t size = write(file, text.data(), text.size());
    if (size < 0 && errno != EINTR) return false;
    if (size > 0) text.remove_prefix(static_cast<std::size_t>(size));
  }
  return true;
}

// So that the new name, too, is on the disk.
bool sync_folder(const std::filesystem::path& folder) {
  const int descriptor = open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) return false;
  const bool synced = fsync(descriptor) == 0;
  close(descriptor);
  return synced;
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
  std::string text(kHead);
  for (const auto& [subject, access] : entries) {
    text += access == Access::kAllowed ? kAllow : kDeny;
    text += to_string(subject) + "\n";
  }
  const std::string fresh = path.string() + ".new";
  const int file = open(fresh.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (file < 0) return fail(Errc::kIo);
  const bool written = write_all(file, text) && fsync(file) == 0;
  close(file);
  if (!written || rename(fresh.c_str(), path.c_str()) != 0 || !sync_folder(path.parent_path())) {
    return fail(Errc::kIo);
  }
  return {};
}

}  // namespace warren::app
