// Numbers in words people use, in English like the rest of the owner's page. Sizes count in 1024s, as file managers on most desks show them.

const UNITS = ["byte", "kilobyte", "megabyte", "gigabyte", "terabyte"] as const;

export function formatBytes(bytes: number): string {
  const power = Math.min(UNITS.length - 1, Math.max(0, Math.floor(Math.log2(Math.max(1, bytes)) / 10)));
  const value = bytes / 1024 ** power;
  const unit = UNITS[power] ?? "byte";
  const digits = power === 0 || value >= 100 ? 0 : 1;
  const unitDisplay = power === 0 ? "long" : "short";
  return number({ style: "unit", unit, unitDisplay, maximumFractionDigits: digits }).format(value);
}

export function formatSpeed(bytesPerSecond: number): string {
  return `${formatBytes(Math.round(bytesPerSecond))}/s`;
}

export function formatPercent(part: number, whole: number): string {
  // Rounded down: 100 % is said only when it is true.
  const share = whole === 0 ? 1 : Math.floor((part / whole) * 100) / 100;
  return number({ style: "percent" }).format(share);
}

/** Rounded up to what a person would say: "2 min", "1 h 20 min", "3 days". */
export function formatDuration(seconds: number): string {
  const minutes = Math.max(1, Math.ceil(seconds / 60));
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours >= 48) return `${Math.floor(hours / 24)} days`;
  return minutes % 60 === 0 ? `${hours} h` : `${hours} h ${minutes % 60} min`;
}

// Making a format costs more than using it, and lists use one for every row.
const dateFormat = new Intl.DateTimeFormat("en", { dateStyle: "long", timeStyle: "short" });
const dayFormat = new Intl.DateTimeFormat("en", { dateStyle: "medium" });

export function formatDate(milliseconds: number): string {
  return dateFormat.format(milliseconds);
}

export function formatDay(milliseconds: number): string {
  return dayFormat.format(milliseconds);
}

export function countOf(amount: number, one: string, many = `${one}s`): string {
  return `${number({}).format(amount)} ${amount === 1 ? one : many}`;
}

const formats = new Map<string, Intl.NumberFormat>();

/** Making a number format costs more than using it, and every row uses several on every frame. */
function number(options: Intl.NumberFormatOptions): Intl.NumberFormat {
  const key = JSON.stringify(options);
  const known = formats.get(key) ?? new Intl.NumberFormat("en", options);
  formats.set(key, known);
  return known;
}
