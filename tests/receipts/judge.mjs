// Judges receipts as somebody would who has only them and the key set: node judge.mjs RECEIPTS.json KEYS.json. The signature is
// jose's to verify, the fields are a JSON Schema's. Prints a JSON list of what each receipt is; exits with 1 and why when one is
// not in order.
import { readFileSync } from "node:fs";
import Ajv2020 from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import { compactVerify, createLocalJWKSet } from "jose";

const here = new URL(".", import.meta.url);
const [receiptsPath, keysPath] = process.argv.slice(2);
const { receipts } = JSON.parse(readFileSync(receiptsPath));
const keySet = createLocalJWKSet(JSON.parse(readFileSync(keysPath)));

const ajv = new Ajv2020({ allErrors: true });
addFormats(ajv);
const schemaOf = (name) => ajv.compile(JSON.parse(readFileSync(new URL(`${name}.schema.json`, here))));
const schemas = { consent: schemaOf("consent_receipt"), "nothing-stored": schemaOf("nothing_stored_receipt") };
schemas.withdrawal = schemas.consent;
schemas.erasure = schemaOf("erasure_receipt");

const found = [];
for (const { kind, jws, receipt } of receipts) {
  const { payload, protectedHeader } = await compactVerify(jws, keySet, { algorithms: ["EdDSA"] });
  const signed = JSON.parse(new TextDecoder().decode(payload));
  if (JSON.stringify(signed) !== JSON.stringify(receipt)) throw new Error(`${kind}: what is shown is not what is signed`);
  if (!protectedHeader.kid) throw new Error(`${kind}: no kid`);
  if (!schemas[kind](signed)) throw new Error(`${kind}: ${ajv.errorsText(schemas[kind].errors)}`);
  found.push({ kind, type: signed["@type"], signed });
}
console.log(JSON.stringify(found));
