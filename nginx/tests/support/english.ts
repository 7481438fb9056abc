// The owner's pages speak English in tests, unless one says otherwise.

import { speak } from "../../src/admin/i18n";

await speak(
  "en",
  "accounts",
  "audit",
  "checklist",
  "common",
  "desk",
  "document",
  "factor",
  "keys",
  "link",
  "looks",
  "people",
  "push",
  "settings",
  "sharing",
  "terms",
  "tour",
);
