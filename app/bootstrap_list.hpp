// The peers a node begins with: those of warren.toml, and those that `warren bootstrap add` keeps in a file
// of the data directory, one address a line.
#pragma once

#include <filesystem>
#include <string_view>
#include <vector>

#include "warren/multiformats/multiaddr.hpp"

namespace warren::app {

// Whether a node can begin with it: it names its peer, or is a /dnsaddr, whose tree names peers.
bool leads_to_peers(const Multiaddr& address);

class BootstrapList {
 public:
  // What source_of answers.
  static constexpr std::string_view kConfigured = "config";
  static constexpr std::string_view kListed = "list";

  // Reads the file; there may be none. Throws Failure with the file and the line.
  BootstrapList(std::filesystem::path file, std::vector<Multiaddr> configured);

  const std::filesystem::path& file() const { return file_; }
  // The configured ones first, and each once.
  std::vector<Multiaddr> all() const;
  // kConfigured, also of one that is listed, too; kListed; or empty.
  std::string_view source_of(const Multiaddr& address) const;

  // Whether the list is another one now. After a crash there is the old file or the new one. kIo.
  Result<bool> add(const Multiaddr& address);
  Result<bool> remove(const Multiaddr& address);

 private:
  Result<> write(std::vector<Multiaddr> listed);

  std::filesystem::path file_;
  std::vector<Multiaddr> configured_;
  std::vector<Multiaddr> listed_;
};

}  // namespace warren::app
