// What a file looks like in the dialog: a picture, pages, a film, a sound, a text, or why there is nothing to be seen.

import { UploadError } from "../../core/errors";
import { make } from "../../page/dom";
import { formatBytes } from "../format";
import { t } from "../i18n";
import { errorWords } from "../words";
import { type Described, isAborted, type LookApi, SCREEN_PIXELS } from "./look-api";

/** As much of a text as the server shows, in bytes. */
const TEXT_BYTES = 256 * 1024;
const PAGES_AT_ONCE = 2;
/** Height over width of a page that nobody has seen yet. */
const USUAL_PAGE = Math.SQRT2;

export interface Seen {
  readonly uploadId: string;
  readonly name: string;
  readonly size: number;
}

/** Fills `stage` with the file. What it takes of the browser ends with `signal`. */
export async function fill(
  stage: HTMLElement,
  api: LookApi,
  file: Seen,
  described: Described,
  signal: AbortSignal,
): Promise<void> {
  switch (described.kind) {
    case "picture":
      return showPicture(stage, api, file, described, signal);
    case "pages":
      return showPages(stage, api, file, described.pages, signal);
    case "video":
    case "audio":
      return play(stage, api, file, described.kind, signal);
    case "text":
      return showText(stage, api, file, signal);
    default:
      stage.replaceChildren(problem(described.problem));
  }
}

export function problem(words: string): HTMLElement {
  return make("p", { className: "look-problem", text: words });
}

async function showPicture(
  stage: HTMLElement,
  api: LookApi,
  file: Seen,
  { type }: Described,
  signal: AbortSignal,
): Promise<void> {
  try {
    stage.replaceChildren(await drawn(api, file, 1, file.name, signal));
  } catch (error) {
    if (isAborted(error)) return;
    // A server that draws nothing can still show what browsers know.
    const itself = error instanceof UploadError && error.code === "not_installed" && type !== "";
    if (!itself) throw error;
    const picture = make("img", { className: "look-picture" });
    picture.alt = file.name;
    picture.addEventListener("error", () => stage.replaceChildren(problem(t("picture_damaged"))));
    picture.src = api.contentUrl(file.uploadId);
    stage.replaceChildren(picture);
  }
}

/** A picture of a page, once it is here. */
async function drawn(
  api: LookApi,
  { uploadId }: Seen,
  page: number,
  words: string,
  signal: AbortSignal,
): Promise<HTMLImageElement> {
  const url = URL.createObjectURL(await api.picture(uploadId, SCREEN_PIXELS, page, signal));
  const picture = make("img", { className: "look-picture" });
  picture.alt = words;
  picture.src = url;
  signal.addEventListener("abort", () => URL.revokeObjectURL(url), { once: true });
  await picture.decode().catch(() => undefined);
  return picture;
}

function showPages(stage: HTMLElement, api: LookApi, file: Seen, pages: number, signal: AbortSignal): void {
  const places = Array.from({ length: pages }, (_, at) => {
    const place = make("div", { className: "look-page" });
    place.dataset.page = String(at + 1);
    place.style.setProperty("--page-shape", String(1 / USUAL_PAGE));
    return place;
  });
  const waiting: HTMLElement[] = [];
  let running = 0;
  const bring = async (place: HTMLElement): Promise<void> => {
    const page = Number(place.dataset.page);
    try {
      const picture = await drawn(api, file, page, t("page_of", { page, pages }), signal);
      place.style.removeProperty("--page-shape");
      place.replaceChildren(picture);
    } catch (error) {
      if (!isAborted(error))
        place.replaceChildren(problem(t("page_problem", { page, error: errorWords(error) })));
    }
  };
  const next = (): void => {
    while (running < PAGES_AT_ONCE && !signal.aborted) {
      // The page that was come to last is the one that is looked at.
      const place = waiting.pop();
      if (place === undefined) return;
      running += 1;
      void bring(place).finally(() => {
        running -= 1;
        next();
      });
    }
  };
  const seen = new IntersectionObserver(
    (entries) => {
      const come = entries.filter(({ isIntersecting }) => isIntersecting).map(({ target }) => target);
      for (const place of come.reverse()) {
        seen.unobserve(place);
        waiting.push(place as HTMLElement);
      }
      next();
    },
    { root: stage, rootMargin: "50%" },
  );
  signal.addEventListener("abort", () => seen.disconnect(), { once: true });
  stage.replaceChildren(...places);
  for (const place of places) seen.observe(place);
}

function play(
  stage: HTMLElement,
  api: LookApi,
  file: Seen,
  kind: "video" | "audio",
  signal: AbortSignal,
): void {
  const player = make(kind, { className: `look-${kind}` });
  player.controls = true;
  player.preload = "metadata";
  player.setAttribute("aria-label", file.name);
  player.addEventListener("error", () => void cannotPlay(stage, api, file, kind, signal));
  player.src = api.contentUrl(file.uploadId);
  signal.addEventListener(
    "abort",
    () => {
      // Or what is left of the film would go on coming.
      player.removeAttribute("src");
      player.load();
    },
    { once: true },
  );
  stage.replaceChildren(player);
}

async function cannotPlay(
  stage: HTMLElement,
  api: LookApi,
  file: Seen,
  kind: "video" | "audio",
  signal: AbortSignal,
): Promise<void> {
  if (signal.aborted) return;
  stage.replaceChildren(problem(t(`no_${kind}`)));
  if (kind === "audio") return;
  try {
    stage.prepend(await drawn(api, file, 1, t("picture_of", { name: file.name }), signal));
  } catch {
    // That it cannot be played is all there is to say.
  }
}

async function showText(stage: HTMLElement, api: LookApi, file: Seen, signal: AbortSignal): Promise<void> {
  const text = make("pre", { className: "look-text", text: await api.text(file.uploadId, signal) });
  text.dir = "auto";
  stage.replaceChildren(text);
  if (file.size > TEXT_BYTES) stage.append(problem(t("text_begins", { size: formatBytes(TEXT_BYTES) })));
}
