// Sends a file with tus-js-client, COUNT times at once: node tus-client.mjs ENDPOINT FILE COUNT
// Prints the seconds from the first start to the last success, and where the uploads lie.
import { createReadStream, statSync } from "node:fs";
import tus from "tus-js-client";

const [endpoint, file, count] = process.argv.slice(2);
const uploadSize = statSync(file).size;

function send() {
  return new Promise((resolve, reject) => {
    const upload = new tus.Upload(createReadStream(file), {
      endpoint,
      uploadSize,
      retryDelays: null,
      onError: reject,
      onSuccess: () => resolve(upload.url),
    });
    upload.start();
  });
}

const began = performance.now();
const urls = await Promise.all(Array.from({ length: Number(count) }, send));
console.log(JSON.stringify({ seconds: (performance.now() - began) / 1000, urls }));
