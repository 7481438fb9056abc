import type { Words } from "../types";

export default {
  push_about: "誰かがファイルを送ると、このページを閉じていても、このブラウザーが通知を表示します。",
  push_here: "ここで通知を受ける",
  push_on: "届いたものはこのブラウザーに通知されます。",
  push_waiting: "ブラウザーがプッシュサービスからアドレスを取得しています…",
  push_stop: "ここでの通知をやめる",
  push_test: "テストを表示",
  push_tested: "テストを送信しました。",
  push_others: "ほかのブラウザー",
  push_since: "{day} から",
  push_failing: "現在届きません",
  push_off: "5 日間何も届かなかったため停止しました",
  push_insecure:
    "ブラウザーが通知を表示するのは https:// のページ (または同じ機械上) だけです。このページを https のアドレスで開いてください。",
  push_home_screen:
    "iPhone や iPad では、まずこのページをホーム画面に追加してください: 共有、「ホーム画面に追加」。そこから開いて、もう一度ここを押してください。",
  push_unable: "このブラウザーには Web Push の通知がありません。",
  push_blocked:
    "このブラウザーではこのページの通知がブロックされています。このサイトの設定で許可してから、もう一度お試しください。",
  push_dismissed: "ブラウザーに通知の許可がありません。もう一度押して、聞かれたら許可してください。",
  push_no_service:
    "ブラウザーのプッシュサービスからアドレスが得られませんでした。サービスのないブラウザーや、設定で有効にする必要があるものもあります。ネットワークが遮断していることもあります。",
} satisfies Words<"push">;
