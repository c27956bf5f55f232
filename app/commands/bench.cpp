// `warren bench ID`: how fast bytes come from another node and go to it.
#include <fmt/format.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>

#include "app/byte_count.hpp"
#include "app/commands/commands.hpp"
#include "app/control_client.hpp"
#include "app/interruption.hpp"
#include "app/path_text.hpp"
#include "app/seconds.hpp"
#include "app/text.hpp"

namespace warren::app {
namespace {

constexpr double kDefaultSeconds = 10;

using Bounds = v1::BenchRequest::Bounds;
using Transfer = v1::BenchReply::Transfer;

std::optional<std::uint64_t> byte_count(const std::optional<std::string>& text, const char* option) {
  if (!text) return std::nullopt;
  const auto bytes = parse_byte_count(*text);
  if (!bytes) {
    throw Failure(ExitStatus::kUsage,
                  fmt::format("{}: \"{}\" is no number of bytes; write one like 500K, 10M or 1.5GiB", option,
                              printable(*text)));
  }
  return bytes;
}

// Without numbers of bytes both directions are measured for a while, with them those that have one.
v1::BenchRequest request_of(const BenchOptions& options) {
  const auto download = byte_count(options.download, "--download");
  const auto upload = byte_count(options.upload, "--upload");
  const bool by_time = download.value_or(0) == 0 && upload.value_or(0) == 0;
  v1::BenchRequest request;
  request.set_target(options.target);
  request.set_streams(options.streams);
  const auto set = [&](const std::optional<std::uint64_t>& bytes, Bounds* (v1::BenchRequest::*bounds)()) {
    if (bytes ? *bytes == 0 : !by_time) return;
    Bounds& to = *(request.*bounds)();
    to.set_bytes(bytes.value_or(0));
    if (!bytes || options.seconds) {
      const auto time = to_milliseconds(options.seconds.value_or(kDefaultSeconds));
      to.set_time_ms(static_cast<std::uint32_t>(time.count()));
    }
  };
  set(download, &v1::BenchRequest::mutable_download);
  set(upload, &v1::BenchRequest::mutable_upload);
  return request;
}

std::string transfer_text(const char* direction, const Transfer& transfer) {
  return fmt::format("{:<8}  {} in {:.2f} s: {:.1f} Mbit/s", direction, size_text(transfer.bytes()),
                     transfer.seconds(), transfer.bits_per_second() / 1e6);
}

// On a terminal one line that changes; elsewhere a line a second.
class Progress {
 public:
  void show(const v1::BenchReply& reply) {
    if (!reply.has_download() && !reply.has_upload()) return;
    const auto now = std::chrono::steady_clock::now();
    if (!terminal_ && now - last_ < std::chrono::seconds(1)) return;
    last_ = now;
    const std::string line = reply.has_upload() ? transfer_text("upload", reply.upload())
                                                : transfer_text("download", reply.download());
    fmt::print(stderr, "{}{}{}", terminal_ ? "\r\033[K" : "", line, terminal_ ? "" : "\n");
    std::fflush(stderr);
  }

  void clear() const {
    if (terminal_) fmt::print(stderr, "\r\033[K");
  }

 private:
  bool terminal_ = isatty(STDERR_FILENO) != 0;
  std::chrono::steady_clock::time_point last_ = std::chrono::steady_clock::now();
};

void add_transfer(JsonObject& line, const char* key, bool measured, const Transfer& transfer) {
  if (!measured) {
    line.null(key);
    return;
  }
  line.object(key, JsonObject()
                       .number("bytes", static_cast<std::int64_t>(transfer.bytes()))
                       .real("seconds", transfer.seconds())
                       .real("bits_per_second", transfer.bits_per_second()));
}

void print_json(const v1::BenchReply& result, const BenchOptions& options, bool interrupted) {
  JsonObject line;
  line.text("peer_id", result.peer_id())
      .object("path", path_json(result))
      .flag("relayed", result.relayed())
      .real("rtt_ms", result.rtt_ms())
      .number("streams", options.streams);
  add_transfer(line, "download", result.has_download(), result.download());
  add_transfer(line, "upload", result.has_upload(), result.upload());
  line.flag("interrupted", interrupted);
  fmt::print("{}\n", line.to_string());
}

void print_head(const v1::BenchReply& first) {
  fmt::print("{}, {}: round trip {:.2f} ms\n", first.peer_id(), path_text(first), first.rtt_ms());
  std::fflush(stdout);
}

void print_result(const v1::BenchReply& result, bool interrupted) {
  if (result.has_download()) fmt::print("{}\n", transfer_text("download", result.download()));
  if (result.has_upload()) fmt::print("{}\n", transfer_text("upload", result.upload()));
  if (interrupted) fmt::print("Interrupted: this is what was measured so far.\n");
}

}  // namespace

ExitStatus run_bench(const BenchOptions& options) {
  const v1::BenchRequest request = request_of(options);
  const StopFlag stop;
  ControlClient client(DataDir::choose(options.data_dir));
  const std::unique_ptr<BenchStream> stream = client.bench(request);
  Interruption interruption(stop, *stream);
  v1::BenchReply latest;
  Progress progress;
  for (v1::BenchReply next; stream->read(next); latest.Swap(&next)) {
    if (options.json) continue;
    if (latest.peer_id().empty()) print_head(next);
    progress.show(next);
  }
  if (!options.json) progress.clear();
  const bool interrupted = interruption.end() && !latest.done();
  stream->finish();
  if (interrupted && latest.peer_id().empty())
    throw Failure(ExitStatus::kFailed, "interrupted before anything was measured; let it run on");
  if (options.json) {
    print_json(latest, options, interrupted);
  } else {
    print_result(latest, interrupted);
  }
  return ExitStatus::kDone;
}

}  // namespace warren::app
