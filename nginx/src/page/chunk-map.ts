// Which parts of a file are where: a strip as long as the file, for who wants to look closer.

import type { Span } from "../core/ranges";
import { make, setText } from "./dom";
import { formatBytes } from "./format";
import { t } from "./i18n";
import "./chunk-map.css";

export interface Parts {
  readonly size: number;
  readonly safe: readonly Span[];
  readonly moving: readonly Span[];
}

const SVG = "http://www.w3.org/2000/svg";
const WIDTH = 1_000;
const HEIGHT = 20;

/** Draws into `box`, which it fills the first time; called again for every change. `null` keeps what was drawn last. */
export function paintMap(box: HTMLElement, parts: Parts | null): void {
  if (box.childElementCount === 0) box.append(strip(), legend(), make("p", { className: "quiet small" }));
  const map = box.querySelector("svg");
  const words = box.querySelector("p");
  if (map === null || words === null) return;
  const names = [t("map_safe"), t("map_moving"), t("map_missing")];
  for (const [at, each] of [...box.querySelectorAll<HTMLElement>(".map-word")].entries())
    setText(each, names[at] ?? "");
  if (parts === null) return;
  const label = inWords(parts);
  setText(words, label);
  map.setAttribute("aria-label", label);
  draw(map, "map-safe", parts.safe, parts.size);
  draw(map, "map-moving", parts.moving, parts.size);
}

function strip(): SVGSVGElement {
  const map = document.createElementNS(SVG, "svg");
  map.setAttribute("class", "map");
  map.setAttribute("role", "img");
  map.setAttribute("viewBox", `0 0 ${WIDTH} ${HEIGHT}`);
  map.setAttribute("preserveAspectRatio", "none");
  for (const name of ["map-safe", "map-moving"]) {
    const path = document.createElementNS(SVG, "path");
    path.setAttribute("class", name);
    map.append(path);
  }
  return map;
}

function legend(): HTMLElement {
  const entries = ["map-safe", "map-moving", "map-missing"].map((name) =>
    make("li", {}, make("span", { className: `map-key ${name}` }), make("span", { className: "map-word" })),
  );
  return make("ul", { className: "map-legend small quiet" }, ...entries);
}

function draw(map: SVGSVGElement, name: string, spans: readonly Span[], size: number): void {
  const at = (bytes: number): number => (bytes / Math.max(1, size)) * WIDTH;
  const boxes = spans.map(({ start, stop }) => `M${at(start)} 0H${at(stop)}V${HEIGHT}H${at(start)}z`);
  map.querySelector(`.${name}`)?.setAttribute("d", boxes.join(""));
}

function inWords({ size, safe, moving }: Parts): string {
  const safeBytes = bytesIn(safe);
  const movingBytes = bytesIn(moving);
  return t("map", {
    safe: formatBytes(safeBytes),
    moving: formatBytes(movingBytes),
    missing: formatBytes(Math.max(0, size - safeBytes - movingBytes)),
  });
}

function bytesIn(spans: readonly Span[]): number {
  return spans.reduce((sum, { start, stop }) => sum + stop - start, 0);
}
