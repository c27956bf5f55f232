#include "app/data_dir.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/un.h>

#include <cstdlib>

#include "app/exit_status.hpp"

namespace warren::app {
namespace {

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

// In quotes when the shell would take it apart.
std::string shell_word(const std::string& word) {
  static constexpr const char* kPlain =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./+,:@%";
  if (!word.empty() && word.find_first_not_of(kPlain) == std::string::npos) return word;
  std::string quoted = "'";
  for (const char c : word) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return quoted + "'";
}

}  // namespace

DataDir DataDir::choose(const std::string& option) {
  std::filesystem::path path = option;
  if (path.empty()) path = environment("WARREN_DATA_DIR");
  bool is_default = option.empty();
  if (path.empty()) {
    const std::string home = environment("HOME");
    if (home.empty()) throw Failure(ExitStatus::kUsage, "there is no $HOME; give --data-dir");
    path = std::filesystem::path(home) / ".local/share/warren";
  }
  std::error_code ignored;
  const std::filesystem::path absolute = std::filesystem::absolute(path, ignored);
  return {absolute.empty() ? path : absolute.lexically_normal(), is_default};
}

void DataDir::require_initialized(ExitStatus otherwise) const {
  std::error_code error;
  for (const auto& file : {config(), node_key()}) {  // whether there is a second key is up to warren.toml
    if (std::filesystem::exists(file, error)) continue;
    if (error) {
      throw Failure(otherwise, fmt::format("{} cannot be read: {}; give another --data-dir", path_.string(),
                                           error.message()));
    }
    if (!std::filesystem::exists(config(), error)) {
      throw Failure(otherwise, fmt::format("there is no node in {} yet; create one with `{}`", path_.string(),
                                           command("init")));
    }
    throw Failure(
        otherwise,
        fmt::format("{} is missing; restore it from a backup, or init another --data-dir", file.string()));
  }
}

void DataDir::create() const {
  namespace fs = std::filesystem;
  std::error_code error;
  for (const auto& file : {config(), node_key(), peer_key()}) {
    if (!fs::exists(file, error)) continue;
    throw Failure(ExitStatus::kFailed,
                  fmt::format("{} holds a node already, which is never overwritten; use it (`{}`), or give "
                              "another --data-dir",
                              path_.string(), command("up")));
  }
  fs::create_directories(path_, error);
  if (!error && !fs::is_empty(path_, error) && !error) {
    throw Failure(
        ExitStatus::kFailed,
        fmt::format("{} is not empty; give a new or an empty folder as --data-dir", path_.string()));
  }
  if (!error) fs::permissions(path_, fs::perms::owner_all, error);
  if (error) {
    throw Failure(ExitStatus::kFailed, fmt::format("{} cannot be made: {}; give another --data-dir",
                                                   path_.string(), error.message()));
  }
}

std::string DataDir::command(const std::string& words) const {
  return "warren " + words + (is_default_ ? "" : " --data-dir " + shell_word(path_.string()));
}

std::string DataDir::control_address() const {
  const std::string direct = control_socket().string();
  if (direct.size() < sizeof(sockaddr_un::sun_path)) return "unix:" + direct;
  const int folder = open(path_.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (folder < 0) return "unix:" + direct;  // nothing is there, and that is what the caller will find
  return fmt::format("unix:/proc/self/fd/{}/control.sock", folder);
}

}  // namespace warren::app
