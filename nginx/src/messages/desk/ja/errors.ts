import type { ErrorWords } from "../types";

export default {
  network_error: "サーバーとの接続が切れました。",
  unexpected_reply: "ログイン画面など、サーバーとの間の何かが代わりに応答しています。",
  internal_error: "サーバーで問題が起きました。もう一度お試しください。",
  invalid_request: "要求を理解できませんでした。入力を確かめてください。",
  invalid_path: "この名前は保存できません。別の名前にしてください。",
  unauthorized: "管理トークンが違うか、ログインが切れています。ログインしてください。",
  foreign_page: "別のアドレスのページからは操作できません。サーバー自身のページを開いてください。",
  not_found: "このアドレスには何もありません。",
  request_not_found: "このリンクはありません。",
  upload_not_found: "この送信はもうありません。",
  no_picture: "このファイルの画像はありません。ダウンロードしてご覧ください。",
  selection_not_found: "この選択は無効になりました。ファイルを選び直してください。",
  share_not_found: "このダウンロードはありません。",
  entity_not_found: "検索できるファイルがありません。",
  message_not_found: "このメッセージはもうありません。",
  template_not_found: "このテンプレートはありません。",
  endpoint_not_found: "この通知先はありません。",
  endpoint_not_allowed: "このサーバーはそのアドレスに送れません。",
  file_not_found: "このファイルはもうありません。",
  item_not_found: "このリンクではもうお願いしていません。再読み込みしてください。",
  party_not_found: "その名前でこのリンクに送った人はいません。",
  destination_not_ready: "このサーバーはまだそこへ転送できません。",
  not_installed: "このサーバーには必要なものが入っていません。管理者にお尋ねください。",
  mail_not_ready:
    "このサーバーはまだメールを送れません。管理者が DROPPR_SMTP_URL と DROPPR_MAIL_FROM を設定する必要があります。",
  upload_complete: "ファイルはすでに届いています。",
  file_changed: "サーバー上のファイルは届いたものではなくなっています。そこで移動または削除してください。",
  name_taken: "同じ名前のファイルかフォルダーがあります。別の名前にしてください。",
  file_in_use: "ファイルは転送中です。終わってから削除してください。",
  item_not_sent: "これにはまだ何も送られていないため、受理も差し戻しもできません。",
  request_in_use: "このリンクはまだ開いています。先に閉じてから削除してください。",
  request_expired: "このリンクは期限切れです。先に延長してください。",
  request_closed: "このリンクは閉じています。先に再び開いてください。",
  password_log_in_off:
    "ここでは名前とパスワードではログインできません。このページの別の方法か管理者トークンを使ってください。",
  provider_away: "ログイン先が応答しません。しばらくしてからもう一度試すか、ここでログインしてください。",
  not_vouched: "あなたが誰であるかの確認が得られませんでした。もう一度やり直してください。",
  not_admitted: "このログインではここに入れません。サーバーの管理者にお尋ねください。",
  last_way_in: "このアカウントに入る唯一の方法です。先に管理者からパスワードをもらってください。",
  identity_not_found: "そのログインはもうありません。",
  second_factor_needed:
    "このアカウントは2段階認証も求めます。アプリのコード、回復コード、またはパスキーを使ってください。",
  wrong_code: "現在のコードではないか、すでに使われています。次のコードを待って、もう一度お試しください。",
  second_factor_required:
    "このサーバーでは2段階認証が必要です。まずページ上部のあなたの名前から設定してください。",
  wrong_passkey:
    "このパスキーは受け付けられませんでした。ここでは知られていないか、5分以上が過ぎました。もう一度試すか、別の方法でログインしてください。",
  passkeys_unavailable:
    "このサーバーには、パスキーを使えるアドレスがありません。DROPPR_PUBLIC_URLは、名前のあるhttpsのアドレスでなければなりません。別の方法でログインしてください。",
  passkey_not_found: "そのパスキーはありません。すでに削除された可能性があります。",
  passkey_exists: "このパスキーはすでに登録されています。",
  too_many_passkeys: "1つのアカウントのパスキーはこれ以上増やせません。不要なものを削除してください。",
  key_exists: "この名前のキーはすでにあります。別の名前を選ぶか、先にそのキーを無効にしてください。",
  too_many_keys: "1つのアカウントのキーの数が上限に達しました。不要なキーを無効にしてください。",
  file_too_large: "ファイルが大きすぎます。",
  type_not_allowed: "この種類のファイルは受け付けていません。",
  too_many_attempts: "間違いが多すぎました。",
  rate_limited: "短い時間に多すぎました。",
  busy: "サーバーが混み合っています。少ししてからもう一度お試しください。",
  storage_full: "サーバーの空きが足りません。",
  method_not_allowed: "このページはサーバーと合っていません。再読み込みしてください。",
  request_timeout: "届くのが遅すぎました。もう一度送信してください。",
  wrong_log_in: "この名前とパスワードのアカウントはありません。両方を確かめて、もう一度お試しください。",
  admins_only: "これはこのサーバーの管理者だけができます。管理者にお尋ねください。",
  read_only:
    "このリンクを見てファイルを受け取ることはできますが、変更はできません。チームの人か管理者にお尋ねください。",
  account_not_found: "このアカウントはありません。",
  session_not_found: "このセッションはありません。終了したのかもしれません。",
  invitation_not_found: "この招待は使用済みか、期限切れです。新しい招待を依頼してください。",
  key_not_found: "このキーはありません。無効になったのかもしれません。",
  account_exists: "この名前はすでに使われています。別の名前を選んでください。",
  too_many_accounts: "このサーバーはこれ以上アカウントや招待を作れません。不要なものを削除してください。",
  second_factor_on: "このアカウントにはすでに第二要素があります。先に解除してください。",
  request_overdue:
    "期限が過ぎており、このリンクは遅れたファイルを受け付けません。先に期限を延ばしてください。",
  chunk_too_large: "サーバーが一度に受け付ける量を超えています。",
  http2_in_front:
    "ブラウザーは HTTP/2 または 3 でこのサーバーに接続しており、すべての断片が一つの接続を共有します。HTTP/1.1 のほうが速く送れます。手前のプロキシでそれだけを提供してください（nginx: `http2` なしの `listen 443 ssl`、Caddy: `protocols h1`）。",
  unsafe_reading:
    "ファイル内の文章は検索されません。このマシンではプロセスが seccomp で権限を手放せません（x86-64 または ARM64 の Linux が必要です）。リンクの検索を切るか、可能なマシンで Droppr を動かしてください。",
  scans_missing:
    "スキャンは検索されません。DROPPR_SEARCH_OCR の言語に必要な tesseract またはその言語データがありません（Debian: tesseract-ocr、tesseract-ocr-…）。",
  previews_missing:
    "受け取ったファイルの画像は作られません。必要な拡張が入っていません（pip install 'droppr[server,previews]'）。追加するか、DROPPR_PREVIEWS_MB=0 にしてください。",
  ffmpeg_missing:
    "動画の画像は作られません。ffmpeg が入っていません（Debian: apt install --no-install-recommends ffmpeg）。追加するか、DROPPR_PREVIEWS_MB=0 にして画像をすべて止めてください。",
  search_missing:
    "ファイルを検索するリンクがありますが、何も見つかりません。必要な拡張がもう入っていません（pip install 'droppr[server,search]'）。追加するか、リンクの検索を切ってください。",
  store_leftovers:
    "このサーバーが終了できない未完了のアップロードを、バケット側で終了させるものがありません。未完了のマルチパートアップロードを中止するライフサイクルルールを、DROPPR_UPLOAD_MAX_AGE_DAYS より数日長く設定してください。",
  store_rule_short:
    "バケットのライフサイクルルールが、このサーバーより早く未完了のアップロードを終了させます。終了した分は送り直しになります。DROPPR_UPLOAD_MAX_AGE_DAYS より長い日数にしてください。",
  store_deletes:
    "バケットのライフサイクルルールが、DROPPR_STORE のプレフィックス以下のオブジェクトを古くなると削除します。受信したファイルが消えます。ルールを外すか、このプレフィックスを対象外にしてください。",
  store_not_direct:
    "DROPPR_STORE_PUBLIC_URL が設定されていますが、ファイルはこのサーバーを経由します。ストレージが、署名されたものと違うバイトを受け入れるか、そのようなアドレスでは何も受け入れないためです。この設定を外すか、x-amz-checksum-sha256 を照合するストレージを使ってください。",
  store_clock:
    "このマシンとストレージの時計が 1 分以上ずれています。15 分を超えるとストレージはすべてを拒否します。両方を NTP で合わせてください。",
  store_cors:
    "バケットがこのサーバーのページからのパートの書き込みを許可していません (CORS)。そのためブラウザーはすべてをこのサーバー経由で送信します。足りない規則はログと /readyz にあります。",
  store_public_away:
    "DROPPR_STORE_PUBLIC_URL のストレージがこのマシンに応答しません。送信者にも応答しない場合、送信者はすべてをこのサーバー経由で送信します。",
} satisfies ErrorWords;
