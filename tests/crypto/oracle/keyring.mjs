// The SDK's side of our profile: raw AES-256 wrapping keys under the namespace "assent", and key commitment required.
import { readFileSync } from 'node:fs';
import { buildClient, CommitmentPolicy, MultiKeyringNode } from '@aws-crypto/client-node';
import { RawAesKeyringNode, RawAesWrappingSuiteIdentifier } from '@aws-crypto/raw-aes-keyring-node';

export const { encrypt, decrypt } = buildClient(CommitmentPolicy.REQUIRE_ENCRYPT_REQUIRE_DECRYPT);

function rawAes({ id, key }) {
  const bytes = Buffer.from(key, 'hex');
  // The SDK wants the key in memory of its own, not in a slice of Node's shared buffer pool.
  const unencryptedMasterKey = new Uint8Array(bytes.length);
  unencryptedMasterKey.set(bytes);
  return new RawAesKeyringNode({
    keyName: id,
    keyNamespace: 'assent',
    unencryptedMasterKey,
    wrappingSuite: RawAesWrappingSuiteIdentifier.AES256_GCM_IV12_TAG16_NO_PADDING,
  });
}

// keys.json: {"keys": [{"id": "<key name>", "key": "<64 hex digits>"}]}, as `assent export --keys` prints it.
export function readKeys(path) {
  return JSON.parse(readFileSync(path, 'utf8')).keys;
}

export function decryptKeyring(keys) {
  return new MultiKeyringNode({ children: keys.map(rawAes) });
}

export function encryptKeyring(key) {
  return rawAes(key);
}
