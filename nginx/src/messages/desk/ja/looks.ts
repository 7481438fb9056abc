import type { Words } from "../types";

export default {
  the_file: "ファイル",
  full_size: "原寸",
  picture_damaged: "この画像は壊れています。",
  page_problem: "{page} ページ: {error}",
  no_video: "このブラウザーでは動画を再生できません。ダウンロードして再生してください。",
  no_audio: "このブラウザーでは音声を再生できません。ダウンロードして再生してください。",
  picture_of: "{name} の画像",
  text_begins: "最初の {size} です。続きはダウンロードしてお読みください。",
} satisfies Words<"looks">;
