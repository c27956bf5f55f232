// Who is always or never let in, kept across restarts: one line an entry, "allow 12D3KooW..." or
// "deny 192.0.2.0/24". The daemon reads it at its start and writes it at every change.
#pragma once

#include <filesystem>
#include <vector>

#include "warren/swarm/access_list.hpp"

namespace warren::app {

// Nothing when there is no such file. Throws Failure with the file and the line.
std::vector<AccessList::Entry> read_access_file(const std::filesystem::path& path);

// Atomically: after a crash there is the old list or the new one. kIo.
Result<> write_access_file(const std::filesystem::path& path, const std::vector<AccessList::Entry>& entries);

}  // namespace warren::app
