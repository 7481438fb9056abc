// What the page of settings, the tour and the first day say: all of it stands here.

/** The name of a setting, and what one has to know of it. */
export type About = readonly [label: string, hint: string];

export const WORDS = {
  title: "Settings",
  intro: "What is set here counts a second later, for everybody. Nothing is restarted.",
  elsewhere:
    "Everything else (where it listens, how much it takes at once, where files are passed on to) is set where the server is started, by environment variables.",
  back: "Links",
  logIn: "Log in",
  loggedOut: "You are not logged in. Log in to see what is set.",
  navigation: "Parts of the settings",
  accounts: "Accounts",
  save: "Save",
  saved: "Saved.",
  nothing: "Nothing has changed.",
  unsaved: "Not saved yet",
  bad: "Not saved. What is marked has to be changed first.",
  byEye: "Pick one by eye",
  setBy: "Set where the server is started, by",
  setByAfter: ". It is changed there.",
  default: (text: string) => (text === "" ? "Take away" : `Back to ${text}`),
  units: { seconds: "seconds", minutes: "minutes", hours: "hours", days: "days", MiB: "MiB" } as Record<
    string,
    string
  >,
  unitOne: { seconds: "second", minutes: "minute", hours: "hour", days: "day", MiB: "MiB" } as Record<
    string,
    string
  >,
  groups: {
    mail: ["Mail", "So that you are told what arrives, and links can be mailed from here."],
    brand: ["Who asks", "What senders see where a link says nothing of its own."],
    links: ["Links", "Where senders find them, and what they take if a link does not narrow it."],
    keeping: ["How long things are kept", "What is over is removed at night."],
  } as Record<string, About>,
  fields: {
    mail_from: [
      "Mails come from",
      "Such as Droppr <droppr@example.org>. The mail server has to let this address send.",
    ],
    notify_mail: ["Who is told what arrives", "Addresses, with commas between them. A link can name others."],
    notify_after_seconds: ["Tell when nothing more came for", ""],
    notify_at_most_minutes: [
      "However much comes, tell after",
      "A link makes no more than one mail in that time.",
    ],
    quiet_hours: [
      "Quiet hours",
      "Such as 22:00-07:00 Europe/Berlin. What comes then is told when they are over.",
    ],
    brand_name: ["Name", "Who asks for files: on senders' pages, in mails and on receipts."],
    brand_accent: ["Colour", "Such as #0b6f66. One in which texts could not be read is refused."],
    public_url: [
      "Address of this server",
      "As senders reach it, such as https://files.example.org. Mails and reminders need it.",
    ],
    link_expires_hours: ["A link is open for", "Where its maker says nothing. 0 is for ever."],
    upload_max_size_mb: ["Largest file", "0 is no limit."],
    upload_allowed_exts: ["Files that are taken", "Such as jpg, png, pdf. Empty takes all."],
    rate_limit_uploads: ["Uploads of one address", "Such as 600 per hour. Small files count together."],
    undo_minutes: ["Senders can take back for", "After a file has arrived. 0 is not at all."],
    keep_days: [
      "Received files are kept for",
      "Then they are deleted for good. 0 is for ever; a link can say otherwise.",
    ],
    bin_hours: ["Deleted files can be restored for", "0 is not at all."],
    audit_days: ["The log goes back", "Who did what. 0 is for ever."],
    messages_kept_days: ["Messages that are done are known for", ""],
  } as Record<string, About>,
  server: {
    legend: "Mail server",
    secure: "How it is secured",
    smtps: "TLS (465)",
    smtp: "STARTTLS (587)",
    plain: "Not at all (25)",
    host: "Server",
    port: "Port",
    portHint: "Empty: the usual one.",
    user: "User",
    userHint: "Empty where it asks for none.",
    password: "Password",
    isSet: "A password is set. It is shown to nobody.",
    none: "None is set.",
    replace: "Replace",
    remove: "Remove",
    keep: "Keep the one that is set",
    removed: "It is removed with the next Save.",
    forget: "Use no mail server",
    forgotten: "The mail server is taken away with the next Save.",
    useAgain: "Keep it",
  },
  test: {
    title: "Send yourself a test",
    to: "To",
    send: "Send a test mail",
    hint: "It goes by what stands above, saved or not.",
    going: "Asking the mail server…",
    taken: "The mail server took it. Look into your mailbox, and into its spam.",
    refused: "It was not taken:",
  },
  logo: {
    label: "Logo",
    hint: "PNG, JPEG, WebP or SVG, up to 256 KiB. A link can have its own.",
    alt: "The logo that senders see",
    choose: "Choose a picture",
    remove: "Remove",
    none: "None is shown.",
    saved: "The logo is shown now.",
    removed: "The logo is removed.",
    tooLarge: "This picture has more than 256 KiB. Take a smaller one.",
  },
  firstDay: {
    noMail: "Mail is not set up: nobody is told what arrives.",
    setUp: "Set it up",
    notNow: "Not now",
    noAddress: "This server does not know its own address: mails and reminders cannot name it.",
    tour: "Show me around",
    newHere: "New here? Five short steps show what is where.",
  },
  tour: {
    label: "A look around",
    step: (at: number, of: number) => `Step ${at} of ${of}`,
    next: "Next",
    back: "Back",
    leave: "Leave",
    done: "Done",
    steps: [
      [
        "open-panel",
        "Make a link",
        "“New link” makes one. Say what you ask for and in which folder it lands; everything else can stay as it is.",
      ],
      [
        "linking",
        "Send it",
        "The link has an address. Copy it, mail it from here or show its QR code. Whoever has it can send files, and needs no account.",
      ],
      [
        "linking",
        "See who has sent",
        "A link that has something new is marked here, with who sent last and when. New files stand above, until you have looked at them.",
      ],
      [
        "linking",
        "Take the files",
        "The page of a link has its files: look at them, download one, or all as one archive. On the server they lie in the link's folder.",
      ],
      [
        "to-settings",
        "Set it up",
        "Mail, your name and logo, and how long things are kept stand in the settings. “Log” beside it tells who did what.",
      ],
    ] as readonly (readonly [target: string, title: string, text: string])[],
  },
  send: {
    send: "Send it",
    subject: (name: string) => `Files for: ${name}`,
    text: (address: string) =>
      `You are asked for files. Open this address, choose them and send them; you need no account.\n\n${address}\n`,
  },
} as const;
