import type { Words } from "../types";

export default {
  window_document: "ファイルの文章",
  back_to_links: "リンク一覧へ戻る",
  back_to_found: "検索結果へ戻る",
  no_text: "表示する文章がありません",
  pages: "ページ",
  a_part: "文章の一部",
  text_logged_out: "ログインしていません。ログインすると、この文章が再び開きます。",
  text_waiting: "文章はまだ読み取られていません。しばらくしてからご覧ください。",
  text_missing: "ファイルがサーバー上で移動、変更または削除されたため、文章はもうありません。",
  no_place: "ファイルのこの場所に文章はありません。",
  like_this: "これに似たファイル",
  find_like: "似たファイルを探す",
  none_like: "似たファイルはありません。",
  alike: { other: "{count} 個、最も似たものから" },
} satisfies Words<"document">;
