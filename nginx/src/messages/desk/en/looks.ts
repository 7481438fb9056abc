// Looking at files.

export default {
  the_file: "The file",
  full_size: "Full size",
  picture_damaged: "This picture is damaged.",
  page_problem: "Page {page}: {error}",
  no_video: "Your browser cannot play this film. Download it to play it.",
  no_audio: "Your browser cannot play this sound. Download it to play it.",
  picture_of: "A picture of {name}",
  text_begins: "These are the first {size}. Download it to read on.",
};
