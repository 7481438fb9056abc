// Logging in without a password of this server, and as whom one's account is known elsewhere.

export default {
  log_in_as: "Log in as {name}",
  log_in_with: "Log in with {label}",
  or_here: "Or here:",
  identities: "Log-ins elsewhere",
  identities_about: "By these you come in without the password of this server.",
  identity_proxy: "the proxy in front",
  identity_used: "last used {when}",
  identity_take: "Take away",
  identity_take_item: "Take away {name}",
  identity_taken: "{name} opens this account no more.",
  identity_taken_from: "{name} opens the account {account} no more.",
  identity_taking: "{name} then opens the account {account} no more, and sessions that began that way end.",
  identity_proxy_taking:
    "Sessions that {name} began by the proxy end. Its next word lets {name} in again: to keep them out, switch the account off.",
  identity_proxy_taken: "Sessions that {name} began by the proxy have ended.",
  identity_go: "Go to {label}",
  identity_add: "Add {label}",
};
