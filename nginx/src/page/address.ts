import { BASE } from "./base";

/** The whole address of what the server names: whole as it is, or relative to the server, such as `/request/<hash>`. */
export function addressOf(url: string): string {
  return new URL(url.startsWith("/") ? BASE + url : url, location.origin).href;
}
