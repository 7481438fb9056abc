// Names from strangers, as they are and not as they pretend to be.

// Controls, line breaks and whatever turns the direction of writing, which can make "exe.gpj" read as "jpg.exe".
// The joiners U+200C and U+200D are left alone: Persian and many emoji are written with them.
const HIDDEN = /[\p{Cc}\u00ad\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]/gu;

/** The name with every character that cannot be seen written out: "photo⟨U+202E⟩gpj.exe". */
export function visibleName(name: string): string {
  return name.replace(HIDDEN, (hidden) => {
    const code = hidden.codePointAt(0) ?? 0;
    return `⟨U+${code.toString(16).toUpperCase().padStart(4, "0")}⟩`;
  });
}
