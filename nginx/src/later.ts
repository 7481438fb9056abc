// What comes with a chunk that is loaded later. The build puts it in place of Vite's own helper, most of which is for browsers
// and pages that these are not.

const asked = new Map<string, Promise<unknown>>();

/**
 * Loads a chunk after its styles, whose addresses are those of `files`, beside `importer`. Rejects where one cannot be loaded; the
 * next call asks for it again.
 */
export async function later<T>(
  load: () => Promise<T>,
  files: readonly string[] = [],
  importer: string = import.meta.url,
): Promise<T> {
  await Promise.all(files.map((file) => styled(new URL(file, importer).href)));
  return load();
}

function styled(url: string): Promise<unknown> {
  const coming = asked.get(url) ?? loaded(url);
  asked.set(url, coming);
  return coming;
}

function loaded(url: string): Promise<unknown> {
  // What the page has from the beginning would come behind what stands there to differ from it, and win.
  if ([...document.styleSheets].some(({ href }) => href === url)) return Promise.resolve();
  return new Promise((resolve, reject) => {
    const link = document.createElement("link");
    link.rel = "stylesheet";
    link.href = url;
    link.onload = resolve;
    link.onerror = (event) => {
      link.remove();
      asked.delete(url);
      reject(new Error(`No style came from ${url}`, { cause: event }));
    };
    document.head.append(link);
  });
}
