import { expect, it } from "vitest";
import { sentBefore } from "../src/page/again";
import type { Batch } from "../src/page/sent-store";
import type { UploadItem } from "../src/utils/upload-manager";

const item = (id: string, size = 3) =>
  ({ path: `${id}.jpg`, uploadId: id, file: new File(["x".repeat(size)], "f") }) as unknown as UploadItem;
const batch = (files: readonly [string, number][]): Batch => ({
  at: 1,
  files: files.map(([id, size]) => ({ path: "before.jpg", size, id, until: null })),
});

/** A server that knows the digest of each upload by its name. */
function server(digests: Readonly<Record<string, string>>) {
  const asked: (readonly string[])[] = [];
  const receipt = (ids: readonly string[]) => {
    asked.push(ids);
    return Promise.resolve({ files: ids.map((id) => ({ sha256: digests[id] })) });
  };
  return { asked, api: { receipt } };
}

it("knows a file by its bytes, whatever it is called, and none that has only its size", async () => {
  const { api, asked } = server({ old: "aa", longer: "cc", same: "aa", other: "bb" });
  const [same, other] = [item("same"), item("other")];
  const earlier = [
    batch([
      ["old", 3],
      ["longer", 4],
    ]),
  ];
  expect([...(await sentBefore([other, same], earlier, api))]).toEqual([same]);
  // One question, and none about what cannot be the same.
  expect(asked).toEqual([["old", "other", "same"]]);
});

it("knows it by the receipt where nothing of an earlier visit can be taken back any more", async () => {
  const { api } = server({ same: "aa", other: "bb" });
  const [same, other] = [item("same"), item("other")];
  const kept = { ...batch([["", 3]]), receipt: { files: [{ path: "before.jpg", size: 3, sha256: "aa" }] } };
  expect([...(await sentBefore([same, other], [kept], api))]).toEqual([same]);
});

it("asks nothing where there is nothing to compare with, and takes no missing digest for another", async () => {
  const { api, asked } = server({});
  expect((await sentBefore([item("same")], [batch([["", 3]])], api)).size).toBe(0);
  expect(asked).toEqual([]);
  const unread = { receipt: () => Promise.resolve({ files: "none" }) };
  expect((await sentBefore([item("same")], [batch([["old", 3]])], unread)).size).toBe(0);
});

it("asks about a bounded number", async () => {
  const ids = Array.from({ length: 300 }, (_, at) => `n${at}`);
  const { api, asked } = server({});
  const earlier = [batch(ids.map((id) => [`old ${id}`, 3]))];
  const all = ids.map((id) => item(id));
  // Digests that it does not know yet are not the same.
  expect((await sentBefore(all, earlier, api)).size).toBe(0);
  expect(asked[0]).toHaveLength(400);
});
