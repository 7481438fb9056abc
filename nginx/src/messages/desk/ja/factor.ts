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
} satisfies Words<"factor">;
