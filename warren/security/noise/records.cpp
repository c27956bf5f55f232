#include "warren/security/noise/records.hpp"

#include <algorithm>
#include <cstring>

#include "warren/base/assert.hpp"

namespace warren::noise {

Result<RecordWriter::Sealed> RecordWriter::seal(BytesView plaintext) {
  WARREN_ASSERT(plaintext.size() <= kSealMax);
  const std::size_t records = (plaintext.size() + kRecordPlaintextMax - 1) / kRecordPlaintextMax;
  Sealed sealed;
  sealed.size = plaintext.size() + records * (kRecordPrefixSize + kTagSize);
  sealed.buffer = pool_.take(sealed.size);

  MutableBytes to = sealed.buffer.bytes();
  while (!plaintext.empty()) {
    const BytesView part = plaintext.first(std::min(plaintext.size(), kRecordPlaintextMax));
    const std::size_t size = part.size() + kTagSize;
    to[0] = static_cast<std::uint8_t>(size >> 8);
    to[1] = static_cast<std::uint8_t>(size);
    if (const auto done = cipher_.seal({}, part, to.subspan(kRecordPrefixSize, size)); !done) {
      return fail(done.error());
    }
    plaintext = plaintext.subspan(part.size());
    to = to.subspan(kRecordPrefixSize + size);
  }
  return sealed;
}

MutableBytes RecordReader::memory() {
  return buffer_.size() > 0 ? buffer_.bytes() : MutableBytes(waiting_);
}

MutableBytes RecordReader::space() {
  WARREN_ASSERT(opened_.empty());
  MutableBytes held = memory();
  const std::size_t size = end_ - begin_;
  if (size == held.size()) {
    Buffer larger = pool_.take(std::min(16 * held.size(), kLargeBufferSize));
    std::memcpy(larger.bytes().data(), held.data(), size);
    buffer_ = std::move(larger);
    held = memory();
  } else if (begin_ > 0) {
    std::memmove(held.data(), held.data() + begin_, size);
  }
  begin_ = 0;
  end_ = size;
  return held.subspan(size);
}

void RecordReader::add(std::size_t size) {
  WARREN_ASSERT(size <= memory().size() - end_);
  end_ += size;
}

Result<std::size_t> RecordReader::read(MutableBytes to) {
  if (!opened_.empty()) return take_opened(to);
  std::size_t done = 0;
  while (true) {
    const auto record = next_record();
    if (!record && done == 0) return fail(record.error());
    if (!record || record->empty()) break;
    const std::size_t plaintext_size = record->size() - kTagSize;
    const bool fits = plaintext_size <= to.size() - done;
    if (!fits && done > 0) break;

    const MutableBytes sealed = memory().subspan(begin_ + kRecordPrefixSize, record->size());
    const MutableBytes plaintext = fits ? to.subspan(done, plaintext_size) : sealed.first(plaintext_size);
    if (const auto opened = cipher_.open({}, sealed, plaintext); !opened) {
      if (done == 0) return fail(opened.error());
      break;
    }
    begin_ += kRecordPrefixSize + record->size();
    if (!fits) {
      opened_ = plaintext;
      return take_opened(to);
    }
    done += plaintext_size;
  }
  release_if_empty();
  return done;
}

// The first record, without its prefix; empty when it is not yet complete.
Result<BytesView> RecordReader::next_record() {
  const BytesView held = memory().subspan(begin_, end_ - begin_);
  if (held.size() < kRecordPrefixSize) return BytesView();
  const std::size_t size = static_cast<std::size_t>(held[0]) << 8 | held[1];
  if (size < kTagSize) return fail(Errc::kMalformed);
  if (held.size() < kRecordPrefixSize + size) return BytesView();
  return held.subspan(kRecordPrefixSize, size);
}

std::size_t RecordReader::take_opened(MutableBytes to) {
  const std::size_t size = std::min(to.size(), opened_.size());
  std::memcpy(to.data(), opened_.data(), size);
  opened_ = opened_.subspan(size);
  release_if_empty();
  return size;
}

void RecordReader::release_if_empty() {
  if (!empty()) return;
  buffer_ = Buffer();
  begin_ = end_ = 0;
}

}  // namespace warren::noise
