// What a test waits for comes by itself, and how soon hangs on what else the machine does: the second that Vitest waits for it is little
// while all cores are busy, as much of it is for loading a module.

import { vi } from "vitest";

const PATIENCE = { timeout: 20_000 };
const { waitFor, waitUntil } = vi;

vi.waitFor = (holds, options = {}) =>
  waitFor(holds, typeof options === "number" ? options : { ...PATIENCE, ...options });
vi.waitUntil = (holds, options = {}) =>
  waitUntil(holds, typeof options === "number" ? options : { ...PATIENCE, ...options });
