// Made of docs/openapi.json by `make generated`. Not to be edited.

export type paths = Record<string, never>;
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        /** @description The colours of the page that stand for its accent. */
        readonly Accents: {
            readonly accent: string;
            /** @description Where the pointer is. */
            readonly accent_strong: string;
            /** @description Behind what is chosen. */
            readonly accent_soft: string;
            /** @description Of texts on the accent. */
            readonly on_accent: string;
        };
        /** @description What to set on an account: what is absent stays as it is. */
        readonly AccountChanges: {
            readonly role?: components["schemas"]["Role"];
            /** @description Names that accounts have in common, formed like those of accounts. */
            readonly teams?: readonly string[];
            /** @description What people call them. */
            readonly display_name?: string;
            /** @description A mail address; empty for none. */
            readonly email?: string;
            /** @description Whether it is switched off. */
            readonly disabled?: boolean;
            /** @description At least 10 characters. Setting another one ends the account's sessions. */
            readonly password?: string;
        };
        readonly AccountList: {
            readonly accounts: readonly components["schemas"]["AccountView"][];
        };
        /** @description An account, as admins see it. */
        readonly AccountView: {
            readonly name: string;
            readonly display_name: string;
            readonly email: string;
            /** @description `admin`, `member` or `viewer`. */
            readonly role: string;
            readonly teams: readonly string[];
            readonly disabled: boolean;
            /** @description Whether a code is asked for beside the password. */
            readonly second_factor: boolean;
            readonly created_at: number;
        };
        /**
         * @description What was done. A code once given stays, as exports and filters of others name it.
         * @enum {string}
         */
        readonly Act: "link_made" | "link_changed" | "link_closed" | "link_reopened" | "link_deleted" | "link_sent" | "item_accepted" | "item_returned" | "item_reopened" | "people_reminded" | "upload_cancelled" | "file_downloaded" | "archive_downloaded" | "file_looked_at" | "file_deleted" | "file_restored" | "file_renamed" | "file_removed" | "file_taken_back" | "pass_on_asked" | "share_made" | "share_changed" | "share_removed" | "share_downloaded" | "logged_in" | "log_in_failed" | "logged_out" | "account_made" | "account_changed" | "account_removed" | "password_changed" | "second_factor_on" | "second_factor_off" | "recovery_code_used" | "passkey_added" | "passkey_removed" | "passkey_copied" | "identity_added" | "identity_removed" | "session_ended" | "invitation_made" | "invitation_removed" | "template_made" | "template_changed" | "template_removed" | "key_made" | "key_revoked" | "message_asked_again" | "test_sent" | "endpoint_made" | "endpoint_changed" | "endpoint_secret_renewed" | "endpoint_removed" | "entity_forgotten" | "purge_ran" | "backup_made" | "catalogue_moved" | "settings_changed" | "audit_exported" | "audit_erased";
        readonly Alive: {
            /** @constant */
            readonly status: "ok";
        };
        /** @description Answers by the ids of questions: a text, for `agree` true. What is not named stays; null takes an answer back. */
        readonly AnswersBody: {
            readonly [key: string]: unknown;
        };
        readonly Arrived: {
            /** @description Which of the uploads have arrived and were not taken back. */
            readonly arrived: readonly string[];
        };
        /**
         * @description Whether a link asks senders for something about themselves.
         * @enum {string}
         */
        readonly Ask: "no" | "optional" | "required";
        /** @description For `navigator.credentials.get()`, as `PublicKeyCredential.parseRequestOptionsFromJSON()` reads it. */
        readonly Asked: {
            readonly challenge: string;
            readonly rpId: string;
            /** @description Milliseconds. */
            readonly timeout: number;
            /** @constant */
            readonly userVerification: "required";
            /** @description Empty: passkeys know themselves whose they are. */
            readonly allowCredentials: readonly components["schemas"]["Descriptor"][];
        };
        /** @description What `navigator.credentials.get()` has come to, as its `toJSON()` writes it. */
        readonly Assertion: {
            /** @description What it is known by, in base64url. */
            readonly id: string;
            /** @description What it is known by, in base64url. */
            readonly rawId: string;
            /** @constant */
            readonly type: "public-key";
            readonly response: components["schemas"]["AssertionResponse"];
        };
        /** @description What a passkey has signed. */
        readonly AssertionResponse: {
            /** @description Base64url, without padding. */
            readonly clientDataJSON: string;
            /** @description Base64url, without padding. */
            readonly authenticatorData: string;
            /** @description Base64url, without padding. */
            readonly signature: string;
            readonly userHandle?: string | null;
        };
        /** @description What `navigator.credentials.create()` has come to, as its `toJSON()` writes it. */
        readonly Attestation: {
            /** @description What it is known by, in base64url. */
            readonly id: string;
            /** @description What it is known by, in base64url. */
            readonly rawId: string;
            /** @constant */
            readonly type: "public-key";
            readonly response: components["schemas"]["AttestationResponse"];
        };
        /** @description A passkey that was made. */
        readonly AttestationResponse: {
            /** @description Base64url, without padding. */
            readonly clientDataJSON: string;
            /** @description Base64url, without padding. */
            readonly attestationObject: string;
        };
        /** @description One act. */
        readonly AuditEntry: {
            readonly id: number;
            readonly at: number;
            readonly act: components["schemas"]["Act"];
            /** @description `owner`, `sender`, `service:retention`: a kind, and where there are several, a name. */
            readonly actor: string;
            /** @description As limits count clients; empty where nobody called. */
            readonly address: string;
            /** @description How the actor was known: `session`, `header`, `login`, `command`. */
            readonly way: string;
            /** @description The hash of a link, which may be deleted by now. */
            readonly link: string | null;
            readonly upload_id: string | null;
            /** @description What else there is to say, such as `path` or `changed`. */
            readonly facts: {
                readonly [key: string]: unknown;
            };
        };
        /** @description Acts, newest first. */
        readonly AuditList: {
            readonly entries: readonly components["schemas"]["AuditEntry"][];
            /** @description With `limit` only: leads to the next page; null on the last one. */
            readonly next_cursor?: string | null;
        };
        /** @description Of whom files are awaited. */
        readonly AwaitedList: {
            readonly awaited: readonly components["schemas"]["AwaitedReply"][];
            /** @description When they are reminded next by itself. */
            readonly next_at: number | null;
        };
        /** @description Somebody of whom files are awaited. */
        readonly AwaitedReply: {
            readonly email: string;
            /** @description They want no reminders. */
            readonly stopped: boolean;
            /** @description When they were sent the link or reminded last, as far as the log goes back. */
            readonly mailed_at: number | null;
        };
        readonly BegunFactor: {
            /** @description In base32, for who types it into the app. */
            readonly secret: string;
            /** @description `otpauth://…`, for a QR code that the app reads. */
            readonly address: string;
        };
        readonly BegunLogIn: {
            /** @description Where the browser is to go. */
            readonly address: string;
        };
        /** @description A subscription as browsers write it in JSON, and by which name its owner knows the browser. */
        readonly BrowserBody: {
            readonly endpoint: string;
            readonly keys: components["schemas"]["BrowserKeys"];
            readonly name?: string;
            /** @description In which it is told, such as `de`. */
            readonly language?: string;
        };
        /** @description What the browser has made for this server, in base64url. */
        readonly BrowserKeys: {
            readonly p256dh: string;
            readonly auth: string;
        };
        /** @description A browser that is told what arrives. It is an endpoint, too. */
        readonly BrowserReply: {
            readonly id: string;
            readonly name: string;
            readonly created_at: number;
            readonly active: boolean;
            /** @description Since when it takes nothing; null where it does. */
            readonly failing_since: number | null;
            /** @description Why the server switched it off. */
            readonly trouble: string | null;
        };
        /** @description Of the process that answers. */
        readonly BufferPool: {
            readonly in_use: number;
            readonly kept: number;
            readonly held_bytes: number;
            readonly hits: number;
            readonly misses: number;
            readonly waits: number;
            readonly refusals: number;
        };
        /** @enum {string} */
        readonly CaptchaMode: "never" | "after_failures" | "always";
        /** @description A challenge of the self-hosted captcha: ALTCHA, protocol version 2. */
        readonly Challenge: {
            readonly parameters: {
                readonly [key: string]: unknown;
            };
            readonly signature: string;
        };
        /** @enum {string} */
        readonly Channel: "mail" | "webhook";
        /**
         * @description Whether chats that are sent the address may show what it is for.
         * @enum {string}
         */
        readonly ChatPreview: "server" | "yes" | "no";
        /** @description Files of one link, by the ids of their uploads. */
        readonly ChosenBody: {
            readonly uploads: readonly string[];
        };
        readonly ChunkProgress: {
            readonly chunk_size: number;
            readonly completed_chunks: number;
            readonly total_chunks: number;
        };
        /** @description The answer to a chunk. */
        readonly ChunkReply: {
            readonly missing_ranges: readonly (readonly [
                number,
                number
            ])[];
            /** @description There are more than are told. */
            readonly missing_ranges_truncated?: boolean;
            readonly upload_id: string;
            readonly complete: boolean;
            readonly received_bytes: number;
            /** @description The first missing byte; the file's size where none is missing. */
            readonly offset: number;
            readonly name?: string;
            readonly path?: string;
            readonly size?: number;
            readonly removable_until?: number | null;
            /** @description Of a complete file, where `Want-Repr-Digest` asked for it; null where it takes longer. */
            readonly sha256?: string | null;
        };
        /** @description The same where the page is light, and where it is dark. */
        readonly Colours: {
            readonly light: components["schemas"]["Accents"];
            readonly dark: components["schemas"]["Accents"];
        };
        readonly Concurrency: {
            /** @description With a place among the uploads at once. */
            readonly running_uploads: number;
            readonly waiting_uploads: number;
            readonly max_concurrent_uploads: number;
            readonly max_concurrent_per_user: number;
            readonly max_concurrent_chunks: number;
            /** @description Open, whether anything comes or not. */
            readonly active_uploads: number;
        };
        /** @description A passage in full, and where it stands. `text`, `path` and `sender` are strangers' words. */
        readonly ContextPassage: {
            readonly entity: string;
            readonly document: string;
            readonly link: string | null;
            readonly path: string;
            readonly page: number | null;
            /** @description Its number in the file's text, counted from 0. */
            readonly passage: number;
            readonly received_at: number;
            readonly sender: string;
            /** @description More is better; only comparable within one answer. */
            readonly score: number;
            readonly text: string;
        };
        /** @description The best passages for a program that reads them, such as one that asks a language model. */
        readonly ContextReply: {
            readonly query: string;
            /** @description To be given to whatever reads the passages, ahead of them. */
            readonly notice: string;
            /** @description Always true: strangers wrote the texts. */
            readonly untrusted: boolean;
            readonly passages: readonly components["schemas"]["ContextPassage"][];
        };
        readonly CopyList: {
            /** @description One for each link, the one that came first; older links first. */
            readonly copies: readonly components["schemas"]["FileCopy"][];
            /** @description Whether further links have it. */
            readonly more: boolean;
        };
        readonly Deleted: {
            readonly upload_id: string;
            /** @description Null where the file is gone for good. */
            readonly restorable_until: number | null;
        };
        /** @description A file that was deleted and can be restored, as the link's owner sees it. */
        readonly DeletedFile: {
            readonly upload_id: string;
            readonly path: string;
            readonly name: string;
            readonly size: number;
            readonly received_at: number;
            readonly deleted_at: number;
            /** @description Who did it: `owner`, or `service:retention`. */
            readonly deleted_by: string;
            readonly restorable_until: number;
        };
        readonly DeletedList: {
            readonly files: readonly components["schemas"]["DeletedFile"][];
            /** @description With `limit` only: leads to the next page; null on the last one. */
            readonly next_cursor?: string | null;
        };
        readonly DeletedMany: {
            /** @description One for each, in their order. */
            readonly files: readonly (components["schemas"]["Deleted"] | components["schemas"]["FileRefused"])[];
            /** @description How many at the end of the list the call did not come to. */
            readonly left: number;
        };
        readonly Descriptor: {
            /** @constant */
            readonly type: "public-key";
            /** @description Base64url. */
            readonly id: string;
        };
        /** @description How many files of all links are at which point of being passed on. */
        readonly Destinations: {
            readonly arriving: number;
            readonly waiting: number;
            readonly sending: number;
            readonly retrying: number;
            readonly failed: number;
            readonly bytes_left: number;
            readonly chunks: components["schemas"]["PartsSent"];
            /** @description By remote: `closed`, `open` or `half-open`. */
            readonly circuits: {
                readonly [key: string]: string;
            };
        };
        /** @description How to put parts of an upload straight into the store. */
        readonly Direct: {
            /** @description How long a part is, but for the last one of the file; so are multiples of it where one begins. */
            readonly part_size: number;
            /** @description For how many parts one call may ask. */
            readonly most_parts: number;
            /** @description For how long a URL can be used. */
            readonly seconds: number;
        };
        readonly Disk: {
            readonly total_bytes: number;
            readonly free_bytes: number;
            /** @description To uploads under way. */
            readonly promised_bytes: number;
            /** @description For new ones. */
            readonly available_bytes: number;
            /** @description Of received files, of all links together. */
            readonly received_bytes: number;
            /** @description Of deleted files that can be restored. */
            readonly bin_bytes: number;
            readonly bin_files: number;
        };
        /** @description A file whose texts are searched, and how far finding it has got. */
        readonly Document: {
            /** @description Its id: of a link's file, that of its upload. */
            readonly document: string;
            readonly entity: string;
            /** @description The hash of the link that it came by. */
            readonly link: string | null;
            readonly path: string;
            readonly name: string;
            readonly size: number;
            readonly received_at: number;
            /** @description Name and e-mail address of who has sent it, as far as they are known. */
            readonly sender: string;
            readonly state: components["schemas"]["DocumentState"];
            /** @description Why there is no text, or not all of it, in a sentence. */
            readonly reason: string | null;
        };
        readonly DocumentList: {
            readonly files: readonly components["schemas"]["Document"][];
            /** @description With `limit` only: leads to the next page; null on the last one. */
            readonly next_cursor?: string | null;
        };
        /**
         * @description How far finding a document has got.
         * @enum {string}
         */
        readonly DocumentState: "waiting" | "words" | "ready" | "no_text" | "missing";
        /** @description A file and a stretch of its text. */
        readonly DocumentWithText: {
            /** @description Its id: of a link's file, that of its upload. */
            readonly document: string;
            readonly entity: string;
            /** @description The hash of the link that it came by. */
            readonly link: string | null;
            readonly path: string;
            readonly name: string;
            readonly size: number;
            readonly received_at: number;
            /** @description Name and e-mail address of who has sent it, as far as they are known. */
            readonly sender: string;
            readonly state: components["schemas"]["DocumentState"];
            /** @description Why there is no text, or not all of it, in a sentence. */
            readonly reason: string | null;
            /** @description Null where there is none, or none at the place that was asked for. */
            readonly text: components["schemas"]["Text"] | null;
        };
        /** @description A folder of Google Drive. */
        readonly DriveDestination: {
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            readonly kind: "drive";
            readonly folder_id: string;
        };
        /**
         * @description How a link stands to the time at which its files are due.
         * @enum {string}
         */
        readonly Due: "none" | "done" | "later" | "soon" | "late";
        readonly EndedSessions: {
            readonly ended: number;
        };
        /** @description A new endpoint. */
        readonly EndpointBody: {
            /** @description Of a webhook by HTTPS; by HTTP only in networks of `DROPPR_WEBHOOK_ALLOW_PRIVATE`. Of a chat as Apprise writes it, such as `ntfys://ntfy.sh/topic`. */
            readonly url: string;
            /** @description Which kinds it is told; all if not said. */
            readonly kinds?: readonly components["schemas"]["MessageKind"][] | null;
            /** @description The hash of the only link that it is told of. */
            readonly link?: string | null;
        };
        /** @description What to change of an endpoint: what is absent stays as it is. */
        readonly EndpointChanges: {
            readonly url?: string;
            readonly kinds?: readonly components["schemas"]["MessageKind"][];
            readonly active?: boolean;
        };
        readonly EndpointList: {
            readonly endpoints: readonly components["schemas"]["EndpointReply"][];
        };
        /** @description A new endpoint, or one with a new secret. */
        readonly EndpointMade: {
            readonly id: string;
            readonly way: components["schemas"]["Way"];
            /** @description Of a chat without the secrets in it. Of a browser: by whom, and its name. */
            readonly url: string;
            /** @description Who made it. */
            readonly owner: string;
            readonly kinds: readonly components["schemas"]["MessageKind"][];
            /** @description The hash of the only link that it is told of; null for all. */
            readonly link: string | null;
            readonly active: boolean;
            readonly created_at: number;
            /** @description Since when it takes nothing; null where it does. */
            readonly failing_since: number | null;
            /** @description Why the server switched it off. */
            readonly trouble: string | null;
            /** @description What its messages are signed with. It is told this once. Empty for a chat. */
            readonly secret: string;
        };
        /** @description Where webhooks go to, messages to a chat, or what a browser shows. */
        readonly EndpointReply: {
            readonly id: string;
            readonly way: components["schemas"]["Way"];
            /** @description Of a chat without the secrets in it. Of a browser: by whom, and its name. */
            readonly url: string;
            /** @description Who made it. */
            readonly owner: string;
            readonly kinds: readonly components["schemas"]["MessageKind"][];
            /** @description The hash of the only link that it is told of; null for all. */
            readonly link: string | null;
            readonly active: boolean;
            readonly created_at: number;
            /** @description Since when it takes nothing; null where it does. */
            readonly failing_since: number | null;
            /** @description Why the server switched it off. */
            readonly trouble: string | null;
        };
        /** @description Whoever documents belong to. */
        readonly Entity: {
            readonly entity: string;
            readonly title: string;
            /** @description The hash of the link that it is. */
            readonly link: string | null;
            readonly documents: number;
            /** @description How many of its documents are in which state. */
            readonly states: {
                readonly [key: string]: number;
            };
        };
        readonly EntityList: {
            readonly entities: readonly components["schemas"]["Entity"][];
            /** @description With `limit` only: leads to the next page; null on the last one. */
            readonly next_cursor?: string | null;
        };
        readonly Erased: {
            /** @description In how many rows it stood. */
            readonly rows: number;
        };
        /** @description Whose name is to be erased: exactly one of the three. It is taken out where it stands as a whole, in upper or lower case. */
        readonly ErasureBody: {
            readonly name?: string | null;
            readonly email?: string | null;
            readonly address?: string | null;
        };
        /** @description What every refusal is, on every route; some codes come with further details. */
        readonly Error: {
            /** @description A sentence for a person. */
            readonly error: string;
            /**
             * @description Stable, for programs.
             * @enum {string}
             */
            readonly code: "account_exists" | "account_not_found" | "admins_only" | "answers_required" | "busy" | "captcha_required" | "checksum_mismatch" | "chunk_conflict" | "chunk_size_mismatch" | "chunk_too_large" | "content_encoding_not_allowed" | "destination_not_ready" | "endpoint_not_allowed" | "endpoint_not_found" | "entity_not_found" | "file_changed" | "file_in_use" | "file_not_found" | "file_too_large" | "foreign_page" | "handoff_not_found" | "identity_not_found" | "identity_taken" | "internal_error" | "invalid_pack" | "invalid_path" | "invalid_range" | "invalid_request" | "invitation_not_found" | "item_full" | "item_not_found" | "item_not_sent" | "key_exists" | "key_not_found" | "last_way_in" | "length_required" | "log_in_over" | "mail_not_ready" | "message_not_found" | "method_not_allowed" | "name_taken" | "no_picture" | "not_admitted" | "not_found" | "not_installed" | "not_vouched" | "offset_mismatch" | "origin_not_allowed" | "party_not_found" | "passkey_exists" | "passkey_not_found" | "passkeys_unavailable" | "password_invalid" | "password_log_in_off" | "password_required" | "provider_away" | "rate_limited" | "read_only" | "receipt_not_ready" | "request_closed" | "request_expired" | "request_full" | "request_in_use" | "request_not_found" | "request_overdue" | "request_timeout" | "scope_missing" | "second_factor_needed" | "second_factor_on" | "second_factor_required" | "selection_not_found" | "session_not_found" | "share_expired" | "share_not_found" | "share_used_up" | "size_mismatch" | "storage_full" | "template_not_found" | "too_many_accounts" | "too_many_attempts" | "too_many_gaps" | "too_many_identities" | "too_many_keys" | "too_many_passkeys" | "too_many_senders" | "type_not_allowed" | "unauthorized" | "upload_cancelled" | "upload_complete" | "upload_expired" | "upload_not_found" | "upload_not_opened" | "wrong_code" | "wrong_log_in" | "wrong_passkey";
            /** @description Each field that is not right, and why. */
            readonly fields?: {
                readonly [key: string]: string;
            };
            /** @description What was exceeded. */
            readonly limit?: number;
            /** @description The byte to go on with. */
            readonly offset?: number;
            /** @description How many bytes the file has. */
            readonly size?: number;
            /** @description Which file of a pack, counted from 1. */
            readonly file?: number;
            /** @description What the content was taken for, as a media type. */
            readonly detected?: string;
            /** @description Which types are taken. */
            readonly allowed_extensions?: readonly string[];
            /** @description By what an account is asked for beside its password. */
            readonly ways?: readonly string[];
            readonly reason?: ("places" | "user" | "memory") | components["schemas"]["WhyNone"];
            /** @description Seconds, as in `Retry-After`. */
            readonly retry_after?: number;
            /** @description How many files a receipt still waits for. */
            readonly files_left?: number;
            /** @description How many bytes have still to be read for it. */
            readonly bytes_left?: number;
            /** @description The ids of those that are to be answered first. */
            readonly questions?: readonly string[];
            readonly captcha_required?: boolean;
            readonly captcha_provider?: string;
            readonly captcha_site_key?: string | null;
        };
        /** @description A code of the authenticator app, or a recovery code. */
        readonly FactorCode: {
            readonly code: string;
        };
        readonly FactorView: {
            readonly on: boolean;
            /** @description How many were not used yet. */
            readonly recovery_codes: number;
        };
        /** @description A file of another link with the same content. */
        readonly FileCopy: {
            /** @description The other link's. */
            readonly hash: string;
            readonly title: string;
            readonly folder: string;
            readonly upload_id: string;
            readonly path: string;
            readonly received_at: number;
        };
        /**
         * @description What a file is to whoever looks for it, by its extension alone.
         * @enum {string}
         */
        readonly FileKind: "picture" | "video" | "audio" | "document" | "archive" | "other";
        readonly FileList: {
            readonly files: readonly components["schemas"]["ReceivedFile"][];
            /** @description With `count` only: all that the query finds. */
            readonly found?: components["schemas"]["FoundFiles"];
            /** @description With `limit` only: leads to the next page; null on the last one. */
            readonly next_cursor?: string | null;
        };
        /** @description A file with which something was not done, and why. */
        readonly FileRefused: {
            readonly upload_id: string;
            /** @description A sentence for a person. */
            readonly error: string;
            /** @description Stable, for programs. */
            readonly code: string;
            readonly status: number;
        };
        /** @description A file that stands under its name. */
        readonly Finished: {
            readonly name: string;
            readonly path: string;
            readonly size: number;
            /** @description Until when its sender may take it back. */
            readonly removable_until: number | null;
        };
        /** @description Nowhere beyond the link's folder. */
        readonly FolderDestination: {
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            readonly kind: "folder";
        };
        /** @description Folders that a sender wants to be there, though nothing lies in them. */
        readonly FoldersBody: {
            readonly paths: readonly string[];
            readonly sender_name?: string | null;
            readonly sender_email?: string | null;
        };
        readonly FoldersMade: {
            /** @description In the same order, numbered where a file has the name. */
            readonly folders: readonly string[];
        };
        /** @description How much a choice of files finds. */
        readonly FoundFiles: {
            readonly files: number;
            readonly bytes: number;
            /** @description When the newest of them arrived; null where there are none. */
            readonly newest_at: number | null;
            /** @description With `repeated`: bytes of those whose content the link had received before. */
            readonly again?: number;
            /** @description Whether files that are deleted can be restored, `DROPPR_BIN_HOURS`. */
            readonly restorable: boolean;
        };
        /**
         * @description What settings are about, in the order in which they are shown.
         * @enum {string}
         */
        readonly Group: "mail" | "brand" | "links" | "accounts" | "keeping";
        readonly Handoff: {
            readonly uploads: readonly components["schemas"]["UploadStatus"][];
        };
        /** @description A short code by which uploads go on elsewhere. */
        readonly HandoffMade: {
            /** @description Such as `ABCD-EFGH-JK`. */
            readonly code: string;
            readonly expires_at: number;
            readonly url: string;
            readonly link: string;
        };
        readonly IdentityList: {
            readonly identities: readonly components["schemas"]["IdentityView"][];
        };
        /** @description As whom an account is known elsewhere. */
        readonly IdentityView: {
            readonly id: string;
            /** @description `oidc` or `header`. */
            readonly way: string;
            /** @description The provider's address; `header` for a proxy in front. */
            readonly issuer: string;
            /** @description What it is known by there: a mail address, or a name. */
            readonly shown: string;
            readonly made_at: number;
            /** @description When somebody logged in by it last. */
            readonly used_at: number;
        };
        /** @description Into a bucket of S3, below ``prefix``. */
        readonly IntoBucket: {
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            readonly kind: "s3";
            readonly bucket: string;
            readonly prefix?: string | null;
        };
        /** @description Into a folder of Google Drive, whose id is the last part of its address in the browser. */
        readonly IntoDriveFolder: {
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            readonly kind: "drive";
            readonly folder_id: string;
        };
        /** @description Whom to mail a link to. */
        readonly InvitationBody: {
            /** @description Addresses, as a list or as one text with commas. Each gets a mail of its own. */
            readonly to: readonly string[] | string;
            /** @description What to say; an empty line begins a paragraph. The address of the link follows it. */
            readonly text?: string;
        };
        readonly InvitationList: {
            readonly invitations: readonly components["schemas"]["MailedInvitationView"][];
            /** @description Whether there is a mail server to mail them by. */
            readonly mailing: boolean;
        };
        /** @description One thing that a link asks for. */
        readonly ItemBody: {
            /** @description The server gives one where there is none; it stays through changes. */
            readonly id?: string | null;
            readonly title: string;
            readonly description?: string;
            readonly required?: boolean;
            /** @description How many files it takes to count as sent. */
            readonly count?: number;
            /** @description The most files that it takes of one party; 0 is any number. */
            readonly most?: number;
            /** @description In place of the link's own, written like those; empty: as the link. */
            readonly extensions?: readonly string[] | string | null;
            /** @description A text, or an address by HTTPS. */
            readonly example?: string;
        };
        /** @description How an item stands for whoever asks. */
        readonly ItemStanding: {
            readonly id: string;
            readonly state: components["schemas"]["ItemState"];
            /** @description What the owner said, as long as nothing was sent after it. */
            readonly note: string;
            /** @description The newest 100, newest first; of many items fewer of each. */
            readonly files: readonly components["schemas"]["SentFile"][];
            readonly files_total: number;
        };
        /**
         * @description How an item stands for one party.
         * @enum {string}
         */
        readonly ItemState: "needed" | "sent" | "accepted" | "returned";
        /** @description What an owner says to what was sent for an item. */
        readonly JudgeBody: {
            /**
             * @description `sent`: neither, as it was before it was judged.
             * @enum {string}
             */
            readonly state: "accepted" | "returned" | "sent";
            /** @description For the sender. What is sent back needs one. */
            readonly note?: string;
        };
        readonly KeyList: {
            readonly keys: readonly components["schemas"]["KeyView"][];
        };
        /** @description A key without what opens anything. Times are seconds since the epoch. */
        readonly KeyView: {
            readonly id: string;
            /** @description Whose it is; empty for whoever holds the admin token. */
            readonly account: string;
            readonly name: string;
            /** @description How it begins. */
            readonly hint: string;
            /** @description Of `links:read`, `links:write`, `files:read`, `files:delete`, `admin`. */
            readonly scopes: readonly string[];
            readonly made_at: number;
            /** @description When it was used last, to a minute or so. */
            readonly used_at: number | null;
            /** @description Null where it is good for ever. */
            readonly expires_at: number | null;
            readonly expired: boolean;
        };
        /**
         * @description How a setting is written.
         * @enum {string}
         */
        readonly Kind: "text" | "number" | "colour" | "choice" | "mail_server";
        /**
         * @description In which language people are mailed about a link.
         * @enum {string}
         */
        readonly Language: "auto" | "ar" | "de" | "en" | "es" | "fr" | "ja" | "pl";
        /** @description Links, newest first where nothing else is asked for. */
        readonly LinkList: {
            readonly requests: readonly components["schemas"]["ListedLink"][];
            /** @description How long links usually are open; 0 is for ever. */
            readonly default_expires_hours: number;
            /** @description With `limit` only: leads to the next page; null on the last one. */
            readonly next_cursor?: string | null;
        };
        /**
         * @description What a sender would meet. The first that is so, from the last.
         * @enum {string}
         */
        readonly LinkState: "open" | "full" | "expired" | "closed";
        /** @description What to set on a link: what is absent stays as it is, and unknown fields are passed over. */
        readonly LinkTerms: {
            /** @description Whose the link is: `account:NAME`, `team:NAME`, or `owner`, which is whoever holds the admin token. Members name themselves or a team of theirs, admins anybody. */
            readonly owner?: string | null;
            /** @description What the sender's page is headed with. */
            readonly title?: string | null;
            /** @description What the sender's page says below. */
            readonly message?: string | null;
            /** @description A note for the owner alone; senders never see it. */
            readonly note?: string | null;
            /** @description Who asks for the files, such as Roth & Partners; '' as the server says. The server's own is `DROPPR_BRAND_NAME`. See [Who asks](#who-asks). */
            readonly asker?: string | null;
            /** @description The colour of the sender's page, such as #0b6f66; '' as the server says. One in which texts could not be read on the page, with less than 4.5 : 1, is refused. The server's own is `DROPPR_BRAND_ACCENT`. */
            readonly accent?: string | null;
            /** @description Whether chats that the address is sent in show its title and who asks, and so learn them. `server` is as `DROPPR_CHAT_PREVIEW` says, which is `no`. See [Previews in chats](#previews-in-chats). */
            readonly chat_preview?: components["schemas"]["ChatPreview"];
            /** @description Hours from now; 0 is never. A link that is made without it is open for `DROPPR_LINK_EXPIRES_HOURS`, a week; so are the page's and the command line's. Replies tell the time, as `expires_at`. */
            readonly expires_hours?: number | null;
            /** @description What senders must know; '' takes it away. So does null. Replies tell whether there is one, as `requires_password`. */
            readonly password?: string | null;
            /** @description A word by which the link is reached as well, such as anna for /to/anna; '' is none. 3 to 64 of a-z, 0-9 and `-`; only where there is a password, or `captcha` is `always`. See [Readable addresses](#readable-addresses). */
            readonly alias?: string | null;
            /** @description Of one file; 0 is no limit. */
            readonly max_file_size?: number | null;
            /** @description Of all files together; 0 is no limit. Open uploads count with their declared size, until their room lapses. A file weighs at least 4 KiB, and so does each folder: names take room, too. */
            readonly max_total_size?: number | null;
            /** @description How many files; 0 is no limit. Open uploads count. */
            readonly max_files?: number | null;
            /** @description Such as jpg,mov; '' is all. A list, or one text with commas, semicolons or blanks; empty or `*` is all. See [Types](#types). */
            readonly allowed_extensions?: readonly string[] | string | null;
            /** @description Pages of which addresses may send, such as https://www.example.org; '*', none, or '' as the server says. A list such as `["https://www.example.org"]`, or one text; `*` is all, `[]` or `none` nobody's. Null or empty: those of `DROPPR_ALLOWED_ORIGINS`. See [Pages of other addresses](#pages-of-other-addresses). */
            readonly allowed_origins?: readonly string[] | string | null;
            /** @description When senders solve one. */
            readonly captcha?: components["schemas"]["CaptchaMode"];
            /** @description Whether senders say who they are. */
            readonly ask_name?: components["schemas"]["Ask"];
            /** @description Whether they give an e-mail address. */
            readonly ask_email?: components["schemas"]["Ask"];
            /** @description What the link asks for, item by item. Null or empty: nothing by name. See [Checklists](#checklists). */
            readonly items?: readonly components["schemas"]["ItemBody"][] | null;
            /** @description What senders are asked to say. Null or empty: nothing. See [Checklists](#checklists). */
            readonly questions?: readonly components["schemas"]["QuestionBody"][] | null;
            /** @description For whom the link is. */
            readonly recipient_name?: string | null;
            /** @description The e-mail address of whom the link is for. Everybody who opens a link that has one of these two is one party; see [Checklists](#checklists). */
            readonly recipient_email?: string | null;
            /** @description In which language whoever the link is for reads: mails to them, and the page until they choose another. `auto`: mails are in the link's `language`, and the page in that of their browser. */
            readonly recipient_language?: components["schemas"]["Language"];
            /** @description Who is mailed what has arrived, such as anna@example.org; none, or '' as the server says. A list, or one text with commas; `[]` or `none` nobody. Null or empty: those of `DROPPR_NOTIFY_MAIL`. See [Messages](#messages). */
            readonly notify?: readonly string[] | string | null;
            /** @description When the files are due, such as 2026-07-03T18:00; '' is at no time. Seconds since the epoch, or ISO 8601 with a zone, such as `2026-07-03T18:00:00+02:00`. It closes nothing: see [Due dates](#due-dates-and-reminders). */
            readonly due_at?: number | string | null;
            /** @description Take files after they were due. */
            readonly allow_late?: boolean;
            /** @description Days before the files are due on which to remind by mail, such as 7,1,-1: -1 is the day after; '' is never. A list of up to 10, or one text with commas. See [Due dates](#due-dates-and-reminders). */
            readonly reminders?: readonly number[] | string | null;
            /** @description Mail senders who give an e-mail address what has arrived, with the signed receipt. Counts where `ask_email` is not `no`. See [Messages](#messages). */
            readonly confirm?: boolean;
            /** @description Where files go after the link's folder: folder (nowhere), s3://BUCKET/PREFIX or drive:FOLDER_ID. Written as `{"kind": "folder"}`, `{"kind": "s3", "bucket", "prefix"?}` or `{"kind": "drive", "folder_id"}`. It counts for files that arrive from then on. Senders see the kind and nothing more, as `passed_on_to`. */
            readonly destination?: (components["schemas"]["FolderDestination"] | components["schemas"]["IntoBucket"] | components["schemas"]["IntoDriveFolder"]) | null;
            /** @description Folders that files are sorted into as they come, such as {sender}/{date}; '' is none. See [A folder for each sender](#a-folder-for-each-sender). */
            readonly subfolder?: string | null;
            /** @description What files are called as they come, such as {date}-{sender}-{name}; '' is as they were sent. See [Names by rule](#names-by-rule). */
            readonly naming?: string | null;
            /** @description In which language people are mailed about the link. `recipient_language` goes before it. `auto`: in that of the browser they sent with, else in that of the server, `DROPPR_LANGUAGE`. */
            readonly language?: components["schemas"]["Language"];
            /** @description Days after its arrival a file is deleted for good; 0 is as the server says. Done by the nightly purge, without the bin. A file that has still to be passed on is kept until it was. The server's own is `DROPPR_KEEP_DAYS`. */
            readonly keep_days?: number | null;
            /** @description Have texts in files indexed, so that the owner finds files by what they say. Counts for files that have arrived before, too; false removes their texts from the index. Senders are told. Needs the extra `search`; see [Finding files](#finding-files). */
            readonly search?: boolean;
            /** @description Open a closed link again, or close it. false pauses the link. */
            readonly active?: boolean;
        };
        /** @description A link in the owner's list, with what it has received. */
        readonly ListedLink: {
            readonly hash: string;
            /** @description The path of the sender's page. */
            readonly url: string;
            /** @description The address to send to people. */
            readonly link: string;
            readonly created_at: number;
            readonly requires_password: boolean;
            /** @description Whether `link` is made of what the request called the server. */
            readonly link_as_asked: boolean;
            /** @description The address that `alias` makes; null for none. */
            readonly readable_link: string | null;
            readonly folder: string;
            /** @description Whose it is: `account:NAME`, `team:NAME` or `owner`. */
            readonly owner: string;
            /** @description The path of its own logo; null where it shows the server's, if any. */
            readonly logo: string | null;
            /** @description The entity under which its files are found, where they are searched. */
            readonly entity: string;
            readonly expired: boolean;
            /** @description What a sender would meet; `full`: no place or no room is left. */
            readonly state: components["schemas"]["LinkState"];
            /** @description How it stands to `due_at`; `soon`: within a week; `done`: the one it is for has sent. */
            readonly due: components["schemas"]["Due"];
            readonly files_received: number;
            readonly bytes_received: number;
            readonly uploads_open: number;
            /** @description Of the newest file that its sender has not taken back; null for none. */
            readonly last_received_at: number | null;
            /** @description Who sent that: a name, else an e-mail address. */
            readonly last_sender: string | null;
            /** @description How many files have ever arrived, for `…/seen`. */
            readonly files_arrived: number;
            /** @description Received files that the owner has not seen. */
            readonly files_new: number;
            /** @description Up to when whoever asks has taken all that had arrived, as archives that were sent to their end; null before that. */
            readonly taken_until: number | null;
            /** @description Of a personal link with a checklist or questions; null for all others. */
            readonly progress: components["schemas"]["Steps"] | null;
            /** @description Of a link for nobody in particular that was mailed or whose senders are told apart; else null. */
            readonly people: components["schemas"]["PeopleCounts"] | null;
            /** @description What the sender's page is headed with. */
            readonly title: string;
            /** @description What the sender's page says below. */
            readonly message: string;
            /** @description A note for the owner alone; senders never see it. */
            readonly note: string;
            /** @description Who asks for the files, such as Roth & Partners; '' as the server says. */
            readonly asker: string;
            /** @description The colour of the sender's page, such as #0b6f66; '' as the server says. */
            readonly accent: string;
            /** @description Whether chats that the address is sent in show its title and who asks, and so learn them. */
            readonly chat_preview: components["schemas"]["ChatPreview"];
            /** @description Null for never. */
            readonly expires_at: number | null;
            /** @description A word by which the link is reached as well, such as anna for /to/anna; '' is none. */
            readonly alias: string;
            /** @description Of one file; 0 is no limit. */
            readonly max_file_size: number;
            /** @description Of all files together; 0 is no limit. */
            readonly max_total_size: number;
            /** @description How many files; 0 is no limit. */
            readonly max_files: number;
            /** @description Without dots, in lower case; empty is all. */
            readonly allowed_extensions: readonly string[];
            /** @description Null for those that the server allows. */
            readonly allowed_origins: readonly string[] | null;
            /** @description When senders solve one. */
            readonly captcha: components["schemas"]["CaptchaMode"];
            /** @description Whether senders say who they are. */
            readonly ask_name: components["schemas"]["Ask"];
            /** @description Whether they give an e-mail address. */
            readonly ask_email: components["schemas"]["Ask"];
            /** @description What the link asks for, item by item. */
            readonly items: readonly components["schemas"]["ShownItem"][];
            /** @description What senders are asked to say. */
            readonly questions: readonly components["schemas"]["ShownQuestion"][];
            /** @description For whom the link is. */
            readonly recipient_name: string;
            /** @description The e-mail address of whom the link is for. */
            readonly recipient_email: string;
            /** @description In which language whoever the link is for reads: mails to them, and the page until they choose another. */
            readonly recipient_language: components["schemas"]["Language"];
            /** @description Null for those that the server names. */
            readonly notify: readonly string[] | null;
            /** @description Null for none. */
            readonly due_at: number | null;
            readonly allow_late: boolean;
            /** @description Those after it are negative. */
            readonly reminders: readonly number[];
            readonly confirm: boolean;
            readonly destination: components["schemas"]["FolderDestination"] | components["schemas"]["S3Destination"] | components["schemas"]["DriveDestination"];
            /** @description Folders that files are sorted into as they come, such as {sender}/{date}; '' is none. */
            readonly subfolder: string;
            /** @description What files are called as they come, such as {date}-{sender}-{name}; '' is as they were sent. */
            readonly naming: string;
            /** @description In which language people are mailed about the link. */
            readonly language: components["schemas"]["Language"];
            /** @description Days after its arrival a file is deleted for good; 0 is as the server says. */
            readonly keep_days: number;
            readonly search: boolean;
            readonly active: boolean;
        };
        readonly LiveConcurrency: {
            /** @description With a place among the uploads at once. */
            readonly running_uploads: number;
            readonly waiting_uploads: number;
            readonly max_concurrent_uploads: number;
            readonly max_concurrent_per_user: number;
            readonly max_concurrent_chunks: number;
        };
        /** @description The `data` of each server-sent event: how busy the server is at that moment. */
        readonly LiveFigures: {
            readonly disk: components["schemas"]["Disk"];
            readonly buffer_pool: components["schemas"]["BufferPool"];
            readonly destinations: components["schemas"]["Destinations"];
            readonly at: number;
            readonly concurrency: components["schemas"]["LiveConcurrency"];
            /** @description The first 50 of those that something comes of. */
            readonly uploads: readonly components["schemas"]["RunningUpload"][];
            readonly memory_monitor: components["schemas"]["LiveMemory"];
            readonly refusals: components["schemas"]["Refusals"];
            readonly received: components["schemas"]["ReceivedSoFar"];
            /** @description Sentences for the owner. */
            readonly notes: readonly string[];
            /** @description For each of them what it is about, in a word that stays. */
            readonly note_codes: readonly string[];
        };
        readonly LiveMemory: {
            /** @description In percent of the limit that counts. */
            readonly current_usage: number;
            /** @description From which percentage on new uploads are refused. */
            readonly max_usage: number;
            readonly used_bytes: number;
            readonly limit_bytes: number;
            readonly peak_bytes: number;
            readonly reserved_bytes: number;
            readonly available_bytes: number;
            readonly bytes_per_second: number;
            readonly seconds_to_limit: number | null;
        };
        /** @description The admin token; or the name and the password of an account; or its passkey. */
        readonly Login: {
            /** @description The admin token. */
            readonly token?: string | null;
            /** @description The name of an account, in its place. */
            readonly name?: string | null;
            /** @description The account's password. */
            readonly password?: string | null;
            /** @description Where it has a second factor: of the app, or a recovery code. */
            readonly code?: string | null;
            /** @description In place of name and password, or beside them in place of a code. With the cookie of its challenge. */
            readonly passkey?: components["schemas"]["Assertion"] | null;
        };
        /** @description The picture that senders see where a link has none of its own. */
        readonly LogoReply: {
            readonly shown: boolean;
            /** @enum {string} */
            readonly source: "environment" | "page" | "default";
            readonly variable: string;
        };
        /** @description How a received file can be looked at. */
        readonly Look: {
            /**
             * @description `pages`: as pictures, page by page. `none`: not at all; `reason` and `problem` say why.
             * @enum {string}
             */
            readonly look: "picture" | "pages" | "video" | "audio" | "text" | "none";
            /** @description The type of its content; empty where that is not shown, but pictures of it at most. */
            readonly type: string;
            /** @description How many pictures of it there are, one for each page. */
            readonly pages: number;
            /** @description As with `no_picture`; or `not_installed`. */
            readonly reason: string | null;
            /** @description The same as a sentence. */
            readonly problem: string | null;
        };
        /** @description A mail server as it is written down. */
        readonly MailServerBody: {
            /** @enum {string} */
            readonly secure: "smtps" | "smtp" | "smtp+plain";
            readonly host: string;
            /** @description 465, 587 or 25 if not said. */
            readonly port?: number | null;
            readonly user?: string;
            /** @description Null or left out: the one that is kept for this very login. */
            readonly password?: string | null;
        };
        /** @description A mail server. Nobody is told its password. */
        readonly MailServerReply: {
            /** @description `smtps`, `smtp` (STARTTLS) or `smtp+plain`. */
            readonly secure: string;
            readonly host: string;
            readonly port: number;
            readonly user: string;
            readonly password_set: boolean;
        };
        /** @description A mail server to try, which is not kept. What is left out is as it is set. */
        readonly MailTestBody: {
            /** @description Who gets the test. */
            readonly to: string;
            readonly smtp_url?: components["schemas"]["MailServerBody"] | null;
            readonly mail_from?: string | null;
        };
        /** @description One of the list. */
        readonly MailedInvitationView: {
            readonly id: string;
            readonly role: string;
            readonly teams: readonly string[];
            readonly email: string;
            readonly made_by: string;
            readonly made_at: number;
            readonly expires_at: number;
            /** @description What became of the mail that it went by; null where it was not mailed. */
            readonly mail: components["schemas"]["MessageState"] | null;
        };
        /** @description Files of one link, by the ids of their uploads, for something that takes its time. */
        readonly ManyBody: {
            readonly uploads: readonly string[];
        };
        readonly Memory: {
            /** @description In percent of the limit that counts. */
            readonly current_usage: number;
            /** @description From which percentage on new uploads are refused. */
            readonly max_usage: number;
            readonly used_bytes: number;
            readonly limit_bytes: number;
            readonly peak_bytes: number;
            readonly reserved_bytes: number;
            readonly available_bytes: number;
            readonly bytes_per_second: number;
            readonly seconds_to_limit: number | null;
            readonly history: readonly components["schemas"]["MemoryAt"][];
        };
        readonly MemoryAt: {
            readonly seconds_ago: number;
            readonly used_bytes: number;
        };
        /**
         * @description What a message says; of webhooks this is the ``type``.
         * @enum {string}
         */
        readonly MessageKind: "files.received" | "files.removed" | "item.accepted" | "item.returned" | "link.made" | "link.changed" | "link.closed" | "link.deleted" | "confirmation" | "invitation" | "account.invitation" | "reminder" | "test";
        /** @description Messages, newest first. */
        readonly MessageList: {
            readonly messages: readonly components["schemas"]["MessageReply"][];
            /** @description With `limit` only: leads to the next page; null on the last one. */
            readonly next_cursor?: string | null;
        };
        /** @description One thing that one recipient is told. */
        readonly MessageReply: {
            /** @description The same with each try: `webhook-id`, and in a mail's `Message-ID`. */
            readonly id: string;
            readonly kind: components["schemas"]["MessageKind"];
            readonly channel: components["schemas"]["Channel"];
            /** @description A mail address, or the id of an endpoint. */
            readonly recipient: string;
            /** @description The hash of the link that it is about. */
            readonly link: string | null;
            /** @description That of the link, as it was. */
            readonly title: string | null;
            /** @description How many files it is about; null where it is about none. */
            readonly files: number | null;
            readonly bytes: number | null;
            readonly state: components["schemas"]["MessageState"];
            readonly created_at: number;
            readonly tries: number;
            /** @description When it is tried; null where it is not. */
            readonly next_at: number | null;
            /** @description What the other side said last, or why it could not be asked. */
            readonly answer: string | null;
            /** @description The kind of `answer`, where it was not taken. */
            readonly reason: components["schemas"]["Reason"] | null;
            /** @description Of `answer`, what the other side or the system said itself. */
            readonly said: string | null;
            /** @description When it was taken or given up. */
            readonly done_at: number | null;
        };
        /** @enum {string} */
        readonly MessageState: "waiting" | "failed" | "sent" | "given_up";
        /** @description An account whose password somebody else has chosen. Rather invite people, who then choose their own. */
        readonly NewAccount: {
            /** @description Up to 40 small letters, digits, dots, hyphens and underscores; it never changes. */
            readonly name: string;
            /** @description At least 10 characters. Setting another one ends the account's sessions. */
            readonly password: string;
            readonly role?: components["schemas"]["Role"];
            /** @description Names that accounts have in common, formed like those of accounts. */
            readonly teams?: readonly string[];
            /** @description What people call them. */
            readonly display_name?: string;
            /** @description A mail address; empty for none. */
            readonly email?: string;
        };
        /** @description That it is oneself who asks. */
        readonly NewIdentity: {
            /** @description One's own, where one has one. */
            readonly password?: string;
        };
        /** @description What whoever takes the invitation will be. */
        readonly NewInvitation: {
            readonly role?: components["schemas"]["Role"];
            /** @description Names that accounts have in common, formed like those of accounts. */
            readonly teams?: readonly string[];
            /** @description Whom it is for; it becomes the account's address. */
            readonly email?: string;
            /** @description Whether it is mailed there. */
            readonly mail?: boolean;
            /** @description Of the mail; that of the server if not said. */
            readonly language?: ("ar" | "de" | "en" | "es" | "fr" | "ja" | "pl") | null;
        };
        readonly NewInvitationView: {
            readonly id: string;
            readonly role: string;
            readonly teams: readonly string[];
            readonly email: string;
            readonly made_by: string;
            readonly made_at: number;
            readonly expires_at: number;
            /** @description What to send to whoever is invited. It is told this once, and works once. */
            readonly address: string;
        };
        /** @description A key for a program of one's own. */
        readonly NewKey: {
            /** @description Tells it from one's others; formed like names of accounts. */
            readonly name: string;
            /** @description What it is for. `admin` is everything, for admins. */
            readonly scopes: readonly components["schemas"]["Scope"][];
            /** @description For how many days it is good; 0 for ever. */
            readonly expires_days?: number;
        };
        readonly NewKeyView: {
            readonly id: string;
            /** @description Whose it is; empty for whoever holds the admin token. */
            readonly account: string;
            readonly name: string;
            /** @description How it begins. */
            readonly hint: string;
            /** @description Of `links:read`, `links:write`, `files:read`, `files:delete`, `admin`. */
            readonly scopes: readonly string[];
            readonly made_at: number;
            /** @description When it was used last, to a minute or so. */
            readonly used_at: number | null;
            /** @description Null where it is good for ever. */
            readonly expires_at: number | null;
            readonly expired: boolean;
            /** @description What the program is to send as a token. It is told this once. */
            readonly key: string;
        };
        /** @description A new link: the folder that files go into, relative to `files/` in the data folder, and its terms. */
        readonly NewLink: {
            /** @description Whose the link is: `account:NAME`, `team:NAME`, or `owner`, which is whoever holds the admin token. Members name themselves or a team of theirs, admins anybody. */
            readonly owner?: string | null;
            readonly folder: string;
            /** @description The id of a template: its terms count where the body names none. */
            readonly template?: string | null;
            /** @description What the sender's page is headed with. */
            readonly title?: string | null;
            /** @description What the sender's page says below. */
            readonly message?: string | null;
            /** @description A note for the owner alone; senders never see it. */
            readonly note?: string | null;
            /** @description Who asks for the files, such as Roth & Partners; '' as the server says. The server's own is `DROPPR_BRAND_NAME`. See [Who asks](#who-asks). */
            readonly asker?: string | null;
            /** @description The colour of the sender's page, such as #0b6f66; '' as the server says. One in which texts could not be read on the page, with less than 4.5 : 1, is refused. The server's own is `DROPPR_BRAND_ACCENT`. */
            readonly accent?: string | null;
            /** @description Whether chats that the address is sent in show its title and who asks, and so learn them. `server` is as `DROPPR_CHAT_PREVIEW` says, which is `no`. See [Previews in chats](#previews-in-chats). */
            readonly chat_preview?: components["schemas"]["ChatPreview"];
            /** @description Hours from now; 0 is never. A link that is made without it is open for `DROPPR_LINK_EXPIRES_HOURS`, a week; so are the page's and the command line's. Replies tell the time, as `expires_at`. */
            readonly expires_hours?: number | null;
            /** @description What senders must know; '' takes it away. So does null. Replies tell whether there is one, as `requires_password`. */
            readonly password?: string | null;
            /** @description A word by which the link is reached as well, such as anna for /to/anna; '' is none. 3 to 64 of a-z, 0-9 and `-`; only where there is a password, or `captcha` is `always`. See [Readable addresses](#readable-addresses). */
            readonly alias?: string | null;
            /** @description Of one file; 0 is no limit. */
            readonly max_file_size?: number | null;
            /** @description Of all files together; 0 is no limit. Open uploads count with their declared size, until their room lapses. A file weighs at least 4 KiB, and so does each folder: names take room, too. */
            readonly max_total_size?: number | null;
            /** @description How many files; 0 is no limit. Open uploads count. */
            readonly max_files?: number | null;
            /** @description Such as jpg,mov; '' is all. A list, or one text with commas, semicolons or blanks; empty or `*` is all. See [Types](#types). */
            readonly allowed_extensions?: readonly string[] | string | null;
            /** @description Pages of which addresses may send, such as https://www.example.org; '*', none, or '' as the server says. A list such as `["https://www.example.org"]`, or one text; `*` is all, `[]` or `none` nobody's. Null or empty: those of `DROPPR_ALLOWED_ORIGINS`. See [Pages of other addresses](#pages-of-other-addresses). */
            readonly allowed_origins?: readonly string[] | string | null;
            /** @description When senders solve one. */
            readonly captcha?: components["schemas"]["CaptchaMode"];
            /** @description Whether senders say who they are. */
            readonly ask_name?: components["schemas"]["Ask"];
            /** @description Whether they give an e-mail address. */
            readonly ask_email?: components["schemas"]["Ask"];
            /** @description What the link asks for, item by item. Null or empty: nothing by name. See [Checklists](#checklists). */
            readonly items?: readonly components["schemas"]["ItemBody"][] | null;
            /** @description What senders are asked to say. Null or empty: nothing. See [Checklists](#checklists). */
            readonly questions?: readonly components["schemas"]["QuestionBody"][] | null;
            /** @description For whom the link is. */
            readonly recipient_name?: string | null;
            /** @description The e-mail address of whom the link is for. Everybody who opens a link that has one of these two is one party; see [Checklists](#checklists). */
            readonly recipient_email?: string | null;
            /** @description In which language whoever the link is for reads: mails to them, and the page until they choose another. `auto`: mails are in the link's `language`, and the page in that of their browser. */
            readonly recipient_language?: components["schemas"]["Language"];
            /** @description Who is mailed what has arrived, such as anna@example.org; none, or '' as the server says. A list, or one text with commas; `[]` or `none` nobody. Null or empty: those of `DROPPR_NOTIFY_MAIL`. See [Messages](#messages). */
            readonly notify?: readonly string[] | string | null;
            /** @description When the files are due, such as 2026-07-03T18:00; '' is at no time. Seconds since the epoch, or ISO 8601 with a zone, such as `2026-07-03T18:00:00+02:00`. It closes nothing: see [Due dates](#due-dates-and-reminders). */
            readonly due_at?: number | string | null;
            /** @description Take files after they were due. */
            readonly allow_late?: boolean;
            /** @description Days before the files are due on which to remind by mail, such as 7,1,-1: -1 is the day after; '' is never. A list of up to 10, or one text with commas. See [Due dates](#due-dates-and-reminders). */
            readonly reminders?: readonly number[] | string | null;
            /** @description Mail senders who give an e-mail address what has arrived, with the signed receipt. Counts where `ask_email` is not `no`. See [Messages](#messages). */
            readonly confirm?: boolean;
            /** @description Where files go after the link's folder: folder (nowhere), s3://BUCKET/PREFIX or drive:FOLDER_ID. Written as `{"kind": "folder"}`, `{"kind": "s3", "bucket", "prefix"?}` or `{"kind": "drive", "folder_id"}`. It counts for files that arrive from then on. Senders see the kind and nothing more, as `passed_on_to`. */
            readonly destination?: (components["schemas"]["FolderDestination"] | components["schemas"]["IntoBucket"] | components["schemas"]["IntoDriveFolder"]) | null;
            /** @description Folders that files are sorted into as they come, such as {sender}/{date}; '' is none. See [A folder for each sender](#a-folder-for-each-sender). */
            readonly subfolder?: string | null;
            /** @description What files are called as they come, such as {date}-{sender}-{name}; '' is as they were sent. See [Names by rule](#names-by-rule). */
            readonly naming?: string | null;
            /** @description In which language people are mailed about the link. `recipient_language` goes before it. `auto`: in that of the browser they sent with, else in that of the server, `DROPPR_LANGUAGE`. */
            readonly language?: components["schemas"]["Language"];
            /** @description Days after its arrival a file is deleted for good; 0 is as the server says. Done by the nightly purge, without the bin. A file that has still to be passed on is kept until it was. The server's own is `DROPPR_KEEP_DAYS`. */
            readonly keep_days?: number | null;
            /** @description Have texts in files indexed, so that the owner finds files by what they say. Counts for files that have arrived before, too; false removes their texts from the index. Senders are told. Needs the extra `search`; see [Finding files](#finding-files). */
            readonly search?: boolean;
            /** @description Open a closed link again, or close it. false pauses the link. */
            readonly active?: boolean;
        };
        /** @description A log-in at the provider. */
        readonly NewLogIn: {
            /** @description The page that it leads to: `admin`, or one below it. */
            readonly page?: string;
        };
        /** @description A passkey of one's own. */
        readonly NewPasskey: {
            /** @description Tells it from one's others, such as where it is. */
            readonly name: string;
            readonly passkey: components["schemas"]["Attestation"];
        };
        /** @description How much an owner's links may hold together. */
        readonly NewQuota: {
            /** @description Bytes; 0 takes the quota away. */
            readonly most: number;
        };
        /** @description Files of one link, for others to download. */
        readonly NewShare: {
            /** @description What receivers see above the files. */
            readonly title?: string | null;
            /** @description Who shares, as receivers are told; empty: they are told nothing. */
            readonly sharer?: string | null;
            /** @description What receivers must know; empty or null takes it away. */
            readonly password?: string | null;
            /** @description Hours from now; 0 is never. A share that is made without it: a week. */
            readonly expires_hours?: number;
            /** @description How often it can be downloaded; 0 is no limit. */
            readonly max_downloads?: number;
            /** @description The hash of the link that the files are of. */
            readonly link: string;
            /** @description Which files, by the ids of their uploads; without it all that have arrived by now. */
            readonly uploads?: readonly string[] | null;
        };
        /** @description A link whose terms are kept under a name, all but those that are about that link alone. */
        readonly NewTemplate: {
            /** @description Up to 100 characters. */
            readonly name: string;
            /** @description The hash of the link. */
            readonly link: string;
            /** @description Whose it is, as of links; those of `owner` are for all to use. */
            readonly owner?: string | null;
        };
        readonly NewsReply: {
            /** @description Another number once anything has happened to links and files. */
            readonly news: number;
        };
        readonly NotReady: {
            /** @constant */
            readonly status: "not ready";
            readonly error: string;
            /** @constant */
            readonly code: "busy";
            /** @description What keeps the server from its work. */
            readonly problems: readonly string[];
        };
        /** @description The messages that are on their way; the log tells what came of them. */
        readonly OnTheirWay: {
            readonly messages: readonly components["schemas"]["MessageReply"][];
        };
        /** @description An upload that is on its way, as the link's owner sees it. */
        readonly OpenUpload: {
            readonly upload_id: string;
            readonly path: string;
            readonly size: number;
            readonly received_bytes: number;
            readonly opened_at: number;
            /** @description When a chunk was last acknowledged. */
            readonly active_at: number;
            readonly sender_name: string | null;
            readonly sender_email: string | null;
            /** @description Where it was opened from, as limits count clients. */
            readonly address: string | null;
            /** @description In the last half minute. */
            readonly bytes_per_second: number;
            /** @description Whether it has a place among the uploads at once. */
            readonly running: boolean;
        };
        /** @description What a sender says when opening an upload. The size is in bytes; unknown fields are passed over. */
        readonly OpenUploadBody: {
            readonly path: string;
            readonly size: number;
            readonly last_modified?: number | null;
            readonly sha256?: string | null;
            readonly sample?: string | null;
            readonly sender_name?: string | null;
            readonly sender_email?: string | null;
            /** @description The id of the item that it is for. */
            readonly item?: string | null;
            readonly key?: string | null;
        };
        readonly OpenUploadList: {
            /** @description The server's time. */
            readonly at: number;
            readonly uploads: readonly components["schemas"]["OpenUpload"][];
            /** @description With `limit` only: leads to the next page; null on the last one. */
            readonly next_cursor?: string | null;
        };
        /** @description An upload that was opened, now or before under the same key. */
        readonly Opened: {
            readonly missing_ranges: readonly (readonly [
                number,
                number
            ])[];
            /** @description There are more than are told. */
            readonly missing_ranges_truncated?: boolean;
            readonly upload_id: string;
            /** @description How many bytes of the file to send with one request. */
            readonly chunk_size: number;
            /** @description How many chunks of the file to send at once. */
            readonly max_parallel_chunks: number;
            /** @description Up to how many, for a client that measures what it gets. */
            readonly most_parallel_chunks: number;
            /** @description When it is given up, if nothing more comes. */
            readonly expires_at: number;
            readonly complete: boolean;
            /** @description Until when its sender may take a complete one back. */
            readonly removable_until: number | null;
            readonly received_bytes: number;
            /** @description Null where its sender puts no parts into the store. */
            readonly direct: components["schemas"]["Direct"] | null;
        };
        /**
         * @description How passing a file on stands, as its owner sees it.
         * @enum {string}
         */
        readonly OutboxState: "arriving" | "waiting" | "sending" | "retrying" | "failed" | "done";
        /** @description How far a sender has got; of others nothing. */
        readonly OwnChecklist: {
            /** @description In the order of the link, which has their texts. */
            readonly items: readonly components["schemas"]["ItemStanding"][];
            /** @description By the ids of questions. */
            readonly answers: {
                readonly [key: string]: string | boolean;
            };
            /** @description Nothing that is required is missing. */
            readonly finished: boolean;
        };
        /** @description That it is oneself who asks. */
        readonly OwnPassword: {
            /** @description One's own. */
            readonly password: string;
        };
        /** @description A link as its owner sees it. */
        readonly OwnerLink: {
            readonly hash: string;
            /** @description The path of the sender's page. */
            readonly url: string;
            /** @description The address to send to people. */
            readonly link: string;
            readonly created_at: number;
            readonly requires_password: boolean;
            /** @description Whether `link` is made of what the request called the server. */
            readonly link_as_asked: boolean;
            /** @description The address that `alias` makes; null for none. */
            readonly readable_link: string | null;
            readonly folder: string;
            /** @description Whose it is: `account:NAME`, `team:NAME` or `owner`. */
            readonly owner: string;
            /** @description The path of its own logo; null where it shows the server's, if any. */
            readonly logo: string | null;
            /** @description The entity under which its files are found, where they are searched. */
            readonly entity: string;
            /** @description What the sender's page is headed with. */
            readonly title: string;
            /** @description What the sender's page says below. */
            readonly message: string;
            /** @description A note for the owner alone; senders never see it. */
            readonly note: string;
            /** @description Who asks for the files, such as Roth & Partners; '' as the server says. */
            readonly asker: string;
            /** @description The colour of the sender's page, such as #0b6f66; '' as the server says. */
            readonly accent: string;
            /** @description Whether chats that the address is sent in show its title and who asks, and so learn them. */
            readonly chat_preview: components["schemas"]["ChatPreview"];
            /** @description Null for never. */
            readonly expires_at: number | null;
            /** @description A word by which the link is reached as well, such as anna for /to/anna; '' is none. */
            readonly alias: string;
            /** @description Of one file; 0 is no limit. */
            readonly max_file_size: number;
            /** @description Of all files together; 0 is no limit. */
            readonly max_total_size: number;
            /** @description How many files; 0 is no limit. */
            readonly max_files: number;
            /** @description Without dots, in lower case; empty is all. */
            readonly allowed_extensions: readonly string[];
            /** @description Null for those that the server allows. */
            readonly allowed_origins: readonly string[] | null;
            /** @description When senders solve one. */
            readonly captcha: components["schemas"]["CaptchaMode"];
            /** @description Whether senders say who they are. */
            readonly ask_name: components["schemas"]["Ask"];
            /** @description Whether they give an e-mail address. */
            readonly ask_email: components["schemas"]["Ask"];
            /** @description What the link asks for, item by item. */
            readonly items: readonly components["schemas"]["ShownItem"][];
            /** @description What senders are asked to say. */
            readonly questions: readonly components["schemas"]["ShownQuestion"][];
            /** @description For whom the link is. */
            readonly recipient_name: string;
            /** @description The e-mail address of whom the link is for. */
            readonly recipient_email: string;
            /** @description In which language whoever the link is for reads: mails to them, and the page until they choose another. */
            readonly recipient_language: components["schemas"]["Language"];
            /** @description Null for those that the server names. */
            readonly notify: readonly string[] | null;
            /** @description Null for none. */
            readonly due_at: number | null;
            readonly allow_late: boolean;
            /** @description Those after it are negative. */
            readonly reminders: readonly number[];
            readonly confirm: boolean;
            readonly destination: components["schemas"]["FolderDestination"] | components["schemas"]["S3Destination"] | components["schemas"]["DriveDestination"];
            /** @description Folders that files are sorted into as they come, such as {sender}/{date}; '' is none. */
            readonly subfolder: string;
            /** @description What files are called as they come, such as {date}-{sender}-{name}; '' is as they were sent. */
            readonly naming: string;
            /** @description In which language people are mailed about the link. */
            readonly language: components["schemas"]["Language"];
            /** @description Days after its arrival a file is deleted for good; 0 is as the server says. */
            readonly keep_days: number;
            readonly search: boolean;
            readonly active: boolean;
        };
        /** @description A share as owners see it. */
        readonly OwnersShare: {
            readonly hash: string;
            /** @description The path of the receivers' page. */
            readonly url: string;
            /** @description The address to send to people. */
            readonly address: string;
            /** @description The hash of the link that the files are of. */
            readonly link: string;
            readonly created_at: number;
            readonly made_by: string;
            readonly title: string;
            readonly sharer: string;
            readonly requires_password: boolean;
            readonly expires_at: number | null;
            readonly expired: boolean;
            readonly max_downloads: number;
            /** @description How often it was downloaded, as clients are counted. */
            readonly downloads: number;
            /** @description How many files were chosen; null for all that had arrived. */
            readonly files: number | null;
        };
        /** @description How much goes into one pack of small files. */
        readonly PackLimits: {
            readonly max_files: number;
            readonly max_bytes: number;
        };
        readonly PackReply: {
            /** @description One for each file, in their order. */
            readonly files: readonly (components["schemas"]["PackedFile"] | components["schemas"]["RefusedFile"])[];
        };
        /** @description A file of a pack that was taken. */
        readonly PackedFile: {
            readonly missing_ranges: readonly (readonly [
                number,
                number
            ])[];
            /** @description There are more than are told. */
            readonly missing_ranges_truncated?: boolean;
            readonly upload_id: string;
            readonly complete: boolean;
            readonly received_bytes: number;
            /** @description The first missing byte; the file's size where none is missing. */
            readonly offset: number;
            readonly name?: string;
            readonly path?: string;
            readonly size?: number;
            readonly removable_until?: number | null;
            readonly sha256: string | null;
        };
        readonly Parameters: {
            /** @constant */
            readonly type: "public-key";
            readonly alg: number;
        };
        /** @description A part that is to be put: where in the file, how many bytes, and their SHA-256. */
        readonly Part: {
            readonly start: number;
            readonly length: number;
            readonly sha256: string;
        };
        /** @description What to do with one part. */
        readonly PartToPut: {
            readonly start: number;
            readonly length: number;
            /** @description By which it is confirmed; null where nothing is to be put. */
            readonly number: number | null;
            /** @description Where to `PUT` these very bytes, with the header `x-amz-checksum-sha256`, their digest in base64; null where nothing is to be put. */
            readonly url: string | null;
            /** @description It counts already. One that does not, and has no URL, is sent as a chunk. */
            readonly there: boolean;
        };
        /** @description Parts of one upload for which URLs are asked for. */
        readonly PartsBody: {
            readonly parts: readonly components["schemas"]["Part"][];
        };
        /** @description Parts that have been put, by their numbers. */
        readonly PartsDone: {
            readonly parts: readonly number[];
        };
        /** @description Of the process that answers. */
        readonly PartsSent: {
            readonly sending: number;
            readonly sent: number;
            readonly failed: number;
        };
        /** @description What to do with the parts that were named, in that order, and how the upload stands. */
        readonly PartsSigned: {
            readonly upload_id: string;
            readonly complete: boolean;
            readonly received_bytes: number;
            readonly parts: readonly components["schemas"]["PartToPut"][];
        };
        readonly Party: {
            readonly id: string;
            readonly name: string;
        };
        /** @description How an item stands for one party. */
        readonly PartyItem: {
            readonly state: components["schemas"]["ItemState"];
            /** @description What the owner said last. */
            readonly note: string;
            readonly files: number;
            /** @description When a file arrived last, or the owner judged. */
            readonly at: number | null;
        };
        /** @description Who sends to a link, whoever came last first. */
        readonly PartyList: {
            readonly parties: readonly components["schemas"]["PartyView"][];
            /** @description With `limit` only: leads to the next page; null on the last one. */
            readonly next_cursor?: string | null;
        };
        /** @enum {string} */
        readonly PartyState: "not_begun" | "begun" | "finished";
        /** @description Somebody who sends to a link. */
        readonly PartyView: {
            /** @description `recipient` of a personal link, `unknown` for all who sent no key. */
            readonly id: string;
            readonly name: string | null;
            readonly email: string | null;
            /** @description Null before anything came. */
            readonly first_at: number | null;
            /** @description When the last file arrived. */
            readonly last_at: number | null;
            /** @description Files that are there, also those for no item. */
            readonly files: number;
            readonly bytes: number;
            readonly state: components["schemas"]["PartyState"];
            readonly late: boolean;
            /** @description Every item of the link, by its id. */
            readonly items: {
                readonly [key: string]: components["schemas"]["PartyItem"];
            };
            /** @description By the ids of questions. */
            readonly answers: {
                readonly [key: string]: string | boolean;
            };
        };
        /** @description A part of a file's text, with the places of what was looked for. */
        readonly Passage: {
            /** @description Its number in the file's text, counted from 0. */
            readonly passage: number;
            /** @description The page, slide or sheet, counted from 1; null where there are none. */
            readonly page: number | null;
            readonly text: string;
            readonly marks: readonly (readonly [
                number,
                number
            ])[];
        };
        /** @description How a received file gets on to where its link passes files on to. */
        readonly PassedOn: {
            readonly state: components["schemas"]["OutboxState"];
            readonly attempts: number;
            /** @description Why it failed the last time. */
            readonly error: string | null;
            /** @description The kind of `error`. */
            readonly reason: components["schemas"]["Reason"] | null;
            /** @description Of `error`, what the other side or the system said itself. */
            readonly said: string | null;
            /** @description Where it stands once it is `done`: `s3://bucket/key` or `drive:<file id>`. */
            readonly remote: string | null;
            readonly sent_bytes: number;
            /** @description When it is tried again. */
            readonly next_at: number | null;
        };
        readonly PassedOnReply: {
            readonly passed_on: components["schemas"]["PassedOn"];
        };
        readonly PasskeyList: {
            readonly passkeys: readonly components["schemas"]["PasskeyView"][];
            /** @description Why none can be added or used here, and what to set; empty where they can. */
            readonly unavailable: string;
            /** @description Whether one's password is asked for. */
            readonly password: boolean;
        };
        /** @description That it is oneself who asks. */
        readonly PasskeyOwner: {
            /** @description One's own, where the account has one. */
            readonly password?: string;
        };
        readonly PasskeyView: {
            readonly id: string;
            readonly name: string;
            readonly made_at: number;
            readonly used_at: number | null;
        };
        /** @description Another password of one's own. */
        readonly PasswordChange: {
            /** @description The one of now. */
            readonly old: string;
            /** @description At least 10 characters. Setting another one ends the account's sessions. */
            readonly new: string;
        };
        /** @description How many people have got how far with a link that is for nobody in particular. */
        readonly PeopleCounts: {
            /** @description It was mailed to them, and nothing has come. */
            readonly not_begun: number;
            readonly begun: number;
            readonly finished: number;
        };
        /** @description A stretch of a text: the page it is of, or a part of, and the passage that it begins with. */
        readonly Place: {
            readonly page: number | null;
            readonly passage: number;
        };
        /** @description How far one upload is. */
        readonly Progress: {
            readonly state: components["schemas"]["State"];
            readonly size: number;
            readonly received_bytes: number;
            readonly percent: number;
            /** @description How many gaps there are. */
            readonly missing_ranges: number;
            readonly chunk_progress: components["schemas"]["ChunkProgress"];
            readonly opened_at: number;
            readonly last_byte_at: number;
            readonly elapsed_seconds: number;
            readonly bytes_per_second: number;
            readonly chunks_per_second: number;
            readonly seconds_left: number | null;
            readonly running: boolean;
        };
        readonly ProviderWay: {
            /** @description What the button says after “Log in with”. */
            readonly label: string;
        };
        readonly ProxyWay: {
            /** @description Whom the proxy in front names with this very call. */
            readonly name: string;
        };
        /** @description What a page needs to have its browser told, and which others of its owner are. */
        readonly PushReply: {
            /** @description What to subscribe with (`applicationServerKey`), in base64url. */
            readonly key: string;
            readonly browsers: readonly components["schemas"]["BrowserReply"][];
        };
        /** @description One thing that a link asks senders to say. */
        readonly QuestionBody: {
            /** @description The server gives one where there is none; it stays through changes. */
            readonly id?: string | null;
            readonly label: string;
            readonly kind?: components["schemas"]["QuestionKind"];
            readonly required?: boolean;
            /** @description For `choice`, and for no other. */
            readonly choices?: readonly string[];
        };
        /** @enum {string} */
        readonly QuestionKind: "text" | "choice" | "date" | "agree";
        readonly QuotaList: {
            readonly quotas: readonly components["schemas"]["QuotaView"][];
        };
        readonly QuotaReply: {
            /** @description Null where it was taken away. */
            readonly quota: components["schemas"]["QuotaView"] | null;
        };
        /** @description How much an owner's links may hold together, and what they hold. */
        readonly QuotaView: {
            /** @description `account:NAME` or `team:NAME`. */
            readonly owner: string;
            /** @description Bytes. */
            readonly most: number;
            /** @description Bytes of what is there and on its way, a file and a folder counting 4 KiB at least. */
            readonly used: number;
        };
        readonly Ready: {
            /** @constant */
            readonly status: "ready";
            /** @description Sentences on what works and could be better. */
            readonly notes: readonly string[];
        };
        /**
         * @description Kinds of reasons. Pages have a sentence for each, so one is never taken away.
         * @enum {string}
         */
        readonly Reason: "log_in" | "no_such" | "refused" | "unreachable" | "certificate" | "timed_out" | "full" | "too_large" | "too_many" | "trouble" | "moved" | "left_alone" | "not_set_up" | "not_installed" | "not_allowed" | "removed" | "switched_off" | "gone" | "not_needed" | "here";
        /** @description A signed receipt: Ed25519 (RFC 8032) over the object without `signature`, written as RFC 8785 has it. */
        readonly Receipt: {
            /** @constant */
            readonly type: "droppr-receipt";
            /** @constant */
            readonly version: 1;
            readonly server: string | null;
            /** @description A fingerprint of the link, which does not give it away. */
            readonly link: string;
            readonly title: string;
            /** @description Who asked for the files, where the link or its server says so. */
            readonly asker?: string;
            readonly files: readonly components["schemas"]["ReceiptFile"][];
            readonly issued_at: number;
            /** @description 32 bytes in base64. */
            readonly public_key: string;
            /** @description The key's fingerprint. */
            readonly key: string;
            /** @description 64 bytes in base64. */
            readonly signature: string;
        };
        readonly ReceiptFile: {
            readonly path: string;
            readonly name: string;
            readonly size: number;
            readonly sha256: string;
            readonly received_at: number;
            readonly sender_name: string | null;
            readonly sender_email: string | null;
        };
        /** @description What receipts of this server are signed with. */
        readonly ReceiptKey: {
            /** @constant */
            readonly algorithm: "Ed25519";
            readonly public_key: string;
            readonly fingerprint: string;
            readonly pem: string;
        };
        /** @description A file that has arrived, as the link's owner sees it. */
        readonly ReceivedFile: {
            readonly path: string;
            readonly name: string;
            readonly size: number;
            /** @description Null until it is computed, right after the file has arrived. */
            readonly sha256: string | null;
            readonly received_at: number;
            /** @description As its sender said. */
            readonly last_modified: number | null;
            /** @description What its sender called it, where the link's rule calls it otherwise. */
            readonly sent_name: string | null;
            readonly sender_name: string | null;
            readonly sender_email: string | null;
            readonly upload_id: string;
            /** @description The id of the item that it was sent for. */
            readonly item: string | null;
            /** @description Who sent it, as `…/parties` tells them. */
            readonly party: string | null;
            /** @description By its extension alone. */
            readonly type: components["schemas"]["FileKind"];
            /** @description Null for a file that goes nowhere else. */
            readonly passed_on: components["schemas"]["PassedOn"] | null;
            /** @description In pages: the path of another file of the link with the same content; null where there is none. */
            readonly same_as?: string | null;
            /** @description With `copies`: as `…/copies/{upload_id}` tells them, up to 20. */
            readonly copies?: readonly components["schemas"]["FileCopy"][];
            /** @description With `copies`: whether further links have it. */
            readonly more_copies?: boolean;
        };
        /** @description What has come since the server started. */
        readonly ReceivedSoFar: {
            readonly files: number;
            readonly bytes: number;
        };
        /** @description A share as those who have its address see it, once they gave the password where there is one. */
        readonly ReceiversShare: {
            readonly title: string;
            /** @description Who shares; only where the owner says so. */
            readonly sharer?: string;
            /** @description Seconds; null for never. */
            readonly expires_in: number | null;
            /** @description The newest first, 500 at most. */
            readonly files: readonly components["schemas"]["SharedFile"][];
            /** @description Whether there are more files, which only the archive has. */
            readonly more: boolean;
            /** @description Whether it was downloaded as often as it may be. */
            readonly used_up: boolean;
        };
        readonly RecoveryCodes: {
            /** @description Each counts once, in place of a code. Told this once. */
            readonly recovery_codes: readonly string[];
        };
        /** @description How often each limit has sent somebody away since the server started. */
        readonly Refusals: {
            readonly places: number;
            readonly user: number;
            readonly memory: number;
        };
        /** @description A file of a pack that was not taken, and why. */
        readonly RefusedFile: {
            /** @description A sentence for a person. */
            readonly error: string;
            /** @description Stable, for programs. */
            readonly code: string;
            /** @description Each field that is not right, and why. */
            readonly fields?: {
                readonly [key: string]: string;
            };
            /** @description What was exceeded. */
            readonly limit?: number;
            /** @description The byte to go on with. */
            readonly offset?: number;
            /** @description How many bytes the file has. */
            readonly size?: number;
            /** @description Which file of a pack, counted from 1. */
            readonly file?: number;
            /** @description What the content was taken for, as a media type. */
            readonly detected?: string;
            /** @description Which types are taken. */
            readonly allowed_extensions?: readonly string[];
            /** @description By what an account is asked for beside its password. */
            readonly ways?: readonly string[];
            readonly reason?: ("places" | "user" | "memory") | components["schemas"]["WhyNone"];
            /** @description Seconds, as in `Retry-After`. */
            readonly retry_after?: number;
            /** @description How many files a receipt still waits for. */
            readonly files_left?: number;
            /** @description How many bytes have still to be read for it. */
            readonly bytes_left?: number;
            /** @description The ids of those that are to be answered first. */
            readonly questions?: readonly string[];
            readonly captcha_required?: boolean;
            readonly captcha_provider?: string;
            readonly captcha_site_key?: string | null;
            readonly status: number;
        };
        /** @description Who is being reminded, and who is not. */
        readonly RemindedReply: {
            readonly messages: readonly components["schemas"]["MessageReply"][];
            /** @description So many were reminded within the hour. */
            readonly lately: number;
            /** @description So many want no reminders. */
            readonly stopped: number;
        };
        /** @description Whom to remind. */
        readonly ReminderBody: {
            /** @description Addresses, as a list or as one text with commas; all of whom files are awaited if not said. */
            readonly to?: readonly string[] | string | null;
        };
        readonly RemovedAccount: {
            /** @description How many links were its own, which are the admin's now. */
            readonly links: number;
        };
        /** @description What a received file is to be called. */
        readonly RenameBody: {
            /** @description Its new path below the link's folder. */
            readonly path: string;
            /** @description The upload that brought it; 404 where the newest of this name is another. */
            readonly upload_id?: string | null;
        };
        readonly Renamed: {
            readonly upload_id: string;
            /** @description Numbered where another file got the name at that moment. */
            readonly path: string;
            readonly name: string;
        };
        readonly Restored: {
            readonly upload_id: string;
            /** @description Numbered where another file has the name by now. */
            readonly path: string;
        };
        readonly RestoredMany: {
            /** @description One for each, in their order. */
            readonly files: readonly (components["schemas"]["Restored"] | components["schemas"]["FileRefused"])[];
            /** @description How many at the end of the list the call did not come to. */
            readonly left: number;
        };
        /** @description A file that was found. */
        readonly Result: {
            /** @description Its id: of a link's file, that of its upload. */
            readonly document: string;
            readonly entity: string;
            /** @description The hash of the link that it came by. */
            readonly link: string | null;
            readonly path: string;
            readonly name: string;
            readonly size: number;
            readonly received_at: number;
            /** @description Name and e-mail address of who has sent it, as far as they are known. */
            readonly sender: string;
            readonly state: components["schemas"]["DocumentState"];
            /** @description Why there is no text, or not all of it, in a sentence. */
            readonly reason: string | null;
            /** @description More is better; only comparable within one answer. */
            readonly score: number;
            /** @description Up to three, the best first. */
            readonly passages: readonly components["schemas"]["Passage"][];
        };
        /** @enum {string} */
        readonly Role: "admin" | "member" | "viewer";
        /** @description One of the uploads that something comes of. */
        readonly RunningUpload: {
            readonly state: components["schemas"]["State"];
            readonly size: number;
            readonly received_bytes: number;
            readonly percent: number;
            /** @description How many gaps there are. */
            readonly missing_ranges: number;
            readonly chunk_progress: components["schemas"]["ChunkProgress"];
            readonly opened_at: number;
            readonly last_byte_at: number;
            readonly elapsed_seconds: number;
            readonly bytes_per_second: number;
            readonly chunks_per_second: number;
            readonly seconds_left: number | null;
            readonly running: boolean;
            readonly upload_id: string;
            readonly path: string;
            /** @description Since it has its place. */
            readonly seconds: number;
        };
        /** @description A bucket of S3, or of a store that speaks like it. */
        readonly S3Destination: {
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            readonly kind: "s3";
            readonly bucket: string;
            readonly prefix: string;
        };
        /**
         * @description What a key may be used for (``core/keys.py``). Each stands for itself alone, but for ``ADMIN``.
         * @enum {string}
         */
        readonly Scope: "links:read" | "links:write" | "files:read" | "files:delete" | "admin";
        readonly SearchReply: {
            readonly results: readonly components["schemas"]["Result"][];
            /** @description Leads to the next page; null where there is none. */
            readonly next_cursor: string | null;
        };
        /** @description How far an owner has seen what a link has received. */
        readonly Seen: {
            /** @description As the list told it before the files that were shown were asked for. */
            readonly files_arrived: number;
        };
        readonly SeenReply: {
            /** @description How many files are new after that. */
            readonly files_new: number;
        };
        /** @description A name for many files. */
        readonly Selected: {
            readonly id: string;
            readonly expires_at: number;
        };
        readonly Selection: {
            /** @constant */
            readonly residentKey: "required";
            /** @constant */
            readonly requireResidentKey: true;
            /** @constant */
            readonly userVerification: "required";
        };
        /** @description Who has sent how many files; both names are null of senders who are not known. */
        readonly SenderFiles: {
            readonly sender_name: string | null;
            readonly sender_email: string | null;
            readonly files: number;
            readonly last_received_at: number;
        };
        /** @description What anyone with the link may know. `max_file_size` and `allowed_extensions` are those that count after the server's own. */
        readonly SenderLink: {
            readonly hash: string;
            /** @description The path of the sender's page. */
            readonly url: string;
            /** @description The address to send to people. */
            readonly link: string;
            readonly created_at: number;
            readonly requires_password: boolean;
            /** @description Seconds; null for never. */
            readonly expires_in: number | null;
            /** @description Seconds, below 0 when files were due; null for no date. */
            readonly due_in: number | null;
            /** @description Null where files stay on this server. */
            readonly passed_on_to: components["schemas"]["TargetKind"] | null;
            /** @description What has arrived leaves no place or no room. */
            readonly full: boolean;
            /** @description Absent where a password is asked for; null for no limit. */
            readonly files_left?: number | null;
            readonly bytes_left?: number | null;
            readonly chunk_size: number;
            readonly max_parallel_chunks: number;
            readonly most_parallel_chunks: number;
            readonly pack: components["schemas"]["PackLimits"];
            /** @description Files up to this may be opened and sent in one request. */
            readonly whole_file_bytes: number;
            /** @description Where large files go straight to: scheme, host and port; null where this server takes all. */
            readonly store: string | null;
            readonly captcha_required: boolean;
            readonly captcha_provider: string;
            readonly captcha_site_key: string | null;
            /** @description Of the link's own logo, else of the server's. */
            readonly logo_url: string | null;
            /** @description Those of `accent`, in place of the page's own. */
            readonly colours: components["schemas"]["Colours"] | null;
            /** @description What the sender's page is headed with. */
            readonly title: string;
            /** @description What the sender's page says below. */
            readonly message: string;
            /** @description Who asks for the files, such as Roth & Partners; '' as the server says. */
            readonly asker: string;
            /** @description The colour of the sender's page, such as #0b6f66; '' as the server says. */
            readonly accent: string;
            /** @description Null for never. */
            readonly expires_at: number | null;
            /** @description Of one file; 0 is no limit. */
            readonly max_file_size: number;
            /** @description Of all files together; 0 is no limit. */
            readonly max_total_size: number;
            /** @description How many files; 0 is no limit. */
            readonly max_files: number;
            /** @description Without dots, in lower case; empty is all. */
            readonly allowed_extensions: readonly string[];
            /** @description When senders solve one. */
            readonly captcha: components["schemas"]["CaptchaMode"];
            /** @description Whether senders say who they are. */
            readonly ask_name: components["schemas"]["Ask"];
            /** @description Whether they give an e-mail address. */
            readonly ask_email: components["schemas"]["Ask"];
            /** @description What the link asks for, item by item. */
            readonly items: readonly components["schemas"]["ShownItem"][];
            /** @description What senders are asked to say. */
            readonly questions: readonly components["schemas"]["ShownQuestion"][];
            /** @description In which language whoever the link is for reads: mails to them, and the page until they choose another. */
            readonly recipient_language: components["schemas"]["Language"];
            /** @description Null for none. */
            readonly due_at: number | null;
            readonly allow_late: boolean;
            readonly search: boolean;
            readonly active: boolean;
        };
        readonly SenderList: {
            /** @description Who sent most comes first. */
            readonly senders: readonly components["schemas"]["SenderFiles"][];
            /** @description There are more of them than are told. */
            readonly more: boolean;
        };
        /** @description A file that its sender has sent for an item. */
        readonly SentFile: {
            readonly upload_id: string;
            readonly name: string;
            readonly size: number;
            readonly received_at: number;
        };
        readonly ServerStatus: {
            readonly disk: components["schemas"]["Disk"];
            readonly buffer_pool: components["schemas"]["BufferPool"];
            readonly destinations: components["schemas"]["Destinations"];
            readonly concurrency: components["schemas"]["Concurrency"];
            readonly memory_monitor: components["schemas"]["Memory"];
        };
        readonly SessionList: {
            readonly sessions: readonly components["schemas"]["SessionView"][];
        };
        /** @description A log-in of an account that goes on. */
        readonly SessionView: {
            readonly id: string;
            readonly account: string;
            readonly begun_at: number;
            /** @description When it was used last, to a minute or so. */
            readonly seen_at: number;
            readonly address: string;
            /** @description What the browser calls itself. */
            readonly agent: string;
            readonly expires_at: number;
            /** @description By which it was begun: `password`, `passkey`, `oidc`, `header`. */
            readonly way: string;
            /** @description Whether it is the one that asks. */
            readonly current: boolean;
        };
        /** @description One setting, and what it may be. */
        readonly SettingReply: {
            readonly name: string;
            /** @description What the environment calls it. */
            readonly variable: string;
            readonly group: components["schemas"]["Group"];
            readonly kind: components["schemas"]["Kind"];
            readonly about: string;
            readonly unit: string;
            /** @description What counts now, as one writes it; null where it has parts. */
            readonly value: string | null;
            /** @description Of a mail server; null where there is none. */
            readonly parts: components["schemas"]["MailServerReply"] | null;
            readonly default: string;
            /**
             * @description Who says so. What the `environment` says counts before what is set here, and is changed there.
             * @enum {string}
             */
            readonly source: "environment" | "page" | "default";
            /** @description Of a number. */
            readonly least: number | null;
            readonly most: number | null;
            /** @description The words that it may be; empty where it is no choice. */
            readonly choices: readonly string[];
            /** @description Whether it is a number without a fraction. */
            readonly whole: boolean;
        };
        /** @description What is to be otherwise; what is left out stays as it is. */
        readonly SettingsBody: {
            /** @description The mail server that mails go by. Null takes away what was set here. */
            readonly smtp_url?: components["schemas"]["MailServerBody"] | null;
            /** @description Whom mails come from, such as Droppr <droppr@example.org>. Null takes away what was set here. */
            readonly mail_from?: string | null;
            /** @description Addresses that are told what arrives on links which name nobody. Null takes away what was set here. */
            readonly notify_mail?: string | null;
            /** @description A mail goes when nothing more has come for so long. Null takes away what was set here. */
            readonly notify_after_seconds?: number | string | null;
            /** @description And so long after the first file at last. Null takes away what was set here. */
            readonly notify_at_most_minutes?: number | string | null;
            /** @description When owners get no mail, such as 22:00-07:00 Europe/Berlin. Null takes away what was set here. */
            readonly quiet_hours?: string | null;
            /** @description Who asks for files, where a link does not say so. Null takes away what was set here. */
            readonly brand_name?: string | null;
            /** @description The colour of senders' pages, such as #0b6f66. Null takes away what was set here. */
            readonly brand_accent?: string | null;
            /** @description Whether chats may show what a link is for that does not say so itself: yes or no. Null takes away what was set here. */
            readonly chat_preview?: string | null;
            /** @description The address that senders use, such as https://files.example.org. Null takes away what was set here. */
            readonly public_url?: string | null;
            /** @description How long a link is open that does not say so; 0 is for ever. Null takes away what was set here. */
            readonly link_expires_hours?: number | string | null;
            /** @description The largest file; 0 is no limit. Null takes away what was set here. */
            readonly upload_max_size_mb?: number | string | null;
            /** @description Which files are taken, such as jpg, png, pdf; none is all. Null takes away what was set here. */
            readonly upload_allowed_exts?: string | null;
            /** @description How many uploads one address may open, such as 600 per hour. Null takes away what was set here. */
            readonly rate_limit_uploads?: string | null;
            /** @description How long senders can take back what has arrived; 0 is not at all. Null takes away what was set here. */
            readonly undo_minutes?: number | string | null;
            /** @description Which accounts set up a second factor before anything else: off is none of them. Null takes away what was set here. */
            readonly second_factor_required?: string | null;
            /** @description Received files go so long after they arrived; 0 is for ever. Null takes away what was set here. */
            readonly keep_days?: number | string | null;
            /** @description How long a deleted file can be restored; 0 is not at all. Null takes away what was set here. */
            readonly bin_hours?: number | string | null;
            /** @description How long it is known who did what; 0 is for ever. Null takes away what was set here. */
            readonly audit_days?: number | string | null;
            /** @description How long messages that are done are known. Null takes away what was set here. */
            readonly messages_kept_days?: number | string | null;
        };
        readonly SettingsReply: {
            readonly settings: readonly components["schemas"]["SettingReply"][];
            readonly logo: components["schemas"]["LogoReply"];
        };
        readonly ShareList: {
            readonly shares: readonly components["schemas"]["OwnersShare"][];
        };
        /** @description What to set on a share: what is absent stays as it is. */
        readonly ShareTerms: {
            /** @description What receivers see above the files. */
            readonly title?: string | null;
            /** @description Who shares, as receivers are told; empty: they are told nothing. */
            readonly sharer?: string | null;
            /** @description What receivers must know; empty or null takes it away. */
            readonly password?: string | null;
            /** @description Hours from now; 0 is never. A share that is made without it: a week. */
            readonly expires_hours?: number;
            /** @description How often it can be downloaded; 0 is no limit. */
            readonly max_downloads?: number;
        };
        readonly SharedFile: {
            /** @description What the file is called in the address of its download. */
            readonly id: string;
            readonly path: string;
            readonly name: string;
            readonly size: number;
        };
        /** @description One thing that the link asks for. */
        readonly ShownItem: {
            readonly id: string;
            readonly title: string;
            readonly description: string;
            readonly required: boolean;
            /** @description How many files it takes to count as sent. */
            readonly count: number;
            /** @description The most files that it takes; 0 is any number. */
            readonly most: number;
            /** @description In place of the link's own; empty: as the link. */
            readonly extensions: readonly string[];
            /** @description A text, or the address of one. */
            readonly example: string;
        };
        /** @description One thing that the link asks senders to say. */
        readonly ShownQuestion: {
            readonly id: string;
            readonly label: string;
            readonly kind: components["schemas"]["QuestionKind"];
            readonly required: boolean;
            readonly choices: readonly string[];
        };
        /** @description The client asks how the upload stands, or gives it up. */
        readonly SocketAsk: {
            /** @enum {string} */
            readonly type: "status" | "cancel";
        };
        /** @description The upload is given up. */
        readonly SocketCancelled: {
            /** @constant */
            readonly type: "cancelled";
            readonly upload_id: string;
        };
        /** @description The file stands under its name. Then the socket is closed with 1000, unless the file goes on to `gdrive_url`. */
        readonly SocketComplete: {
            readonly upload_id: string;
            readonly complete: boolean;
            readonly received_bytes: number;
            readonly size: number;
            readonly missing_ranges: readonly (readonly [
                number,
                number
            ])[];
            /** @description There are more than are told. */
            readonly missing_ranges_truncated?: boolean;
            /** @constant */
            readonly type: "complete";
            readonly path: string;
            readonly name: string;
        };
        /** @description A binary message that does not count, with its `offset` and `length`; the socket stays. Without `length` it is about the whole upload, and the socket is closed with 1008. */
        readonly SocketError: {
            /** @description A sentence for a person. */
            readonly error: string;
            /** @description Stable, for programs. */
            readonly code: string;
            /** @description Each field that is not right, and why. */
            readonly fields?: {
                readonly [key: string]: string;
            };
            /** @description What was exceeded. */
            readonly limit?: number;
            /** @description The byte to go on with. */
            readonly offset?: number;
            /** @description How many bytes the file has. */
            readonly size?: number;
            /** @description Which file of a pack, counted from 1. */
            readonly file?: number;
            /** @description What the content was taken for, as a media type. */
            readonly detected?: string;
            /** @description Which types are taken. */
            readonly allowed_extensions?: readonly string[];
            /** @description By what an account is asked for beside its password. */
            readonly ways?: readonly string[];
            readonly reason?: ("places" | "user" | "memory") | components["schemas"]["WhyNone"];
            /** @description Seconds, as in `Retry-After`. */
            readonly retry_after?: number;
            /** @description How many files a receipt still waits for. */
            readonly files_left?: number;
            /** @description How many bytes have still to be read for it. */
            readonly bytes_left?: number;
            /** @description The ids of those that are to be answered first. */
            readonly questions?: readonly string[];
            readonly captcha_required?: boolean;
            readonly captcha_provider?: string;
            readonly captcha_site_key?: string | null;
            /** @constant */
            readonly type: "error";
            readonly length?: number;
            /** @description What `offset` is in refusals of calls: the byte to go on with. */
            readonly next_offset?: number;
        };
        /** @description How the complete file gets on to `gdrive_url`, until it is there (`done`) or somebody has to do something (`failed`). */
        readonly SocketPassingOn: {
            /** @constant */
            readonly type: "passing_on";
            readonly state: components["schemas"]["OutboxState"];
            readonly sent_bytes: number;
            readonly error: string | null;
        };
        /** @description The bytes of a binary message count. */
        readonly SocketProgress: {
            readonly upload_id: string;
            readonly complete: boolean;
            readonly received_bytes: number;
            readonly size: number;
            /** @constant */
            readonly type: "progress";
            readonly offset: number;
            readonly length: number;
        };
        /** @description The answer to `start`. */
        readonly SocketReady: {
            readonly upload_id: string;
            readonly complete: boolean;
            readonly received_bytes: number;
            readonly size: number;
            readonly missing_ranges: readonly (readonly [
                number,
                number
            ])[];
            /** @description There are more than are told. */
            readonly missing_ranges_truncated?: boolean;
            /** @constant */
            readonly type: "ready";
            /** @description The most bytes of a binary message, its offset included. */
            readonly message_size: number;
        };
        /** @description The first message of the client. Without `path` and `size` the address names an upload that was opened before. */
        readonly SocketStart: {
            /** @constant */
            readonly type: "start";
            /** @description The link's hash. */
            readonly request: string;
            readonly path?: string | null;
            readonly size?: number | null;
            readonly password?: string | null;
            readonly captcha_token?: string | null;
            /** @description The admin token, in place of password and captcha. */
            readonly token?: string | null;
            readonly last_modified?: number | null;
            readonly sha256?: string | null;
            readonly sender_name?: string | null;
            readonly sender_email?: string | null;
            /** @description What calls send as `X-Sender-Key`. */
            readonly sender_key?: string | null;
            readonly item?: string | null;
        };
        /** @description The answer to `status`. */
        readonly SocketStatus: {
            readonly upload_id: string;
            readonly complete: boolean;
            readonly received_bytes: number;
            readonly size: number;
            readonly missing_ranges: readonly (readonly [
                number,
                number
            ])[];
            /** @description There are more than are told. */
            readonly missing_ranges_truncated?: boolean;
            /** @constant */
            readonly type: "progress";
        };
        /**
         * @description The state of an upload. One that was cancelled, stopped, purged or taken back no longer exists and has none.
         * @enum {string}
         */
        readonly State: "open" | "complete" | "refused";
        /** @description How much of what a personal link asks for is there. */
        readonly Steps: {
            readonly done: number;
            /** @description What has to be sent and said; where nothing has to, all that is asked for. */
            readonly of: number;
        };
        readonly Stopped: {
            readonly cancelled: number;
            /** @description Still there: beyond what one call does, or just being delivered. */
            readonly left: number;
        };
        /**
         * @description What kind of remote it is.
         * @enum {string}
         */
        readonly TargetKind: "s3" | "drive" | "session";
        /** @description Templates that may be used, by name. */
        readonly TemplateList: {
            readonly templates: readonly components["schemas"]["TemplateView"][];
        };
        /** @description What a template is to be called. */
        readonly TemplateName: {
            /** @description Up to 100 characters. */
            readonly name: string;
        };
        /** @description What a template sets, as a link shows it. */
        readonly TemplateTerms: {
            /** @description What the sender's page is headed with. */
            readonly title: string;
            /** @description What the sender's page says below. */
            readonly message: string;
            /** @description A note for the owner alone; senders never see it. */
            readonly note: string;
            /** @description Who asks for the files, such as Roth & Partners; '' as the server says. */
            readonly asker: string;
            /** @description The colour of the sender's page, such as #0b6f66; '' as the server says. */
            readonly accent: string;
            /** @description Whether chats that the address is sent in show its title and who asks, and so learn them. */
            readonly chat_preview: components["schemas"]["ChatPreview"];
            /** @description Null for never. */
            readonly expires_at: number | null;
            /** @description A word by which the link is reached as well, such as anna for /to/anna; '' is none. */
            readonly alias: string;
            /** @description Of one file; 0 is no limit. */
            readonly max_file_size: number;
            /** @description Of all files together; 0 is no limit. */
            readonly max_total_size: number;
            /** @description How many files; 0 is no limit. */
            readonly max_files: number;
            /** @description Without dots, in lower case; empty is all. */
            readonly allowed_extensions: readonly string[];
            /** @description Null for those that the server allows. */
            readonly allowed_origins: readonly string[] | null;
            /** @description When senders solve one. */
            readonly captcha: components["schemas"]["CaptchaMode"];
            /** @description Whether senders say who they are. */
            readonly ask_name: components["schemas"]["Ask"];
            /** @description Whether they give an e-mail address. */
            readonly ask_email: components["schemas"]["Ask"];
            /** @description What the link asks for, item by item. */
            readonly items: readonly components["schemas"]["ShownItem"][];
            /** @description What senders are asked to say. */
            readonly questions: readonly components["schemas"]["ShownQuestion"][];
            /** @description For whom the link is. */
            readonly recipient_name: string;
            /** @description The e-mail address of whom the link is for. */
            readonly recipient_email: string;
            /** @description In which language whoever the link is for reads: mails to them, and the page until they choose another. */
            readonly recipient_language: components["schemas"]["Language"];
            /** @description Null for those that the server names. */
            readonly notify: readonly string[] | null;
            /** @description Null for none. */
            readonly due_at: number | null;
            readonly allow_late: boolean;
            /** @description Those after it are negative. */
            readonly reminders: readonly number[];
            readonly confirm: boolean;
            readonly destination: components["schemas"]["FolderDestination"] | components["schemas"]["S3Destination"] | components["schemas"]["DriveDestination"];
            /** @description Folders that files are sorted into as they come, such as {sender}/{date}; '' is none. */
            readonly subfolder: string;
            /** @description What files are called as they come, such as {date}-{sender}-{name}; '' is as they were sent. */
            readonly naming: string;
            /** @description In which language people are mailed about the link. */
            readonly language: components["schemas"]["Language"];
            /** @description Days after its arrival a file is deleted for good; 0 is as the server says. */
            readonly keep_days: number;
            readonly search: boolean;
            readonly active: boolean;
        };
        /** @description A template. */
        readonly TemplateView: {
            readonly id: string;
            readonly name: string;
            /** @description `account:NAME`, `team:NAME`, or `owner`: for all to use. */
            readonly owner: string;
            readonly made_at: number;
        };
        /** @description Where a test goes to: one of both, or, where neither is named, to those of `DROPPR_NOTIFY_MAIL`. */
        readonly TestBody: {
            /** @description An e-mail address. */
            readonly mail?: string | null;
            /** @description The id of an endpoint, which may be switched off. */
            readonly endpoint?: string | null;
        };
        /** @description What came of a test. */
        readonly TestedMail: {
            /** @description Whether the mail server took it. */
            readonly taken: boolean;
            /** @description What it said, or why it could not be asked. */
            readonly answer: string;
            /** @description The kind of `answer`, where it was not taken. */
            readonly reason: components["schemas"]["Reason"] | null;
            /** @description Of `answer`, what the mail server or the system said itself. */
            readonly said: string | null;
        };
        /** @description A stretch of a file's text: a page, or a hundred passages of a longer one. */
        readonly Text: {
            readonly page: number | null;
            /** @description The last page that holds text. */
            readonly last_page: number | null;
            readonly passages: readonly components["schemas"]["TextPassage"][];
            readonly previous: components["schemas"]["Place"] | null;
            readonly next: components["schemas"]["Place"] | null;
        };
        /** @description A part of a file's text, without what the one before it says already. */
        readonly TextPassage: {
            /** @description Its number in the file's text, counted from 0. */
            readonly passage: number;
            readonly text: string;
            readonly marks: readonly (readonly [
                number,
                number
            ])[];
            /** @description Whether it is of the same paragraph as the one before. */
            readonly goes_on: boolean;
        };
        /**
         * @description What is told of the state of an upload.
         * @enum {string}
         */
        readonly ToldState: "open" | "verifying" | "complete" | "refused";
        /** @description An upload as it stands. */
        readonly UploadStatus: {
            readonly missing_ranges: readonly (readonly [
                number,
                number
            ])[];
            /** @description There are more than are told. */
            readonly missing_ranges_truncated?: boolean;
            readonly upload_id: string;
            /** @description How many bytes of the file to send with one request. */
            readonly chunk_size: number;
            /** @description How many chunks of the file to send at once. */
            readonly max_parallel_chunks: number;
            /** @description Up to how many, for a client that measures what it gets. */
            readonly most_parallel_chunks: number;
            /** @description When it is given up, if nothing more comes. */
            readonly expires_at: number;
            readonly complete: boolean;
            /** @description Until when its sender may take a complete one back. */
            readonly removable_until: number | null;
            readonly received_bytes: number;
            /** @description Null where its sender puts no parts into the store. */
            readonly direct: components["schemas"]["Direct"] | null;
            readonly received_ranges: readonly (readonly [
                number,
                number
            ])[];
            /** @description There are more than are told. */
            readonly received_ranges_truncated?: boolean;
            readonly state: components["schemas"]["ToldState"];
            readonly path: string;
            readonly name: string;
            readonly size: number;
            readonly sha256: string | null;
            readonly last_modified: number | null;
            readonly sample: string | null;
        };
        /** @description Uploads of one link, by their ids. */
        readonly UploadsBody: {
            readonly uploads: readonly string[];
        };
        readonly User: {
            readonly id: string;
            readonly name: string;
            readonly displayName: string;
        };
        /**
         * @description How an endpoint is told.
         * @enum {string}
         */
        readonly Way: "webhook" | "chat" | "push";
        /** @description By what one logs in here, beside the admin token. */
        readonly WaysIn: {
            /** @description By a name and a password. */
            readonly password: boolean;
            /** @description At a provider; null where there is none. */
            readonly provider: components["schemas"]["ProviderWay"] | null;
            /** @description By what a proxy in front says; null where it says nothing. */
            readonly proxy: components["schemas"]["ProxyWay"] | null;
        };
        /** @description Who makes the call. */
        readonly WhoAmI: {
            /** @description As the audit names them: `owner`, or `account:` and a name. */
            readonly actor: string;
            /** @description The account's name; empty for whoever holds the admin token. */
            readonly name: string;
            readonly display_name: string;
            readonly email: string;
            /** @description `admin`, `member` or `viewer`. */
            readonly role: string;
            readonly teams: readonly string[];
            /** @description Whether more than looking and downloading is theirs. */
            readonly may_change: boolean;
            /** @description Whether accounts, the audit and the server's own things are. */
            readonly may_administer: boolean;
            /** @description Whether one's account has a second factor. */
            readonly second_factor: boolean;
            /** @description Whether one has to be set up before anything else. */
            readonly second_factor_required: boolean;
            /** @description Whether one's account has a password. */
            readonly has_password: boolean;
            /** @description What the key is for that was sent; null where none was. */
            readonly scopes: readonly string[] | null;
        };
        /** @description A template with what it sets. */
        readonly WholeTemplate: {
            readonly id: string;
            readonly name: string;
            /** @description `account:NAME`, `team:NAME`, or `owner`: for all to use. */
            readonly owner: string;
            readonly made_at: number;
            /** @description As a link shows them; what is of one link alone is not set. */
            readonly terms: components["schemas"]["TemplateTerms"];
        };
        /**
         * @description Why there is no picture of a file.
         * @enum {string}
         */
        readonly WhyNone: "unsupported" | "damaged" | "password" | "too_large" | "time" | "no_page" | "no_program" | "off";
        /** @description For `navigator.credentials.create()`, as `PublicKeyCredential.parseCreationOptionsFromJSON()` reads it. */
        readonly Wished: {
            readonly challenge: string;
            readonly rp: components["schemas"]["Party"];
            readonly user: components["schemas"]["User"];
            readonly pubKeyCredParams: readonly components["schemas"]["Parameters"][];
            readonly timeout: number;
            /** @constant */
            readonly attestation: "none";
            readonly excludeCredentials: readonly components["schemas"]["Descriptor"][];
            readonly authenticatorSelection: components["schemas"]["Selection"];
        };
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export type operations = Record<string, never>;
