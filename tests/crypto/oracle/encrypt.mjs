// Seals a file with the official AWS Encryption SDK, in our profile:
// node encrypt.mjs --keys keys.json --frame BYTES --out FILE PLAIN
// Uses the first key, suite 0x0478, and a small context.
import { readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { AlgorithmSuiteIdentifier } from '@aws-crypto/client-node';
import { encrypt, encryptKeyring, readKeys } from './keyring.mjs';

const { values, positionals } = parseArgs({
  options: { keys: { type: 'string' }, frame: { type: 'string' }, out: { type: 'string' } },
  allowPositionals: true,
});

const { result } = await encrypt(encryptKeyring(readKeys(values.keys)[0]), readFileSync(positionals[0]), {
  suiteId: AlgorithmSuiteIdentifier.ALG_AES256_GCM_IV12_TAG16_HKDF_SHA512_COMMIT_KEY,
  frameLength: Number(values.frame),
  encryptionContext: { tenant: 'oracle', call: 'c', segment: '1' },
});
writeFileSync(values.out, result);
