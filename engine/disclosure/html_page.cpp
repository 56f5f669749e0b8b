#include "engine/disclosure/html_page.h"

#include <initializer_list>

#include "engine/disclosure/disclosed_json.h"

namespace assent {
namespace {

constexpr std::string_view kStyle = R"(
:root{color-scheme:light dark}
body{font:1rem/1.5 system-ui,sans-serif;max-width:64rem;margin:0 auto;padding:1.5rem}
section.call{border-top:1px solid GrayText;margin-top:2.5rem;padding-top:.5rem}
table{border-collapse:collapse;width:100%;margin:.5rem 0 1.5rem}
caption{text-align:left;font-weight:600;padding:.25rem 0}
th,td{border-bottom:1px solid GrayText;padding:.3rem .6rem .3rem 0;text-align:left;vertical-align:top}
th,td{overflow-wrap:anywhere}
dt{font-weight:600}dd{margin:0 0 .4rem}
dl{display:grid;grid-template-columns:max-content 1fr;column-gap:1rem}
audio{width:100%}
.note{white-space:pre-wrap}
.gone{border-left:.3rem solid GrayText;padding-left:.8rem}
)";

std::string time_text(WallTime at) {
  std::string text = to_rfc3339(at);  // 2026-11-24T22:59:00.123Z
  return text.substr(0, 10) + " " + text.substr(11, 8) + " UTC";
}

std::string time_html(WallTime at) { return "<time datetime=\"" + to_rfc3339(at) + "\">" + time_text(at) + "</time>"; }

std::string seconds_text(milliseconds span) {
  const auto tenths = (span.count() + 50) / 100;
  return std::to_string(tenths / 10) + "." + std::to_string(tenths % 10) + " s";
}

std::string row(std::initializer_list<std::string> cells) {
  std::string out = "<tr>";
  for (const std::string& cell : cells) out += "<td>" + cell + "</td>";
  return out + "</tr>\n";
}

// Nothing when there are no rows.
std::string table(std::string_view caption, std::initializer_list<std::string_view> heads, const std::string& rows) {
  if (rows.empty()) return {};
  std::string out = "<table><caption>" + html_text(caption) + "</caption><thead><tr>";
  for (const std::string_view head : heads) out += "<th scope=\"col\">" + html_text(head) + "</th>";
  return out + "</tr></thead><tbody>\n" + rows + "</tbody></table>\n";
}

std::string term(std::string_view name, const std::string& value_html) {
  return value_html.empty() ? std::string() : "<dt>" + html_text(name) + "</dt><dd>" + value_html + "</dd>\n";
}

std::string notice_text(const std::string& notice_json) {
  const DisclosedJson notice = stored_json(notice_json);
  if (!notice.is_object()) return "";
  const auto part = [&](const char* name) {
    const auto found = notice.find(name);
    return found != notice.end() && found->is_string() ? found->get<std::string>() : std::string();
  };
  return html_text(part("id") + " " + part("version") + " (" + part("language") + ")");
}

std::string consent_rows(const std::vector<ConsentRow>& consents, const Said& said) {
  std::string rows;
  for (const ConsentRow& consent : consents) {
    const std::string how = consent.signal_type + " " + said_by(said, consent.id).value_or("");
    const std::string until = consent.valid_until ? time_html(*consent.valid_until) : "";
    rows += row({time_html(consent.at), html_text(consent.purpose), html_text(consent.decision), html_text(how),
                 notice_text(consent.notice_json), until});
  }
  return rows;
}

std::string access_rows(const std::vector<LedgerRow>& accesses) {
  std::string rows;
  for (const LedgerRow& access : accesses) {
    const DisclosedJson body = stored_json(access.body_json);
    const auto part = [&](const char* name) {
      return body.is_object() && body.contains(name) && body[name].is_string() ? body[name].get<std::string>()
                                                                               : std::string();
    };
    const std::string_view what = access.kind == name_of(LedgerKind::refusal)       ? "refused"
                                  : access.kind == name_of(LedgerKind::export_keys) ? "keys given away"
                                                                                    : "given";
    rows += row({time_html(access.at), html_text(part("by")), html_text(part("purpose")), html_text(part("use")),
                 html_text(what)});
  }
  return rows;
}

std::string metric_rows(const DisclosedCall& call) {
  std::string rows;
  const auto add = [&](std::string_view what, const std::string& value) {
    rows += row({html_text(what), html_text(value)});
  };
  if (call.row.ended) {
    add("Length of the call",
        seconds_text(std::chrono::duration_cast<milliseconds>(*call.row.ended - call.row.created)));
  }
  for (const DisclosedParticipant& one : call.participants) {
    if (one.is_them && one.opt_in) add("From joining to your first yes", seconds_text(*one.opt_in));
  }
  for (const DisclosedLeg& leg : call.legs) {
    if (!leg.is_theirs || !leg.metrics) continue;
    if (leg.metrics->talk) add("Recorded, and you speak", seconds_text(*leg.metrics->talk));
    if (leg.metrics->quiet) add("Recorded, and you do not", seconds_text(*leg.metrics->quiet));
    add("On hold", seconds_text(leg.metrics->hold));
    add("Jitter of your packets, mean", std::to_string(leg.metrics->jitter_mean_us) + " us");
    add("Jitter of your packets, at most", std::to_string(leg.metrics->jitter_most_us) + " us");
  }
  return rows;
}

std::string audio_html(const DisclosedCall& call) {
  std::string out;
  for (const DisclosedLeg& leg : call.legs) {
    for (const DisclosedAudio& audio : leg.audio) {
      const std::string name = html_text(audio.name);
      out +=
          "<figure><figcaption>" +
          std::string(leg.is_theirs ? "What you said" : "What another participant said, who agreed to its disclosure") +
          " (" + html_text(leg.role) + "), from " + time_html(audio.start) + ", " +
          seconds_text(std::chrono::duration_cast<milliseconds>(audio.end - audio.start)) +
          (audio.has_spoken_answer ? "; with your spoken answer to the question" : "") +
          (audio.damages != 0 ? "; " + std::to_string(audio.damages) + " damaged stretches are silent" : "") +
          ": <a href=\"" + name + "\">" + name + "</a></figcaption><audio controls preload=\"none\" src=\"" + name +
          "\"></audio></figure>\n";
    }
  }
  return out;
}

std::string missing_html(const DisclosedCall& call) {
  std::string items;
  if (call.erased) items += "<li>The recording was erased " + time_html(*call.erased) + ".</li>\n";
  for (const DisclosedLeg& leg : call.legs) {
    if (!leg.is_theirs) continue;
    if (leg.erased && !call.erased) items += "<li>What you said was erased " + time_html(*leg.erased) + ".</li>\n";
    if (leg.lost != 0) items += "<li>" + std::to_string(leg.lost) + " parts of it have been lost.</li>\n";
    if (leg.quarantined != 0) {
      items +=
          "<li>" + std::to_string(leg.quarantined) + " damaged parts of it are kept apart and cannot be played.</li>\n";
    }
  }
  for (const ConsentRow& consent : call.consents) {
    if (consent.decision != "withdrawn") continue;
    items +=
        "<li>You took back your consent to " + html_text(consent.purpose) + " " + time_html(consent.at) + ".</li>\n";
  }
  return items.empty() ? items : "<ul class=\"gone\">\n" + items + "</ul>\n";
}

std::string roles_of_others(const DisclosedCall& call) {
  std::string roles;
  for (const DisclosedParticipant& one : call.participants) {
    if (!one.is_them) roles += (roles.empty() ? "" : ", ") + one.role;
  }
  return roles;
}

}  // namespace

