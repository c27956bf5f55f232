#include "warren/messaging/bodies.hpp"

#include "warren/messaging/binding.hpp"
#include "warren/messaging/canonical.hpp"

namespace warren {
namespace {

std::string_view cut(const std::string& reason) {
  return std::string_view(reason).substr(0, kReasonMax);
}

Status read_status(ProtobufReader& reader) {
  return static_cast<Status>(read_number(reader));
}

}  // namespace

bool is_service_name(std::string_view name) {
  return !name.empty() && name.size() <= kServiceNameMax &&
         std::ranges::all_of(name, [](char c) { return c > 0x20 && c < 0x7f; });
}

Bytes encode_ack(const Verdict& verdict) {
  ProtobufWriter writer;
  write_number(writer, 1, static_cast<std::uint64_t>(verdict.status));
  write_text(writer, 2, cut(verdict.reason));
  return writer.take();
}

Result<Verdict> decode_ack(BytesView bytes) {
  Verdict verdict;
  ProtobufReader reader(bytes, ProtobufForm::kCanonical);
  while (reader.next()) {
    switch (reader.field()) {
      case 1: verdict.status = read_status(reader); break;
      case 2: verdict.reason = read_text(reader, kReasonMax); break;
      default: reader.unknown();
    }
  }
  if (const auto end = reader.finish(); !end) return fail(end.error());
  return verdict;
}

Bytes RequestBody::encode() const {
  ProtobufWriter writer;
  write_bytes(writer, 1, id);
  write_number(writer, 2, static_cast<std::uint64_t>(unix_ms(first_sent)));
  write_text(writer, 3, service);
  write_bytes(writer, 4, payload);
  return writer.take();
}

Result<RequestBody> RequestBody::decode(Bytes bytes) {
  RequestBody body;
  bool has_id = false;
  std::uint64_t first_sent_ms = 0;
  BytesView payload;
  ProtobufReader reader(bytes, ProtobufForm::kCanonical);
  while (reader.next()) {
    switch (reader.field()) {
      case 1:
        body.id = read_array<16>(reader);
        has_id = true;
        break;
      case 2: first_sent_ms = read_number(reader); break;
      case 3: body.service = read_text(reader, kServiceNameMax); break;
      case 4: payload = read_bytes(reader, bytes.size()); break;
      default: reader.unknown();
    }
  }
  if (const auto end = reader.finish(); !end) return fail(end.error());
  if (!has_id || first_sent_ms == 0 || first_sent_ms > kUnixMsMax || !is_service_name(body.service)) {
    return fail(Errc::kMalformed);
  }
  body.first_sent = from_unix_ms(static_cast<std::int64_t>(first_sent_ms));
  if (!payload.empty()) body.payload = keep_part(std::move(bytes), payload);
  return body;
}

Bytes ResponseBody::encode() const {
  ProtobufWriter writer;
  write_number(writer, 1, static_cast<std::uint64_t>(verdict.status));
  write_bytes(writer, 2, payload);
  write_text(writer, 3, cut(verdict.reason));
  return writer.take();
}

Result<ResponseBody> ResponseBody::decode(Bytes bytes) {
  ResponseBody body;
  BytesView payload;
  ProtobufReader reader(bytes, ProtobufForm::kCanonical);
  while (reader.next()) {
    switch (reader.field()) {
      case 1: body.verdict.status = read_status(reader); break;
      case 2: payload = read_bytes(reader, bytes.size()); break;
      case 3: body.verdict.reason = read_text(reader, kReasonMax); break;
      default: reader.unknown();
    }
  }
  if (const auto end = reader.finish(); !end) return fail(end.error());
  if (body.verdict.status != Status::kOk && !payload.empty()) return fail(Errc::kMalformed);
  if (!payload.empty()) body.payload = keep_part(std::move(bytes), payload);
  return body;
}

Bytes Reply::encode() const {
  ProtobufWriter writer;
  if (envelope) {
    write_bytes(writer, 2, *envelope);
  } else {
    write_bytes(writer, 1, encode_ack(refusal));
  }
  return writer.take();
}

Result<Reply> Reply::decode(Bytes bytes) {
  BytesView refusal;
  BytesView envelope;
  ProtobufReader reader(bytes, ProtobufForm::kCanonical);
  while (reader.next()) {
    switch (reader.field()) {
      case 1: refusal = read_bytes(reader, kAckSizeMax); break;
      case 2: envelope = read_bytes(reader, bytes.size()); break;
      default: reader.unknown();
    }
  }
  if (const auto end = reader.finish(); !end) return fail(end.error());
  if (refusal.empty() == envelope.empty()) return fail(Errc::kMalformed);
  if (!envelope.empty()) return Reply{.envelope = keep_part(std::move(bytes), envelope)};
  auto verdict = decode_ack(refusal);
  if (!verdict) return fail(verdict.error());
  if (verdict->status == Status::kOk) return fail(Errc::kMalformed);
  return Reply{.refusal = std::move(*verdict)};
}

Bytes BindReply::encode() const {
  ProtobufWriter writer;
  write_number(writer, 1, static_cast<std::uint64_t>(verdict.status));
  write_text(writer, 2, cut(verdict.reason));
  write_bytes(writer, 3, binding);
  return writer.take();
}

Result<BindReply> BindReply::decode(BytesView bytes) {
  BindReply reply;
  ProtobufReader reader(bytes, ProtobufForm::kCanonical);
  while (reader.next()) {
    switch (reader.field()) {
      case 1: reply.verdict.status = read_status(reader); break;
      case 2: reply.verdict.reason = read_text(reader, kReasonMax); break;
      case 3: reply.binding = to_bytes(read_bytes(reader, kSignedBindingSizeMax)); break;
      default: reader.unknown();
    }
  }
  if (const auto end = reader.finish(); !end) return fail(end.error());
  if (reply.binding.empty()) return fail(Errc::kMalformed);
  return reply;
}

}  // namespace warren
