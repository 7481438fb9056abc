// A page of your own that sends files to a Droppr link on another server. Put beside it, as `upload`, what `npm run build:lib`
// leaves in dist-lib, and write your link into the form.

import { defaultTransport, fetchLinkInfo, ParallelUploader, parseLink, systemClock } from "./upload/index.js";

const form = document.querySelector("form");
const { file, password, send, pause } = form.elements;
const progress = form.querySelector("progress");
const { origin, hash, uploadUrl } = parseLink(form.dataset.link);
let uploader = null;

function say(words) {
  form.querySelector("[role=status]").textContent = words;
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  send.disabled = true;
  pause.disabled = false;
  uploader = new ParallelUploader({
    file: file.files[0],
    uploadUrl,
    headers: { "X-Request-Password": password.value },
    onProgress: (sent, total) => {
      progress.value = sent / total;
    },
    onChunkComplete: () => say(`${uploader.safe} bytes are safe`),
  });
  try {
    // Where the same file was begun before, also before a reload, this goes on from there.
    const { name, size } = await uploader.start();
    progress.value = 1;
    say(`${name} has arrived: ${size} bytes`);
  } catch (error) {
    say(error.message);
  }
  send.disabled = false;
  pause.disabled = true;
});

pause.addEventListener("click", () => {
  if (uploader.paused) uploader.resume();
  else uploader.pause();
  pause.textContent = uploader.paused ? "Go on" : "Pause";
});

try {
  const ports = { transport: defaultTransport(), clock: systemClock };
  const link = await fetchLinkInfo(ports, hash, AbortSignal.timeout(30_000), origin);
  password.closest("p").hidden = !link.requiresPassword;
  say(link.full ? "There is no room left." : "Choose a file.");
} catch (error) {
  // This page may not send there, for one; or the link is closed.
  send.disabled = true;
  say(error.message);
}
