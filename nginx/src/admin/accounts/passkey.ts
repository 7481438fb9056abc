// The browser's side of passkeys: what it is asked, and what it answers, as JSON. Loaded when somebody wants one.

import { UploadError } from "../../core/errors";
import { type Declared, doubted } from "../../core/reply";
import type { OwnerApi } from "../api";
import { t } from "../i18n";

type Api = Pick<OwnerApi, "raw">;

/** What a passkey answers to a challenge of the server, to log in by. */
export async function usePasskey(api: Api): Promise<object> {
  const asked = doubted<Declared<"Asked">>(await api.raw("POST", "/droppr/session/passkey"));
  const answer = await answered(() =>
    navigator.credentials.get({
      publicKey: {
        challenge: bytesOf(asked.challenge),
        rpId: String(asked.rpId),
        timeout: Number(asked.timeout),
        userVerification: "required",
      },
    }),
  );
  const { response } = answer;
  if (!(response instanceof AuthenticatorAssertionResponse)) throw unanswered();
  return shown(answer, {
    clientDataJSON: textOf(response.clientDataJSON),
    authenticatorData: textOf(response.authenticatorData),
    signature: textOf(response.signature),
    ...(response.userHandle === null ? {} : { userHandle: textOf(response.userHandle) }),
  });
}

/** A new one, made as the server has said. */
export async function makePasskey(value: unknown): Promise<object> {
  const wished = value as Declared<"Wished">;
  const answer = await answered(() =>
    navigator.credentials.create({
      publicKey: {
        challenge: bytesOf(wished.challenge),
        rp: wished.rp,
        user: { ...wished.user, id: bytesOf(wished.user.id) },
        pubKeyCredParams: [...wished.pubKeyCredParams],
        timeout: wished.timeout,
        attestation: wished.attestation,
        excludeCredentials: wished.excludeCredentials.map(({ type, id }) => ({ type, id: bytesOf(id) })),
        authenticatorSelection: wished.authenticatorSelection,
      },
    }),
  );
  const { response } = answer;
  if (!(response instanceof AuthenticatorAttestationResponse)) throw unanswered();
  return shown(answer, {
    clientDataJSON: textOf(response.clientDataJSON),
    attestationObject: textOf(response.attestationObject),
  });
}

async function answered(ask: () => Promise<Credential | null>): Promise<PublicKeyCredential> {
  let answer: Credential | null;
  try {
    answer = await ask();
  } catch (error) {
    // Browsers tell a page on purpose no more than that nothing came of it.
    const known = error instanceof DOMException && error.code === DOMException.INVALID_STATE_ERR;
    throw unanswered(t(known ? "passkey_known" : "passkey_not_used"), error);
  }
  if (!(answer instanceof PublicKeyCredential)) throw unanswered();
  return answer;
}

function unanswered(sentence = t("passkey_not_used"), cause: unknown = null): UploadError {
  return new UploadError(sentence, { code: "passkey_not_used", cause });
}

function shown({ id, rawId, type }: PublicKeyCredential, response: object): object {
  return { id, rawId: textOf(rawId), type, response };
}

function textOf(buffer: ArrayBuffer): string {
  const text = String.fromCharCode(...new Uint8Array(buffer));
  return btoa(text).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}

function bytesOf(text: unknown): Uint8Array<ArrayBuffer> {
  const plain = atob(String(text).replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(plain, (each) => each.charCodeAt(0));
}
