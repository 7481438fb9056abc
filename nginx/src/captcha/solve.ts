// ALTCHA's proof of work. Hashing is in plain JavaScript where the browser offers none (plain http): slower, but it
// works there too.

import { pbkdf2 } from "@noble/hashes/pbkdf2.js";
import { sha256, sha384, sha512 } from "@noble/hashes/sha2.js";
import { solveChallenge } from "altcha-lib";
import { deriveKey as deriveNatively } from "altcha-lib/algorithms/web/pbkdf2";
import type { Challenge, DeriveKeyFunction, Solution } from "altcha-lib/types";

/** What the server may ask for, of all that ALTCHA knows. */
const HASHES = { "PBKDF2/SHA-256": sha256, "PBKDF2/SHA-384": sha384, "PBKDF2/SHA-512": sha512 } as const;

/** Of one attempt, which cannot be broken off: some seconds on a phone. */
const MAX_ITERATIONS = 1_000_000;
/** Bytes. */
const MAX_KEY_BYTES = 64;

/** The counter that fits `challenge`, or null when none was found in time. Throws on algorithms unknown here, and on what would have no end. */
export async function solveAltcha(challenge: Challenge): Promise<Solution | null> {
  const { cost, keyLength = MAX_KEY_BYTES } = challenge.parameters;
  if (!(cost <= MAX_ITERATIONS && keyLength <= MAX_KEY_BYTES))
    throw new Error("The captcha asks for more work than it is worth.");
  return solveChallenge({ challenge, deriveKey: deriverFor(challenge.parameters.algorithm) });
}

function deriverFor(algorithm: string): DeriveKeyFunction {
  if (!(algorithm in HASHES))
    throw new Error(`The captcha uses ${algorithm}, which this page does not know.`);
  if (globalThis.crypto?.subtle !== undefined) return deriveNatively;
  const hash = HASHES[algorithm as keyof typeof HASHES];
  return async ({ cost, keyLength }, salt, password) => ({
    derivedKey: pbkdf2(hash, password, salt, { c: cost, dkLen: keyLength }),
  });
}
