#include "app/bootstrap_list.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>

#include "app/exit_status.hpp"
#include "app/replace_file.hpp"

namespace warren::app {
namespace {

constexpr std::string_view kBootstrapHead =
    "# Peers that this node begins with, besides those of warren.toml. Written by `warren bootstrap`; do "
    "not\n"
    "# edit it while the daemon runs.\n";

bool holds(const std::vector<Multiaddr>& list, const Multiaddr& address) {
  return std::ranges::find(list, address) != list.end();
}

std::vector<Multiaddr> read_list(const std::filesystem::path& path) {
  std::error_code error;
  if (!std::filesystem::exists(path, error) && !error) return {};
  std::ifstream file(path);
  std::vector<Multiaddr> list;
  std::string line;
  for (std::size_t number = 1; std::getline(file, line); ++number) {
    if (line.empty() || line.starts_with('#')) continue;
    auto address = Multiaddr::parse(line);
    if (!address || !leads_to_peers(*address)) {
      throw Failure(ExitStatus::kFailed,
                    fmt::format("{}:{}: not a multiaddr that ends in /p2p/<PeerID>; correct or remove it",
                                path.string(), number));
    }
    if (!holds(list, *address)) list.push_back(std::move(*address));
  }
  if (!file.eof()) {
    throw Failure(ExitStatus::kFailed, fmt::format("{} cannot be read: {}; check who owns it", path.string(),
                                                   std::strerror(errno)));
  }
  return list;
}

}  // namespace

bool leads_to_peers(const Multiaddr& address) {
  return address.peer_id().has_value() || address.has(Protocol::kDnsaddr);
}

BootstrapList::BootstrapList(std::filesystem::path file, std::vector<Multiaddr> configured)
    : file_(std::move(file)), configured_(std::move(configured)), listed_(read_list(file_)) {}

std::vector<Multiaddr> BootstrapList::all() const {
  std::vector<Multiaddr> each;
  for (const std::vector<Multiaddr>* list : {&configured_, &listed_}) {
    for (const Multiaddr& address : *list) {
      if (!holds(each, address)) each.push_back(address);
    }
  }
  return each;
}

std::string_view BootstrapList::source_of(const Multiaddr& address) const {
  if (holds(configured_, address)) return kConfigured;
  return holds(listed_, address) ? kListed : std::string_view();
}

Result<bool> BootstrapList::add(const Multiaddr& address) {
  if (holds(listed_, address)) return false;
  std::vector<Multiaddr> listed = listed_;
  listed.push_back(address);
  const Result<> written = write(std::move(listed));
  if (!written) return fail(written.error());
  return true;
}

Result<bool> BootstrapList::remove(const Multiaddr& address) {
  if (!holds(listed_, address)) return false;
  std::vector<Multiaddr> listed = listed_;
  std::erase(listed, address);
  const Result<> written = write(std::move(listed));
  if (!written) return fail(written.error());
  return true;
}

Result<> BootstrapList::write(std::vector<Multiaddr> listed) {
  std::string text(kBootstrapHead);
  for (const Multiaddr& address : listed) text += address.to_string() + "\n";
  const Result<> written = replace_file(file_, text);
  if (written) listed_ = std::move(listed);
  return written;
}

}  // namespace warren::app
