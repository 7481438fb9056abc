import type { Words } from "../types";

export default {
  window_document: "نص ملف",
  back_to_links: "العودة إلى روابطك",
  back_to_found: "العودة إلى النتائج",
  no_text: "لا نص لعرضه",
  pages: "الصفحات",
  a_part: "جزء من النص",
  text_logged_out: "لم تسجّل الدخول. سجّل الدخول فيُفتح هذا النص من جديد.",
  text_waiting: "لم يُقرأ نصه بعد. عُد بعد قليل.",
  text_missing: "نُقل الملف أو عُدّل أو حُذف على الخادم، فلم يعد له نص.",
  no_place: "لا نص في هذا الموضع من الملف.",
  like_this: "ملفات تشبه هذا",
  find_like: "البحث عن ملفات مشابهة",
  none_like: "لا ملف آخر يشبهه.",
  alike: {
    one: "ملف واحد",
    two: "ملفان، الأشبه أولًا",
    few: "{count} ملفات، الأشبه أولًا",
    many: "{count} ملفًا، الأشبه أولًا",
    other: "{count} ملف، الأشبه أولًا",
  },
} satisfies Words<"document">;
