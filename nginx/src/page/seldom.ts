// What is said of few links: when files are due, and that they go further or are searched. Loaded where that is so.

import type { LinkInfo } from "../core/wire";
import { make, need, setHidden, setText } from "./dom";
import { formatDate } from "./format";
import { currentLanguage, currentLocale, type Language, t } from "./i18n";

interface Words {
  readonly due: string;
  readonly late: string;
  /** Why nothing can be sent. */
  readonly over: string;
  readonly passed: string;
  readonly store: string;
  readonly search: string;
}

const WORDS: Readonly<Record<Language, Words>> = {
  ar: {
    due: "موعد التسليم: {date}",
    late: "متأخر بمقدار {time}",
    over: "انتهى موعد التسليم، ولا يقبل هذا الرابط ملفات متأخرة. اطلب مزيدًا من الوقت ممن أرسله إليك.",
    store: "تذهب ملفاتك إلى هذا الخادم، والكبيرة منها مباشرة إلى مخزنه {host}.",
    passed: "تذهب ملفاتك إلى هذا الخادم، وهو يمرّرها إلى {place}.",
    search: "تُفهرَس النصوص في ملفاتك كي يتمكّن مستلمها من البحث فيها.",
  },
  de: {
    due: "Fällig am {date}",
    late: "{time} zu spät",
    over: "Die Dateien waren fällig, und dieser Link nimmt keine verspäteten an. Bitten Sie die Person, die Ihnen den Link geschickt hat, um mehr Zeit.",
    store: "Ihre Dateien gehen an diesen Server, große direkt in seinen Speicher {host}.",
    passed: "Ihre Dateien gehen an diesen Server, der sie an {place} weitergibt.",
    search: "Texte in Ihren Dateien werden erfasst, damit der Empfänger sie durchsuchen kann.",
  },
  en: {
    due: "Due {date}",
    late: "{time} late",
    over: "The files were due, and this link takes no late ones. Ask the person who sent you the link for more time.",
    store: "Your files go to this server, large ones straight into its store {host}.",
    passed: "Your files go to this server, which passes them on to {place}.",
    search: "Texts in your files are indexed, so that whoever receives them can search them.",
  },
  es: {
    due: "Para el {date}",
    late: "{time} de retraso",
    over: "El plazo de los archivos ha vencido y este enlace no acepta envíos con retraso. Pida más tiempo a quien le envió el enlace.",
    store: "Sus archivos van a este servidor, los grandes directamente a su almacén {host}.",
    passed: "Sus archivos van a este servidor, que los entrega a {place}.",
    search: "Los textos de sus archivos se indexan para que quien los recibe pueda buscar en ellos.",
  },
  fr: {
    due: "À envoyer avant le {date}",
    late: "{time} de retard",
    over: "La date limite est passée et ce lien n’accepte pas de fichiers en retard. Demandez plus de temps à la personne qui vous a envoyé le lien.",
    store: "Vos fichiers vont à ce serveur, les gros directement dans son espace de stockage {host}.",
    passed: "Vos fichiers vont à ce serveur, qui les transmet à {place}.",
    search:
      "Les textes de vos fichiers sont indexés pour que leur destinataire puisse y faire des recherches.",
  },
  ja: {
    due: "期限: {date}",
    late: "{time}の遅れ",
    over: "期限を過ぎており、このリンクは遅れたファイルを受け付けません。リンクを送ってくれた方に、期限の延長を相談してください。",
    store: "ファイルはこのサーバーに送られ、大きなものはそのストレージ {host} に直接送られます。",
    passed: "ファイルはこのサーバーに送られ、そこから {place} に渡されます。",
    search: "受け取る人が検索できるように、ファイル内の文章は索引に登録されます。",
  },
  pl: {
    due: "Termin: {date}",
    late: "spóźnienie: {time}",
    over: "Termin minął, a ten link nie przyjmuje spóźnionych plików. Poproś osobę, która przysłała link, o więcej czasu.",
    store: "Twoje pliki trafiają na ten serwer, duże prosto do jego magazynu {host}.",
    passed: "Twoje pliki trafiają na ten serwer, który przekazuje je do {place}.",
    search: "Teksty w Twoich plikach są indeksowane, aby odbiorca mógł je przeszukiwać.",
  },
};

const PLACES: Readonly<Record<string, string>> = { s3: "S3", drive: "Google Drive" };

export function paintSeldom(info: LinkInfo, now = Date.now()): void {
  const words = WORDS[currentLanguage()];
  const { passedOnTo, search, store } = info;
  if (passedOnTo !== null || search || store !== null) {
    const passed = words.passed.replace("{place}", PLACES[passedOnTo ?? ""] ?? passedOnTo ?? "");
    const where = passedOnTo !== null ? passed : store === null && t("foot");
    const foot = need("foot");
    const straight = store && words.store.replace("{host}", store.replace(/^https?:\/\//, ""));
    setText(foot, [where, straight, search && words.search].filter(Boolean).join(" "));
    setHidden(foot, false);
  }
  showDue(info, words, now);
}

/** Says it below the message; `dueIn` is seconds from now, after the date below 0. */
function showDue({ dueIn, full }: LinkInfo, words: Words, now: number): void {
  if (dueIn === null) return;
  const isLate = dueIn <= 0;
  const place = document.getElementById("due") ?? make("p");
  place.id = "due";
  place.className = isLate && !full ? "notice warn" : "";
  place.dir = "auto";
  const late = isLate ? ` · ${words.late.replace("{time}", durationText(-dueIn))}` : "";
  const text = words.due.replace("{date}", dateText(now + dueIn * 1_000, now)) + late;
  place.replaceChildren(make("strong", { text }));
  need("message").after(place);
  if (!isLate || !full) return;
  setText(need("full"), words.over);
  setHidden(need("full"), false);
}

/** "2 days", "30 hours", in whole words and never more than it is. */
function durationText(seconds: number): string {
  const minutes = Math.max(1, Math.floor(seconds / 60));
  const [unit, value] =
    minutes >= 2 * 1_440
      ? ["day", minutes / 1_440]
      : minutes >= 60
        ? ["hour", minutes / 60]
        : ["minute", minutes];
  const format = { style: "unit", unit: String(unit), unitDisplay: "long" } as const;
  return new Intl.NumberFormat(currentLocale(), format).format(Math.floor(Number(value)));
}

/** "Friday, July 3, 6:00 PM", by the clock of whoever reads it. */
function dateText(at: number, now: number): string {
  if (new Date(at).getFullYear() !== new Date(now).getFullYear()) return formatDate(at);
  return new Intl.DateTimeFormat(currentLocale(), {
    weekday: "long",
    day: "numeric",
    month: "long",
    hour: "numeric",
    minute: "2-digit",
  }).format(at);
}
