// Solves ALTCHA's proof of work off the page's thread. Hashing is in plain JavaScript where the browser offers none (plain http): slower, but it works there too.

import { pbkdf2 } from "@noble/hashes/pbkdf2.js";
import { scrypt } from "@noble/hashes/scrypt.js";
import { sha256, sha384, sha512 } from "@noble/hashes/sha2.js";
import { solveChallenge } from "altcha-lib";
import { deriveKey as derivePbkdf2Natively } from "altcha-lib/algorithms/web/pbkdf2";
import type { Challenge, ChallengeParameters, DeriveKeyFunction, Solution } from "altcha-lib/types";

const HASHES = { "SHA-256": sha256, "SHA-384": sha384, "SHA-512": sha512 } as const;
type HashName = keyof typeof HASHES;

type Derive = (parameters: ChallengeParameters, salt: Uint8Array, password: Uint8Array) => Uint8Array;

function deriveSha(hash: HashName): Derive {
  return ({ cost, keyLength }, salt, password) => {
    let key: Uint8Array = new Uint8Array([...salt, ...password]);
    for (let round = 0; round < Math.max(1, cost); round += 1) key = HASHES[hash](key);
    return key.slice(0, keyLength);
  };
}

function derivePbkdf2(hash: HashName): Derive {
  return ({ cost, keyLength }, salt, password) =>
    pbkdf2(HASHES[hash], password, salt, { c: cost, dkLen: keyLength });
}

const deriveScrypt: Derive = ({ cost, keyLength, memoryCost, parallelism }, salt, password) =>
  scrypt(password, salt, { N: cost, r: memoryCost ?? 8, p: parallelism ?? 1, dkLen: keyLength });

function isHash(name: string | undefined): name is HashName {
  return name !== undefined && name in HASHES;
}

function deriverFor(algorithm: string): DeriveKeyFunction {
  const [kind, hash] = algorithm.split("/");
  if (kind === "PBKDF2" && globalThis.crypto?.subtle !== undefined) return derivePbkdf2Natively;
  if (kind === "PBKDF2" && isHash(hash)) return answering(derivePbkdf2(hash));
  if (isHash(kind)) return answering(deriveSha(kind));
  if (kind === "SCRYPT") return answering(deriveScrypt);
  throw new Error(`The captcha uses ${algorithm}, which this page does not know.`);
}

function answering(derive: Derive): DeriveKeyFunction {
  return async (...given) => ({ derivedKey: derive(...given) });
}

export interface AltchaAnswer {
  readonly solution?: Solution | null;
  readonly problem?: string;
}

self.onmessage = async ({ data }: MessageEvent<Challenge>) => {
  const answer = await solve(data).catch((error: unknown) => ({ problem: String(error) }));
  self.postMessage(answer satisfies AltchaAnswer);
};

async function solve(challenge: Challenge): Promise<AltchaAnswer> {
  const deriveKey = deriverFor(challenge.parameters.algorithm);
  return { solution: await solveChallenge({ challenge, deriveKey }) };
}
