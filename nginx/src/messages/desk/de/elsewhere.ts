import type { Words } from "../types";

export default {
  log_in_as: "Als {name} anmelden",
  log_in_with: "Mit {label} anmelden",
  or_here: "Oder hier:",
  identities: "Anmeldungen anderswo",
  identities_about: "Damit kommen Sie ohne das Passwort dieses Servers herein.",
  identity_proxy: "der Proxy davor",
  identity_used: "zuletzt benutzt {when}",
  identity_take: "Wegnehmen",
  identity_take_item: "{name} wegnehmen",
  identity_taken: "{name} öffnet dieses Konto nicht mehr.",
  identity_taken_from: "{name} öffnet das Konto {account} nicht mehr.",
  identity_taking:
    "{name} öffnet das Konto {account} dann nicht mehr, und Sitzungen, die so begonnen haben, enden.",
  identity_proxy_taking:
    "Sitzungen, die {name} über den Proxy begonnen hat, enden. Nennt er den Namen wieder, kommt {name} wieder herein: Schalten Sie das Konto ab, um das zu verhindern.",
  identity_proxy_taken: "Sitzungen, die {name} über den Proxy begonnen hat, sind beendet.",
  identity_go: "Zu {label}",
  identity_add: "{label} hinzufügen",
} satisfies Words<"elsewhere">;
