// The inbox in an SQLite file: one transaction a message, on disk before append() returns.
#pragma once

#include <memory>
#include <string>

#include "warren/core/inbox.hpp"

namespace warren {

struct InboxLimits {
  // A person reads some thousands of messages; a program reads as they come.
  std::uint64_t messages_max = 100'000;
  // Payloads, and kInboxRowBytes for each message. What one is ready to find on a small disk.
  std::uint64_t bytes_max = std::uint64_t{1} << 30;
};

// What a message costs besides its payload.
inline constexpr std::uint64_t kInboxRowBytes = 256;

// Safe on several threads: calls take turns.
class SqliteInbox final : public InboxStore {
 public:
  // `path` as Database::open takes it. kStorage.
  static Result<std::unique_ptr<SqliteInbox>> open(const std::string& path, InboxLimits limits = {});
  ~SqliteInbox() override;

  Result<std::uint64_t> append(const InboxMessage& message) override;
  Result<std::vector<InboxMessage>> read_after(std::uint64_t number, std::size_t limit) override;
  Result<> acknowledge(std::uint64_t through) override;
  Result<> remove_through(std::uint64_t number) override;
  Result<InboxUsage> usage() override;

 private:
  struct State;
  explicit SqliteInbox(std::unique_ptr<State> state);

  std::unique_ptr<State> state_;
};

}  // namespace warren
