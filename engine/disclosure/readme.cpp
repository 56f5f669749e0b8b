#include "engine/disclosure/readme.h"

namespace assent {

std::string readme_of(const DisclosedPerson& person) {
  return "What is stored about you\n"
         "========================\n\n"
         "As of " +
         to_rfc3339(person.at) + ", export " + to_text(person.id) + ", of the person " + to_text(person.subject) +
         ".\n\n"
         "Open index.html in a browser: it shows all of it, and plays what you said.\n\n"
         "  index.html                 to read\n"
         "  person.json                all facts, for a program: consents on file, every call, the ledger's records\n"
         "  calls/<call>/<leg>.wav     what you said in a call, your spoken answer included; loss and pauses are "
         "silent\n"
         "  calls/<call>/vcon.json     the call as a vCon (draft-ietf-vcon-vcon-core-03, with the consent attachment "
         "of\n"
         "                             draft-howe-vcon-consent-00), with the same audio as Ogg Opus in it\n"
         "  manifest.json              size and SHA-256 of every other file\n\n"
         "What others said is in it only where they agreed to have it disclosed; others are named by their role. The\n"
         "receipts are signed (JWS, Ed25519); the key is at /.well-known/jwks.json of the engine that made them. "
         "Times\n"
         "are UTC.\n\n"
         "Nothing in it is encrypted once you have it: keep it as you keep your letters.\n";
}

}  // namespace assent
