// Sends a file with tus-js-client, COUNT times at once, or all files of a folder, COUNT of them at a time:
//   node tus-client.mjs ENDPOINT FILE-OR-FOLDER COUNT
// Prints the seconds from the first start to the last success, and where the uploads lie.
import { createReadStream, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import tus from "tus-js-client";

const [endpoint, place, count] = process.argv.slice(2);
const isFolder = statSync(place).isDirectory();
const files = isFolder ? readdirSync(place).map((name) => join(place, name)) : Array.from({ length: Number(count) }, () => place);

function send(file) {
  return new Promise((resolve, reject) => {
    const upload = new tus.Upload(createReadStream(file), {
      endpoint,
      uploadSize: statSync(file).size,
      retryDelays: null,
      onError: reject,
      onSuccess: () => resolve(upload.url),
    });
    upload.start();
  });
}

const urls = [];
async function work(waiting) {
  for (const [at, file] of waiting) urls[at] = await send(file);
}

const began = performance.now();
const waiting = files.entries();
await Promise.all(Array.from({ length: Number(count) }, () => work(waiting)));
console.log(JSON.stringify({ seconds: (performance.now() - began) / 1000, urls }));
