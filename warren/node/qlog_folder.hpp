// Files that tell what became of each packet of QUIC connections, one for each connection, to be read with
// qvis or jq: https://datatracker.ietf.org/doc/draft-ietf-quic-qlog-main-schema/ (its JSON-SEQ form). For
// finding out why a connection is slow; too much to be always on.
#pragma once

#include <filesystem>
#include <functional>
#include <string_view>
#include <vector>

#include "warren/async/event.hpp"
#include "warren/async/task_group.hpp"
#include "warren/env/env.hpp"

namespace warren {

class File;

class QlogFolder {
 public:
  // What waits for the disk; more is dropped, so that a slow disk slows no connection.
  static constexpr std::size_t kWaitingMax = 8 * 1024 * 1024;

  // The environment outlives it.
  QlogFolder(Env& env, std::filesystem::path folder);
  // Closed before.
  ~QlogFolder();
  QlogFolder(const QlogFolder&) = delete;
  QlogFolder& operator=(const QlogFolder&) = delete;

  // Makes the folder if need be, and begins to write. Throws kIo when it can't.
  void start();

  // What takes the pieces of <folder>/<name>.sqlog, in order. It may outlive the folder only to be destroyed.
  std::function<void(BytesView)> open(std::string_view name);

  // Writes what waits. Afterwards pieces are dropped. Idempotent; not cancelable.
  Task<void> close();

  // Bytes.
  std::uint64_t dropped() const { return dropped_; }

 private:
  struct Piece {
    std::shared_ptr<File> file;
    Bytes bytes;
  };

  void add(const std::shared_ptr<File>& file, BytesView bytes);
  Task<void> write_all();

  Env& env_;
  std::filesystem::path folder_;
  std::vector<Piece> waiting_;
  std::size_t waiting_size_ = 0;
  std::uint64_t dropped_ = 0;
  bool closed_ = false;
  Event changed_;
  TaskGroup tasks_;
};

}  // namespace warren
