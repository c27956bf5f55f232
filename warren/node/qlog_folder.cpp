#include "warren/node/qlog_folder.hpp"

#include <fcntl.h>

#include <string>

#include "warren/base/file.hpp"
#include "warren/base/log.hpp"

namespace warren {

QlogFolder::QlogFolder(Env& env, std::filesystem::path folder)
    : env_(env), folder_(std::move(folder)), tasks_(env.executor, "qlog") {}

void QlogFolder::start() {
  std::error_code error;
  std::filesystem::create_directories(folder_, error);
  if (error) throw_error(Errc::kIo, folder_.string() + ": " + error.message());
  tasks_.spawn(write_all());
}

QlogFolder::~QlogFolder() = default;

std::function<void(BytesView)> QlogFolder::open(std::string_view name) {
  // Once for each connection, and a few microseconds: what takes time is writing.
  const std::filesystem::path path = folder_ / (std::string(name) + ".sqlog");
  auto file = std::make_shared<File>(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC);
  if (!file->is_open()) log::warning("qlog", path.string() + " can't be written");
  return [this, file](BytesView bytes) { add(file, bytes); };
}

void QlogFolder::add(const std::shared_ptr<File>& file, BytesView bytes) {
  if (closed_ || !file->is_open() || kWaitingMax - waiting_size_ < bytes.size()) {
    if (dropped_ == 0) log::warning("qlog", "pieces of qlog files are dropped");
    dropped_ += bytes.size();
    return;
  }
  waiting_size_ += bytes.size();
  if (!waiting_.empty() && waiting_.back().file == file) {
    append(waiting_.back().bytes, bytes);
  } else {
    waiting_.push_back({file, to_bytes(bytes)});
  }
  changed_.notify_all();
}

Task<void> QlogFolder::write_all() {
  while (!closed_ || !waiting_.empty()) {
    if (waiting_.empty()) {
      co_await changed_.wait_uncanceled();
      continue;
    }
    auto work = [pieces = std::exchange(waiting_, {})] {
      bool written = true;
      for (const Piece& piece : pieces) written = piece.file->write_all(piece.bytes) && written;
      return written;
    };
    waiting_size_ = 0;
    const bool written = co_await env_.offload.run(std::move(work));
    if (!written) log::warning("qlog", "a qlog file can't be written");
  }
}

Task<void> QlogFolder::close() {
  closed_ = true;
  changed_.notify_all();
  co_await tasks_.join();
  co_await tasks_.close();
}

}  // namespace warren
