// The text of a file, and files that are like it.

export default {
  window_document: "Text of a file",
  back_to_links: "Back to your links",
  back_to_found: "Back to what was found",
  no_text: "There is no text to show",
  pages: "Pages",
  a_part: "A part of the text",
  text_logged_out: "You are not logged in. Log in, and this text is opened again.",
  text_waiting: "Its text is not read yet. Look again in a while.",
  text_missing: "The file was moved, changed or deleted on the server, so it has no text any more.",
  no_place: "There is no text at this place of the file.",
  like_this: "Files like this one",
  find_like: "Find files like this",
  none_like: "No other file is like it.",
  alike: { one: "{count} file, the most alike first", other: "{count} files, the most alike first" },
};
