import type { Words } from "../types";

export default {
  factor_title: "2段階認証",
  factor_about: "ログイン時に、パスワードに加えてスマートフォンの認証アプリのコードを求めます。",
  factor_required: "このサーバーでは全員に必要です。設定してから続けてください。",
  factor_password: "あなたのパスワード",
  factor_begin: "設定する",
  factor_scan: "アプリでこれを読み取るか、下の文字列を入力してください。",
  factor_qr: "認証アプリ用のQRコード",
  factor_secret: "アプリに入力する文字列",
  factor_code: "アプリに表示されたコード",
  factor_confirm: "オンにする",
  factor_codes:
    "オンになりました。以下の回復コードを控えてください。それぞれ1回だけ、アプリなしでログインできます。表示されるのは今だけです。",
  factor_list: "回復コード",
  factor_copy: "コードをコピー",
  factor_done: "控えました",
  factor_on: "オンです。残りの回復コード: {left}",
  factor_off: "オフにする",
  factor_off_code: "アプリのコードまたは回復コード",
  factor_is_off: "2段階認証はオフです。",
  passkeys: "パスキー",
  passkeys_about:
    "パスキーがあれば、名前とパスワードなしで、指紋、顔、またはPINでログインできます。その後はパスワードだけではログインできません。2つ追加するか、上でアプリを設定してください。",
  passkeys_nowhere: "ここでは追加できません。",
  passkeys_not_here:
    "このブラウザーは、このアドレスではパスキーを使えません。名前のあるhttpsのアドレスでページを開いてください。",
  passkey_add: "パスキーを追加",
  passkey_name: "パスキーの名前",
  passkey_name_hint: "保管場所。例: スマートフォン、ノートPC、キーホルダー",
  passkey_added: "パスキー「{name}」を追加しました。",
  passkey_made: "作成: {date}",
  passkey_used: "最終使用: {when}",
  passkey_unused: "未使用",
  passkey_remove: "{name}を削除",
  passkey_removing:
    "今後は誰もこれでログインできません。唯一の2段階認証だった場合は、再びパスワードだけでログインできます。ほかのセッションは終了し、このブラウザーはログインしたままです。",
  passkey_remove_yes: "削除する",
  passkey_removed: "パスキー「{name}」を削除しました。",
} satisfies Words<"factor">;
