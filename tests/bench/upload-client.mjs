// Sends one file with the built library, as the JSON on the command line says, and prints how that went.
import { ParallelUploader, parseLink } from "../../nginx/dist-lib/index.js";
import { openFile } from "../../nginx/dist-lib/adapters/node.js";

const { link, path, config } = JSON.parse(process.argv[2]);
let retries = 0;
let first = null;
let biggest = 0;
let most = 0;
const began = performance.now();
const seconds = () => (performance.now() - began) / 1000;
const uploader = new ParallelUploader({
  file: await openFile(path),
  uploadUrl: parseLink(link).uploadUrl,
  maxRetries: 30,
  onShouldRetry: () => {
    retries += 1;
    return true;
  },
  onChunkComplete: (start, stop) => {
    first ??= seconds();
    biggest = Math.max(biggest, stop - start);
    most = Math.max(most, uploader.getStats().activeUploads + 1);
  },
  ...config,
});
await uploader.start();
console.log(JSON.stringify({ seconds: seconds(), first, retries, biggest, most }));
