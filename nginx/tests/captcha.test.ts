import { createChallenge, verifySolution } from "altcha-lib";
import { deriveKey } from "altcha-lib/algorithms/pbkdf2";
import { afterEach, describe, expect, it, vi } from "vitest";
import { solveAltcha } from "../src/captcha/solve";

/** A challenge as the server makes it: a hidden counter, and a signature over all of it. */
async function challengeOf(algorithm: string) {
  return createChallenge({ algorithm, cost: 10, deriveKey, counter: 20, hmacSignatureSecret: "secret" });
}

afterEach(() => vi.unstubAllGlobals());

describe("ALTCHA", () => {
  it.each(["PBKDF2/SHA-256", "PBKDF2/SHA-512"])(
    "%s is solved to the verifier's satisfaction",
    async (algorithm) => {
      const challenge = await challengeOf(algorithm);
      const solution = await solveAltcha(challenge);
      expect(solution?.counter).toBe(20);
      if (solution === null) return;
      const verdict = await verifySolution({ challenge, solution, deriveKey, hmacSignatureSecret: "secret" });
      expect(verdict.verified).toBe(true);
    },
  );

  it("is solved on plain http too, where the browser offers no hashing", async () => {
    const challenge = await challengeOf("PBKDF2/SHA-256");
    vi.stubGlobal("crypto", {});
    expect((await solveAltcha(challenge))?.counter).toBe(20);
  });

  it.each([{ cost: 2 ** 40 }, { keyLength: 2 ** 31 }, { cost: Number.NaN }])(
    "that would have no end is not begun: %s",
    async (more) => {
      const { parameters } = await challengeOf("PBKDF2/SHA-256");
      await expect(solveAltcha({ parameters: { ...parameters, ...more } })).rejects.toThrow("more work");
    },
  );

  it("of a kind unknown here is said to be so", async () => {
    const parameters = {
      algorithm: "ARGON2ID",
      nonce: "00",
      salt: "00",
      cost: 1,
      keyLength: 32,
      keyPrefix: "00",
    };
    await expect(solveAltcha({ parameters })).rejects.toThrow("ARGON2ID");
  });
});
