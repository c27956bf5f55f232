#include "app/swarm_key.hpp"

#include <fmt/format.h>

#include <fstream>

#include "app/exit_status.hpp"

namespace warren::app {
namespace {

// A key file has about 100 bytes; nobody's large file is read whole to learn that it is none.
constexpr std::streamsize kFileMax = 4096;

}  // namespace

pnet::PreSharedKey read_swarm_key(const std::filesystem::path& file) {
  std::ifstream stream(file, std::ios::binary);
  std::string text(kFileMax, '\0');
  stream.read(text.data(), kFileMax);
  if (stream.bad() || (stream.fail() && !stream.eof())) {
    throw Failure(ExitStatus::kFailed, fmt::format("{} cannot be read; give a readable file", file.string()));
  }
  text.resize(static_cast<std::size_t>(stream.gcount()));
  const auto key = pnet::parse_key_file(text);
  if (key) return *key;
  throw Failure(
      ExitStatus::kFailed,
      fmt::format("{} is no pre-shared key: three lines are wanted, /key/swarm/psk/1.0.0/, /base16/ and 64 "
                  "hex digits",
                  file.string()));
}

void save_swarm_key(const DataDir& dir, const pnet::PreSharedKey& key) {
  // The folder is its owner's alone already (DataDir::create); the file says so, too.
  std::ofstream stream(dir.swarm_key(), std::ios::binary);
  std::filesystem::permissions(dir.swarm_key(),
                               std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
  stream << pnet::format_key_file(key);
  stream.close();
  if (!stream) {
    throw Failure(ExitStatus::kFailed,
                  fmt::format("{} cannot be written; is the disk full?", dir.swarm_key().string()));
  }
}

std::optional<pnet::PreSharedKey> load_swarm_key(const DataDir& dir) {
  if (!std::filesystem::exists(dir.swarm_key())) return std::nullopt;
  return read_swarm_key(dir.swarm_key());
}

}  // namespace warren::app
