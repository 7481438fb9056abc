// Refusals in words for senders. The server's sentence is good for most; a few speak to whoever reads its logs.

import type { UploadError } from "../core/errors";
import { formatBytes } from "./format";

export function reasonFor(error: UploadError | null): string {
  if (error === null) return "It could not be sent.";
  if (error.code === "type_not_allowed") return withoutMime(error.message);
  if (error.code === "file_too_large") return tooLarge(error);
  return error.message;
}

/** "a program (application/x-dosexec)" is a program; "image/png" alone is only known to be something else. */
function withoutMime(sentence: string): string {
  return sentence
    .replace(/ \([a-z]+\/[\w.+-]+\)/gi, "")
    .replace(
      /\b(application|audio|font|image|message|model|text|video)\/[\w+-]+(\.[\w+-]+)*/gi,
      "of another kind",
    );
}

function tooLarge({ message, details }: UploadError): string {
  const { limit } = details;
  if (typeof limit !== "number") return message;
  return `The file is too large: the limit is ${formatBytes(limit)} per file.`;
}
