// What a person is given of themselves: asked for, how far it is, downloaded in any part, deleted.
#include <nlohmann/json.hpp>
#include <utility>

#include "engine/control/byte_range.h"
#include "engine/control/json_input.h"
#include "engine/control/operations.h"

namespace assent {
namespace {

using Json = nlohmann::ordered_json;

Json or_null(const std::optional<std::string>& text) { return text ? Json(*text) : Json(nullptr); }

Json json_of(const ExportJob& job) {
  Json recipient = nullptr;
  if (job.recipient) {
    const auto parsed = AgeRecipient::parse(*job.recipient);
    recipient = {{"key", *job.recipient}, {"sha256", parsed ? Json(parsed->fingerprint()) : Json(nullptr)}};
  }
  const bool expires = job.state != ExportState::running && job.done;
  return {{"id", to_text(job.id)},
          {"subject", to_text(job.subject)},
          {"state", name_of(job.state)},
          {"requested", to_rfc3339(job.requested)},
          {"done", job.done ? Json(to_rfc3339(*job.done)) : Json(nullptr)},
          {"expires", expires ? Json(to_rfc3339(*job.done + limits::kExportKept)) : Json(nullptr)},
          {"calls", job.calls},
          {"calls_done", job.calls_done},
          {"bytes", job.bytes},
          {"format", job.recipient ? "zip, encrypted with age" : "zip"},
          {"sha256", or_null(job.sha256)},
          {"recipient", std::move(recipient)},
          {"trouble", or_null(job.trouble)}};
}

std::string etag_of(const ExportJob& job) { return "\"" + job.sha256.value_or("") + "\""; }

std::string part_text(const ByteRange& range, std::uint64_t all) {
  return "bytes " + std::to_string(range.first) + "-" + std::to_string(range.first + range.length - 1) + "/" +
         std::to_string(all);
}

HttpResponse no_such_part(std::uint64_t all) {
  HttpResponse response =
      to_response({ProblemType::range_not_satisfiable, "the archive has " + std::to_string(all) + " bytes", {}});
  response.headers.emplace_back("Content-Range", "bytes */" + std::to_string(all));
  return response;
}

HttpResponse answer(const ExportJob& job, const ByteRange& range, BodyStream stream) {
  HttpResponse response;
  response.status = range.kind == ByteRange::Kind::part ? 206 : 200;
  response.content_type = job.recipient ? "application/octet-stream" : "application/zip";
  response.headers.emplace_back("Accept-Ranges", "bytes");
  response.headers.emplace_back("ETag", etag_of(job));
  if (response.status == 206) response.headers.emplace_back("Content-Range", part_text(range, job.bytes));
  response.headers.emplace_back("Content-Disposition", "attachment; filename=\"" + to_text(job.id) + ".zip" +
                                                           (job.recipient ? ".age" : "") + "\"");
  response.stream = std::move(stream);
  return response;
}

}  // namespace

Reply export_subject(ApiParts& parts, const ApiRequest& request) {
  if (auto fault = QueryReader(request.http).fault()) return *std::move(fault);
  const std::string& person = request.parameters.at(0);
  if (person.size() > limits::kRefBytes) {
    return Problem{ProblemType::malformed_request, "the reference in the path is longer than 256 bytes", {}};
  }
  auto spec = read_disclosure_spec(request.http.body);
  if (!spec) return spec.error();
  const auto job = parts.disclosures.begin({person, spec->tenant}, spec->recipient, {request.bearer.id});
  if (!job) return problem_of(job.error());
  return json_reply(202, json_of(*job));
}

Reply show_export(ApiParts& parts, const ApiRequest& request) {
  const auto id = id_parameter<ExportId>(request);
  if (!id) return id.error();
  const auto job = parts.disclosures.show(*id);
  if (!job) return problem_of(job.error());
  return json_reply(200, json_of(*job));
}

Reply download_export(ApiParts& parts, const ApiRequest& request) {
  const auto id = id_parameter<ExportId>(request);
  if (!id) return id.error();
  const auto job = parts.disclosures.show(*id);
  if (!job) return problem_of(job.error());
  if (job->state != ExportState::ready) {
    return Problem{ProblemType::conflict,
                   "the export is " + std::string(name_of(job->state)) + ", with " + std::to_string(job->calls_done) +
                       " of " + std::to_string(job->calls) + " calls: GET /v1/exports/" + to_text(*id) + " says more",
                   {}};
  }
  const std::string etag = etag_of(*job);
  const ByteRange range = wanted_range(request.http.headers, etag, job->bytes);
  if (range.kind == ByteRange::Kind::unsatisfiable) return no_such_part(job->bytes);
  // Who asks for the head is given nothing that would have to be on record.
  if (request.http.method == "HEAD")
    return answer(*job, range, {[](ByteSpan) { return std::size_t{0}; }, range.length});
  auto stream =
      parts.disclosures.read(*id, range.first, range.length, part_text(range, job->bytes), {request.bearer.id});
  if (!stream) return problem_of(stream.error());
  HttpResponse response = answer(*job, range, *std::move(stream));
  response.stream->pull = [&overload = parts.overload, pull = std::move(response.stream->pull)](ByteSpan to) mutable {
    overload.ease_off();
    return pull(to);
  };
  return response;
}

Reply delete_export(ApiParts& parts, const ApiRequest& request) {
  const auto id = id_parameter<ExportId>(request);
  if (!id) return id.error();
  if (auto removed = parts.disclosures.remove(*id, {request.bearer.id}); !removed) return problem_of(removed.error());
  return json_reply(200, {{"id", to_text(*id)}, {"state", "deleted"}});
}

}  // namespace assent
