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
};
