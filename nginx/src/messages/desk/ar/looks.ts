import type { Words } from "../types";

export default {
  the_file: "الملف",
  full_size: "الحجم الكامل",
  picture_damaged: "هذه الصورة تالفة.",
  page_problem: "الصفحة {page}: {error}",
  no_video: "لا يستطيع متصفحك تشغيل هذا الفيلم. نزّله لتشغيله.",
  no_audio: "لا يستطيع متصفحك تشغيل هذا الصوت. نزّله لتشغيله.",
  picture_of: "صورة من {name}",
  text_begins: "هذه أول {size}. نزّله لمتابعة القراءة.",
} satisfies Words<"looks">;