std::string html_text(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&': out += "&amp;"; break;
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      case '"': out += "&quot;"; break;
      case '\'': out += "&#39;"; break;
      case '\n':
      case '\t': out += c; break;
      default: {
        const auto byte = static_cast<unsigned char>(c);
        byte < 0x20 || byte == 0x7F ? out += "\xEF\xBF\xBD" : out += c;
      }
    }
  }
  return out;
}

std::string page_head(const DisclosedPerson& person) {
  std::string out =
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<meta name=\"referrer\" content=\"no-referrer\">\n"
      "<title>Your recorded calls</title>\n<style>" +
      std::string(kStyle) + "</style>\n</head>\n<body>\n<header><h1>Your recorded calls</h1>\n";
  out +=
      "<p>This is what is stored about you: what you said, what you agreed to, and who used it for what. "
      "Of other people you find that they took part and in which role.</p>\n<dl>\n";
  out += term("Reference", person.reference ? html_text(*person.reference) : "");
  out += term("Your id", html_text(to_text(person.subject)));
  out += term("Recorded by", html_text(person.tenant));
  out += term("As of", time_html(person.at));
  out += term("Calls", std::to_string(person.calls));
  out += "</dl></header>\n<main>\n";
  std::string rows;
  for (const DisclosedStanding& one : person.standing) {
    std::string purposes;
    for (const DisclosedJson& purpose : stored_json(one.row.purposes_json)) {
      if (purpose.is_string()) purposes += (purposes.empty() ? "" : ", ") + purpose.get<std::string>();
    }
    rows += row({html_text(purposes), time_html(one.row.from), one.row.until ? time_html(*one.row.until) : "",
                 notice_text(one.row.notice_json), html_text(one.evidence.value_or("")),
                 one.row.withdrawn ? time_html(*one.row.withdrawn) : ""});
  }
  return out +
         table("Consents on file", {"Purposes", "From", "Until", "Notice", "Where it is on file", "Taken back"}, rows);
}

