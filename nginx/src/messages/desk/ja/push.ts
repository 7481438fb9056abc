import type { Words } from "../types";

export default {
  push_about: "ファイルが送られてくると、このページを閉じていても、このブラウザーに通知が表示されます。",
  push_close: "閉じる",
  push_here: "ここで通知する",
  push_on: "このブラウザーに通知されます。",
  push_waiting: "ブラウザーがプッシュサービスからアドレスを取得しています…",
  push_stop: "ここでの通知をやめる",
  push_test: "テストを表示",
  push_tested: "テストを送りました。",
  push_others: "ほかのブラウザー",
  push_remove: "削除",
  push_remove_named: "{name}を削除",
  push_since: "{date}から",
  push_failing: "現在、届きません",
  push_off: "5日間何も届かなかったため、停止しました",
  push_insecure:
    "ブラウザーが通知を表示するのは、https:// のページ（またはサーバーと同じ機器）だけです。httpsのアドレスでこのページを開いてください。",
  push_home:
    "iPhoneやiPadでは、まずこのページをホーム画面に追加してください（共有、ホーム画面に追加）。そこから開いて、もう一度ここをクリックしてください。",
  push_unable: "このブラウザーにはWeb Pushの通知がありません。",
  push_blocked:
    "このブラウザーでは、このページの通知がブロックされています。サイトの設定で許可してから、もう一度お試しください。",
  push_dismissed: "通知の表示が許可されませんでした。もう一度クリックし、確認されたら許可してください。",
  push_no_service:
    "ブラウザーのプッシュサービスからアドレスを取得できませんでした。サービスがないブラウザーや、設定で有効にする必要があるブラウザーもあります。ネットワークで遮断されている場合もあります。",
} satisfies Words<"push">;
