// The second factor of one's account.

export default {
  factor_title: "Second factor",
  factor_about:
    "With it, logging in asks for a code of an authenticator app on your phone beside the password.",
  factor_required: "This server asks everybody for one. Set it up, and go on.",
  factor_password: "Your password",
  factor_begin: "Set it up",
  factor_scan: "Scan this with the app, or type the text below into it.",
  factor_qr: "QR code for the authenticator app",
  factor_secret: "Text for the app",
  factor_code: "Code that the app shows",
  factor_confirm: "Switch it on",
  factor_codes:
    "It is on. Write these recovery codes down: each lets you in once, without the app. They are shown only now.",
  factor_list: "Recovery codes",
  factor_copy: "Copy the codes",
  factor_done: "I have written them down",
  factor_on: "It is on. Recovery codes left: {left}.",
  factor_off: "Switch it off",
  factor_off_code: "Code of the app, or a recovery code",
  factor_is_off: "The second factor is off.",
  passkeys: "Passkeys",
  passkeys_about:
    "With a passkey you log in by a finger, your face or a PIN, without name and password. The password alone then opens your account no more, so add two, or set up an app above.",
  passkeys_nowhere: "None can be added here.",
  passkeys_not_here:
    "This browser has no passkeys at this address. Open the page at its https address with a name.",
  passkey_add: "Add a passkey",
  passkey_name: "Name of the passkey",
  passkey_name_hint: "Where it is kept, such as: phone, laptop, key ring.",
  passkey_added: "The passkey {name} is added.",
  passkey_made: "made on {date}",
  passkey_used: "used {when}",
  passkey_unused: "not used yet",
  passkey_remove: "Remove {name}",
  passkey_removing:
    "Nobody can log in by it any more then. Where it was the only second factor, the password alone is enough again. Your other sessions end: this browser stays logged in.",
  passkey_remove_yes: "Remove it",
  passkey_removed: "The passkey {name} is removed.",
};