std::string page_of_call(const DisclosedCall& call) {
  std::string out = "<section class=\"call\">\n<h2>Call of " + time_html(call.row.created) + "</h2>\n<dl>\n";
  out += term("Reference", call.ref ? html_text(*call.ref) : "");
  out += term("Ended", call.row.ended ? time_html(*call.row.ended) : "in progress");
  for (const DisclosedParticipant& one : call.participants) {
    if (!one.is_them) continue;
    out += term("You took part as", html_text(one.role));
    if (!one.fields) continue;
    out += term("Called there", html_text(one.fields->ref));
    out += term("Name", one.fields->name ? html_text(*one.fields->name) : "");
    out += term("Number or address", one.fields->address ? html_text(*one.fields->address) : "");
  }
  out += term("Others", html_text(roles_of_others(call)));
  out += term("Rule for recording", html_text(call.row.policy));
  out += term("You were told", notice_text(call.row.notice_json));
  if (call.recording && call.recording->expires) out += term("Kept until", time_html(*call.recording->expires));
  for (const HoldRow& hold : call.holds) {
    out += term("Kept by law for", html_text(hold.reason) + (hold.until ? ", until " + time_html(*hold.until) : ""));
  }
  const std::string file = "calls/" + to_text(call.row.id) + "/vcon.json";
  out += term("All of it for a program", "<a href=\"" + file + "\">" + file + "</a>");
  out += "</dl>\n";
  const std::string audio = audio_html(call);
  out += audio.empty() ? "<p>Nothing that you said is stored of this call.</p>\n" : audio;
  out += missing_html(call);
  out += table("What you agreed to", {"When", "Purpose", "Answer", "How", "Notice", "Until"},
               consent_rows(call.consents, call.said));
  out += table("Who used it", {"When", "Who", "Purpose", "Use", "What came of it"}, access_rows(call.accesses));
  std::string notes;
  for (const DisclosedNote& note : call.notes) {
    notes += row({time_html(note.row.at), html_text(note.row.author),
                  "<span class=\"note\">" + html_text(note.text.value_or("")) + "</span>"});
  }
  out += table("Notes", {"When", "Who", "Text"}, notes);
  out += table("What the call was like", {"What", "How much"}, metric_rows(call));
  std::string recipients;
  for (const DisclosedRecipients& one : call.recipients) {
    std::string names;
    for (const std::string& name : one.names) names += (names.empty() ? "" : ", ") + name;
    recipients += row({html_text(one.purpose), html_text(one.description), html_text(names)});
  }
  out += table("Who receives what", {"Purpose", "What it is", "Recipients"}, recipients);
  return out + "</section>\n";
}

std::string page_end() { return "</main>\n</body>\n</html>\n"; }

}  // namespace assent
