import type { Words } from "../types";

export default {
  log_in_as: "{name}としてログイン",
  log_in_with: "{label}でログイン",
  or_here: "またはこちらで:",
  identities: "ほかでのログイン",
  identities_about: "これらを使うと、このサーバーのパスワードなしで入れます。",
  identity_proxy: "手前のプロキシ",
  identity_used: "最後の使用: {when}",
  identity_take: "外す",
  identity_take_item: "{name}を外す",
  identity_taken: "{name}ではこのアカウントに入れなくなりました。",
  identity_taken_from: "{name}ではアカウント{account}に入れなくなりました。",
  identity_taking:
    "{name}では今後アカウント{account}に入れなくなり、その方法で始まったセッションは終了します。",
  identity_proxy_taking:
    "{name}がプロキシ経由で始めたセッションは終了します。プロキシが再びこの名前を示すと、{name}はまた入れます。入れないようにするには、アカウントを無効にしてください。",
  identity_proxy_taken: "{name}がプロキシ経由で始めたセッションは終了しました。",
  identity_go: "{label}へ進む",
  identity_add: "{label}を追加",
} satisfies Words<"elsewhere">;
