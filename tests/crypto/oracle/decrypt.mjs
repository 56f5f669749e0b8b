// Decrypts sealed segments with the official AWS Encryption SDK: node decrypt.mjs --keys keys.json --out DIR FILE...
// Writes DIR/<file name>.plain for each and prints one JSON line: {"file", "plain", "bytes", "context"}.
// Exits 1 at the first file the SDK refuses, with its reason.
import { readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { parseArgs } from 'node:util';
import { decrypt, decryptKeyring, readKeys } from './keyring.mjs';

const { values, positionals } = parseArgs({
  options: { keys: { type: 'string' }, out: { type: 'string' } },
  allowPositionals: true,
});
if (!values.keys || !values.out || positionals.length === 0) {
  console.error('usage: node decrypt.mjs --keys keys.json --out DIR FILE...');
  process.exit(2);
}

const keyring = decryptKeyring(readKeys(values.keys));
for (const file of positionals) {
  try {
    const { plaintext, messageHeader } = await decrypt(keyring, readFileSync(file));
    const plain = join(values.out, `${basename(file)}.plain`);
    writeFileSync(plain, plaintext);
    const context = messageHeader.encryptionContext;
    console.log(JSON.stringify({ file, plain, bytes: plaintext.length, context }));
  } catch (failure) {
    console.error(`${file}: ${failure.message}`);
    process.exit(1);
  }
}
