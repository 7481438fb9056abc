import type { Words } from "../types";

export default {
  log_in_as: "Zaloguj jako {name}",
  log_in_with: "Zaloguj przez {label}",
  or_here: "Albo tutaj:",
  identities: "Logowania gdzie indziej",
  identities_about: "Wpuszczają Cię bez hasła tego serwera.",
  identity_proxy: "serwer pośredniczący",
  identity_used: "ostatnio użyte {when}",
  identity_take: "Usuń",
  identity_take_item: "Usuń {name}",
  identity_taken: "{name} nie otwiera już tego konta.",
  identity_taken_from: "{name} nie otwiera już konta {account}.",
  identity_taking: "{name} nie otworzy już konta {account}, a sesje rozpoczęte w ten sposób się zakończą.",
  identity_proxy_taking:
    "Sesje, które {name} rozpoczął przez serwer pośredniczący, się zakończą. Gdy znów poda on tę nazwę, {name} wejdzie ponownie: aby temu zapobiec, wyłącz konto.",
  identity_proxy_taken: "Sesje, które {name} rozpoczął przez serwer pośredniczący, zostały zakończone.",
  identity_go: "Przejdź do {label}",
  identity_add: "Dodaj {label}",
} satisfies Words<"elsewhere">;
